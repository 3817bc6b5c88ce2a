"""Finding data on this machine, and fetching what is not there."""

import hashlib
import math
import os
import pathlib
import tempfile
import urllib.request
import zipfile
import zlib

import numpy as np

from ... import _core

# Bytes of a downloaded file, and of an unpacked array.
DOWNLOAD_LIMIT = 1 << 26
ARRAY_LIMIT = 1 << 30

MNIST_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def holds_mnist_files(folder):
    """Whether the four IDX files are there, packed or not."""
    return all(
        (folder / name).exists() or (folder / name.removesuffix(".gz")).exists()
        for name in MNIST_FILES
    )


def cache_folder():
    """Where Keras keeps its downloads, and Tegula too."""
    home = os.environ.get("KERAS_HOME")
    return (pathlib.Path(home) if home else pathlib.Path.home() / ".keras") / "datasets"


def data_folders(name):
    """Folders that may hold the data set: $TEGULA_DATA_DIR, what is installed with the package, the
    example's data beside the sources, what Debian's packages of data sets install, the cache.
    """
    given = os.environ.get("TEGULA_DATA_DIR")
    if given:
        yield pathlib.Path(given) / name
        yield pathlib.Path(given)
    package = pathlib.Path(_core.__file__).parent
    yield package / "_data" / name
    if name == "mnist":
        for parent in (package, pathlib.Path(__file__).resolve().parents[2]):
            yield parent.parent.parent / "examples" / "mnist" / "data"
    yield pathlib.Path("/usr/share/datasets") / name
    yield cache_folder() / name


def download(url, path, algorithm, digest):
    """Fetches a file once, checks it, and puts it into place only when it is right. RuntimeError
    when it cannot be had, is longer than DOWNLOAD_LIMIT or has another sum.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name + ".", delete=False) as part:
        try:
            with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310 - fixed URLs
                actual = _copied(response, part, hashlib.new(algorithm), url)
            if actual != digest:
                raise RuntimeError(f"{url} has the {algorithm} sum {actual}; expected {digest}")
            part.close()
            os.chmod(part.name, 0o644)
            os.replace(part.name, path)
        except OSError as error:
            os.unlink(part.name)
            raise RuntimeError(
                f"{path.name} is not on this machine and cannot be downloaded from {url}: {error}. "
                f"Put it into {path.parent}, or name its folder in TEGULA_DATA_DIR"
            ) from error
        except BaseException:
            os.unlink(part.name)
            raise


def _copied(response, file, digest, url):
    """Copies what is there, and returns its sum."""
    size = 0
    while chunk := response.read(1 << 20):
        size += len(chunk)
        if size > DOWNLOAD_LIMIT:
            raise RuntimeError(f"{url} is longer than {DOWNLOAD_LIMIT} bytes")
        digest.update(chunk)
        file.write(chunk)
    return digest.hexdigest()


def npz_arrays(path, names):
    """The arrays of these names in an .npz file. FormatError when one is missing, damaged, holds
    objects, or is not of the size that it declares.
    """
    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return [_npy_array(archive, name + ".npy") for name in names]
        except (zipfile.BadZipFile, zlib.error, LookupError, ValueError, EOFError,
                RuntimeError, OSError) as error:
            raise _core.FormatError(f'"{path}" is no usable .npz file: {error}') from error


def _npy_array(archive, name):
    size = archive.getinfo(name).file_size
    if size > ARRAY_LIMIT:
        raise ValueError(f"{name} declares {size} bytes, more than the limit of {ARRAY_LIMIT}")
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, by_columns, dtype = read[version](file)
        declared = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or declared != size - file.tell():
            raise ValueError(
                f"{name} declares {dtype.name} of shape {shape}, but holds {size - file.tell()} bytes"
            )
        array = np.frombuffer(bytearray(file.read()), dtype)
    return array.reshape(shape, order="F" if by_columns else "C")
