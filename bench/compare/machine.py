"""What a report says about where and with what it was made."""

import json
import os
import pathlib
import re
import subprocess

from .processes import ROOT, python_of


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    name = re.search(r"model name\s*:\s*(.+)", text)
    flags = set(re.search(r"flags\s*:\s*(.+)", text)[1].split())
    widest = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "no AVX2"
    cores = len(os.sched_getaffinity(0))
    return f"{name[1] if name else 'unknown'} ({cores} cores, {widest}{_caches()})"


def _caches():
    folder = pathlib.Path("/sys/devices/system/cpu/cpu0/cache")
    parts = []
    for index in sorted(folder.glob("index*")):
        level, kind = (index / "level").read_text().strip(), (index / "type").read_text().strip()
        if kind != "Instruction":
            parts.append(f"L{level} {(index / 'size').read_text().strip()}")
    return "".join(f", {part}" for part in parts)


def revision():
    """The commit, and whether the tree differs from it."""
    git = ["git", "-C", str(ROOT)]
    found = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    changed = subprocess.run(
        [*git, "status", "--porcelain", "-uno"], capture_output=True, text=True
    )
    if found.returncode:
        return "unknown"
    return found.stdout.strip() + (" and changes" if changed.stdout.strip() else "")


def versions(modules):
    """Package to version, over the environments of these peers."""
    found = {}
    for name, module in modules.items():
        if not hasattr(module, "PACKAGES"):
            continue
        code = (
            "import importlib.metadata as m, json; "
            f"print(json.dumps({{p: m.version(p) for p in {tuple(module.PACKAGES)!r}}}))"
        )
        ended = subprocess.run(
            [python_of(module.ENVIRONMENT), "-c", code], capture_output=True, text=True
        )
        if not ended.returncode:
            found.update(json.loads(ended.stdout))
    return found
