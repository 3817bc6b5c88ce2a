"""The fenced code blocks of the guides, and what their first line says about them.

    ```cpp run          statements; those of one guide are one function, in order
    ```cpp run outer    declarations outside of that function; a `main` is called in its turn
    ```python run       statements; those of one guide are one script, in order
    ```cpp from PATH    a part of the file PATH, word for word
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Block:
    language: str
    words: tuple[str, ...]  # what follows the language
    line: int  # of the first line of code, counted from 1
    code: str

    @property
    def runs(self) -> bool:
        return self.words[:1] == ("run",)

    @property
    def source(self) -> str | None:
        """The file that the block is a part of, or None."""
        return self.words[1] if self.words[:1] == ("from",) else None


def blocks(text: str) -> list[Block]:
    found = []
    opening: tuple[int, list[str]] | None = None
    code: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if opening is None:
            if line.startswith("```"):
                opening, code = (number + 1, line[3:].split()), []
        elif line.startswith("```"):
            first, words = opening
            found.append(Block(words[0] if words else "", tuple(words[1:]), first, "\n".join(code) + "\n"))
            opening = None
        else:
            code.append(line)
    if opening is not None:
        raise ValueError(f"the block that starts in line {opening[0]} does not end")
    return found


def guides() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
