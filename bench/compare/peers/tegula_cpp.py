"""Tegula from C++."""

from ._program import command

TITLE = "Tegula C++"
COMMAND = command("tegula")
NEEDS_GRAPH = True
MODES = {
    "expression": ("run_into",),
    "gemm": ("run_into",),
    "epoch": ("fit",),
    "step": ("run_into",),
    "inference": ("run_into", "call"),
    "plan": ("",),
    "chain_plan": ("",),
    "chain_plan_unfused": ("",),
    "chain_run": ("",),
}
