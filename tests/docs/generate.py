"""Write the C++ blocks of a guide that are marked `run` as one test case.

Usage: generate.py GUIDE OUTPUT.cpp
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from blocks import ROOT, Block, blocks

# Guides may repeat these; in the generated file they stand at the top.
PREAMBLE = re.compile(r"^(#include .*|using namespace tegula;)$", re.MULTILINE)


def generated(guide: Path) -> str:
    name = guide.relative_to(ROOT).as_posix()
    running = [block for block in blocks(guide.read_text()) if block.language == "cpp" and block.runs]
    includes = {line for block in running for line in re.findall(r"^#include .*$", block.code, re.MULTILINE)}
    includes |= {"#include <doctest/doctest.h>", "#include <tegula/tegula.hpp>"}

    def code_of(block: Block) -> str:
        return f'#line {block.line} "{guide.as_posix()}"\n{PREAMBLE.sub("", block.code)}'

    outer, inner = [], []
    for block in running:
        if "outer" not in block.words:
            inner.append(code_of(block))
            continue
        code = code_of(block)
        if re.search(r"\bint main\(\)", code):
            program = f"main_in_line_{block.line}"
            code = code.replace("int main()", f"void {program}()")
            inner.append(f"{program}();\n")
        outer.append(code)
    if not running:
        return f"// {name} has no code to run.\n"
    return "\n".join(
        [
            *sorted(includes),
            "using namespace tegula;",
            "namespace {",
            *outer,
            "}  // namespace",
            f'TEST_CASE("the code of {name} runs") {{',
            *inner,
            "}",
            "",
        ]
    )


def main() -> None:
    guide, output = map(Path, sys.argv[1:])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(generated(guide.resolve()))


if __name__ == "__main__":
    main()
