"""Where the programs in C++ are built."""

import pathlib

ROOT = pathlib.Path(__file__).parents[3]


def command(name, preset="release"):
    return [str(ROOT / "build" / preset / "bench" / "compare" / "cpp" / f"compare_{name}")]
