"""Reading and fetching of data sets: what is damaged, too long or not what it declares is refused."""

import hashlib
import http.server
import io
import threading
import zipfile

import numpy as np
import pytest
from tegula import errors, keras
from tegula.keras.datasets import _files

ARRAYS = {
    "x_train": np.arange(2 * 4, dtype="uint8").reshape(2, 2, 2),
    "y_train": np.array([1, 2], "uint8"),
    "x_test": np.asfortranarray(np.arange(4, dtype="uint8").reshape(1, 2, 2)),
    "y_test": np.array([3], "uint8"),
}


def npy(array, shape=None):
    """The array as a file, which declares the given shape instead of its own."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file,
        {
            "descr": np.lib.format.dtype_to_descr(array.dtype),
            "fortran_order": False,
            "shape": array.shape if shape is None else shape,
        },
    )
    return file.getvalue() + array.tobytes()


def write(path, **members):
    """An .npz file of ARRAYS, in which these members are the given bytes; None: left out."""
    np.savez(path, **ARRAYS)
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content |= {name + ".npy": text for name, text in members.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            if text is not None:
                archive.writestr(name, text)


@pytest.mark.parametrize("name", ["some.npz", "packed.npz"])
def test_an_npz_file_gives_the_arrays_that_were_saved(tmp_path, name):
    if name == "packed.npz":
        np.savez_compressed(tmp_path / name, **ARRAYS)
    else:
        np.savez(tmp_path / name, **ARRAYS)
    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data(tmp_path / name)
    for got, expected in zip((x_train, y_train, x_test, y_test), ARRAYS.values()):
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == expected.dtype and got.flags.writeable


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"x_test": None}, "no item named 'x_test.npy'"),
        ({"x_test": npy(ARRAYS["x_test"], (1 << 40,))}, "declares uint8 of shape"),
        ({"x_test": npy(ARRAYS["x_test"], (1, 2, 1))}, "declares uint8 of shape"),
        ({"x_test": npy(np.array([object()]))}, "."),
        ({"x_test": b"no array at all"}, "magic"),
        ({"x_test": b""}, "."),
    ],
)
def test_an_npz_file_that_is_not_what_it_declares_is_refused(tmp_path, members, problem):
    write(tmp_path / "bad.npz", **members)
    with pytest.raises(errors.FormatError, match=f"bad.npz.*{problem}"):
        keras.datasets.mnist.load_data(tmp_path / "bad.npz")


def test_an_npz_file_that_unpacks_to_more_than_the_limit_is_refused_before_it_is_unpacked(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(_files, "ARRAY_LIMIT", 1000)
    write(tmp_path / "big.npz", x_test=npy(np.zeros(2000, "uint8")))
    with pytest.raises(errors.FormatError, match="more than the limit of 1000"):
        keras.datasets.mnist.load_data(tmp_path / "big.npz")


def test_a_truncated_or_damaged_npz_file_is_refused_within_the_family(tmp_path):
    write(tmp_path / "whole.npz")
    whole = (tmp_path / "whole.npz").read_bytes()
    damaged = [whole[:length] for length in range(0, len(whole), 7)]
    damaged += [whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :] for at in range(len(whole))]
    refused = 0
    for content in damaged:
        (tmp_path / "bad.npz").write_bytes(content)
        try:
            keras.datasets.mnist.load_data(tmp_path / "bad.npz")
        except errors.FormatError:
            refused += 1
    assert refused > len(damaged) // 3  # a bit of a date or of an array nobody reads may be any


@pytest.fixture
def server():
    content = {"/good": b"good" * 1000, "/long": b"long" * 2000}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802 - the library's name
            body = content.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


GOOD = hashlib.sha256(b"good" * 1000).hexdigest()


def test_a_download_is_put_in_place_whole(tmp_path, server):
    _files.download(server + "/good", tmp_path / "new" / "file", "sha256", GOOD)
    assert (tmp_path / "new" / "file").read_bytes() == b"good" * 1000
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("name", "digest", "problem"),
    [
        ("/long", GOOD, "longer than 5000 bytes"),
        ("/good", "0" * 64, "has the sha256 sum"),
        ("/none", GOOD, "cannot be downloaded"),
    ],
)
def test_a_download_that_fails_leaves_nothing_and_what_was_there(
    tmp_path, server, monkeypatch, name, digest, problem
):
    monkeypatch.setattr(_files, "DOWNLOAD_LIMIT", 5000)
    (tmp_path / "file").write_text("old")
    with pytest.raises(RuntimeError, match=problem):
        _files.download(server + name, tmp_path / "file", "sha256", digest)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "old"
