"""The kinds of work, one per file.

A file states `TITLE`, `cases(quick)`, which gives its rows as `Case`s, and, where rows evaluate
expressions, `EXPRESSIONS`: name to function of (xp, arrays…), where `xp` offers the functions of
peers/_namespace.py. Where rows have networks, it states `NETWORKS`: name to function as networks.py
tells. It may state `NOTE`, a paragraph for the report, `REFERENCE`, the contender that
ratios are relative to, and `bars(results)`.
"""

import importlib
import pathlib


def names():
    return sorted(p.stem for p in pathlib.Path(__file__).parent.glob("[a-z]*.py"))


def load(name):
    return importlib.import_module(f"compare.works.{name}")
