"""One virtual environment per peer, made from requirements/*.txt."""

import os
import pathlib
import shutil
import subprocess
import sys

from .processes import BUILD, python_of

REQUIREMENTS = pathlib.Path(__file__).parent / "requirements"


def make(name, say):
    """Whether the environment is there, made now if need be. Its stamp is the list that it was made
    from.
    """
    folder, wanted = BUILD / "env" / name, REQUIREMENTS / f"{name}.txt"
    stamp = folder / "requirements.txt"
    if stamp.exists() and stamp.read_bytes() == wanted.read_bytes():
        return True
    say(f"making the environment of {name}")
    log = BUILD / "logs" / f"pip-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w") as output:
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [
                python_of(name),
                "-m",
                "pip",
                "install",
                "--disable-pip-version-check",
                "-r",
                str(wanted),
            ],
        ):
            if subprocess.run(command, stdout=output, stderr=output).returncode:
                say(f"  failed, so the peers in it are left out; {log} says why")
                return False
    shutil.copy(wanted, stamp)
    return True


def ready(modules, say):
    """The peers among `modules` that can run."""
    kept, made = {}, {}
    for name, module in modules.items():
        if hasattr(module, "COMMAND"):
            if os.access(module.COMMAND[0], os.X_OK):
                kept[name] = module
            else:
                say(f"{name} is left out: {module.COMMAND[0]} was not built")
            continue
        environment = module.ENVIRONMENT
        if environment not in made:
            made[environment] = make(environment, say)
        if made[environment]:
            kept[name] = module
    return kept


if __name__ == "__main__":
    sys.exit(not all([make(name, print) for name in sys.argv[1:]]))
