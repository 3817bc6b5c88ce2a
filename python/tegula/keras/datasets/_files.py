"""Finding data on this machine, and fetching what is not there."""

import hashlib
import os
import pathlib
import urllib.request

from ... import _core

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
    example's data beside the sources, the cache.
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
    yield cache_folder() / name


def download(url, path, algorithm, digest):
    """Fetches a file once, checks it, and puts it into place only when it is right."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310 - fixed https URLs
            content = response.read()
    except OSError as error:
        raise RuntimeError(
            f"{path.name} is not on this machine and cannot be downloaded from {url}: {error}. Put "
            f"it into {path.parent}, or name its folder in TEGULA_DATA_DIR"
        ) from error
    actual = hashlib.new(algorithm, content).hexdigest()
    if actual != digest:
        raise RuntimeError(f"{url} has the {algorithm} sum {actual}; expected {digest}")
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    partial.replace(path)
