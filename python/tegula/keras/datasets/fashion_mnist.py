"""Fashion-MNIST: 70,000 pictures of clothing in MNIST's format."""

from ... import _core
from ..._missing import getattr_of as _getattr_of
from . import _files

__getattr__ = _getattr_of(__name__)

_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}


def load_data():
    """((x_train, y_train), (x_test, y_test)): uint8 images [n, 28, 28] and labels [n]. Looked for
    in $TEGULA_DATA_DIR/fashion-mnist, where Debian's package dataset-fashion-mnist puts them, and in
    ~/.keras/datasets/fashion-mnist, else downloaded.
    """
    folders = [f for f in _files.data_folders("fashion-mnist") if f.name == "fashion-mnist"]
    for folder in folders:
        if _files.holds_mnist_files(folder):
            return _core.nn.mnist(str(folder))
    folder = _files.cache_folder() / "fashion-mnist"
    for name, digest in _MD5.items():
        if not (folder / name).exists():
            _files.download(_URL + name, folder / name, "md5", digest)
    return _core.nn.mnist(str(folder))
