"""Print the prefix into which the package onednn-devel-cpu-gomp was installed, if it was."""

from importlib import metadata

try:
    files = metadata.files("onednn-devel-cpu-gomp") or []
except metadata.PackageNotFoundError:
    files = []
for file in files:
    if file.name == "dnnl-config.cmake":
        # <prefix>/lib/cmake/dnnl/dnnl-config.cmake
        print(file.locate().resolve().parents[3].as_posix())
        break
