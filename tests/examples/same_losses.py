"""Check that programs print the same training figures for the same seed.

Usage: same_losses.py PROGRAM PROGRAM...; a .py file is run with this interpreter.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

DATA = Path(__file__).parents[2] / "examples" / "mnist" / "data"
EPOCHS = 2


def figures(program: str) -> list[str]:
    """The metrics of each epoch, as printed."""
    command = [program, "--epochs", str(EPOCHS), "--seed", "3"]
    if program.endswith(".py"):
        command.insert(0, sys.executable)
    else:
        command += ["--data", str(DATA)]
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    found = re.findall(r"accuracy: \S+ - loss: \S+ - val_accuracy: \S+ - val_loss: \S+", run.stdout)
    if len(found) != EPOCHS:
        sys.exit(f"{program} printed no figures of {EPOCHS} epochs:\n{run.stdout}")
    return found


def main() -> None:
    programs = sys.argv[1:]
    printed = {program: figures(str(Path(program).resolve())) for program in programs}
    for program, lines in printed.items():
        print(program, *lines, sep="\n  ")
    if len(set(map(tuple, printed.values()))) != 1 or len(programs) < 2:
        sys.exit("the programs do not agree")


if __name__ == "__main__":
    main()
