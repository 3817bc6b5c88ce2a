"""Check that #include lines follow the one-way flow between the rooms of the source tree.

Usage: check_layers.py [ROOT]. Prints one line per violation and exits with 1 if there is any.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# Room -> rooms that it may include besides itself (docs/architecture.md explains the flow).
MAY_USE = {
    "core": set(),
    "graph": {"core"},
    "ops": {"core", "graph"},
    "passes": {"core", "graph"},
    "runtime": {"core", "graph", "passes"},
    "kernels": {"core"},
    "backend": {"core", "graph", "ops", "passes", "runtime", "kernels"},
    "data": {"core"},
    "nn": {"core", "graph", "passes", "runtime", "data"},
    "io": {"core", "graph", "passes", "runtime", "data", "nn"},
}

UMBRELLA = "tegula/tegula.hpp"
# Code that is written like an application: only <tegula/...> of ours.
APPLICATIONS = ("examples", "python/src", "tests/consumer")
# Users of the installed library have none of these headers.
PRIVATE_HEADERS = re.compile(r"(Eigen/|hwy/|xbyak/|nlohmann/|zlib\.h|omp\.h|pybind11/)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path: str) -> str | None:
    """Room of a path relative to the root, or None for a path that belongs to no room."""
    found = re.match(r"(?:include/tegula|src)/(\w+)(?:/|\.hpp$)", path)
    if found:
        return found.group(1)
    return "kernels" if path.startswith("kernels/") else None


def resolve(header: str, quoted: bool, includer: Path, root: Path) -> str | None:
    """Path, relative to the root, of one of our headers; None for a header of somebody else."""
    if header.startswith("tegula/"):
        return f"include/{header}"
    if header.startswith(("src/", "kernels/", "tests/", "bench/")):
        return header
    beside = includer.parent / header
    if quoted and beside.exists():
        return beside.resolve().relative_to(root).as_posix()
    return None


def problem_with(includer: str, header: str, target: str | None) -> str | None:
    """What is wrong with `includer` including `header`, which resolves to `target`."""
    if includer.startswith(APPLICATIONS):
        private = target and not target.startswith(("include/", *APPLICATIONS))
        return f"an application may include only <tegula/...>, not {header}" if private else None
    if includer.startswith("include/") and PRIVATE_HEADERS.match(header):
        return f"a public header may not include {header}, which users need not have"
    room = room_of(includer)
    if room is None or target is None or includer == f"include/{UMBRELLA}":
        return None
    if target == f"include/{UMBRELLA}":
        return f"{room} may not include {UMBRELLA}, which is for applications"
    if includer.startswith("include/") and not target.startswith("include/"):
        return f"a public header may not include {header}, which is not installed"
    target_room = room_of(target)
    if room not in MAY_USE or target_room not in MAY_USE:
        unknown = room if room not in MAY_USE else target_room or target
        return f"'{unknown}' is no known room; name it in scripts/check_layers.py"
    if target_room != room and target_room not in MAY_USE[room]:
        return f"{room} may not include {header}: {target_room} is not below it"
    return None


def violations(root: Path) -> list[str]:
    """All violations under `root`, each as `file:line: text`."""
    root = root.resolve()
    found = []
    folders = ("include", "src", "kernels", *APPLICATIONS)
    files = [f for folder in folders for f in sorted((root / folder).rglob("*.[ch]pp"))]
    for file in files:
        includer = file.relative_to(root).as_posix()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            match = INCLUDE.match(line)
            if not match:
                continue
            header = match.group(2)
            target = resolve(header, match.group(1) == '"', file, root)
            problem = problem_with(includer, header, target)
            if problem:
                found.append(f"{includer}:{number}: {problem}")
    return found


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    found = violations(root)
    for line in found:
        print(line)
    print(f"layers: {len(found)} violation(s)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
