"""No text has a variable number before a plural noun: for example `1 sandboxes`. `count_noun` takes the number."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted(file for part in ("provider", "emulator", "tools") for file in (ROOT / part).rglob("*.py"))
PLURAL = re.compile(
    r" (agents|bytes|characters|differences|entries|errors|failures|files|images|labels|lines|members|objects|orphans"
    r"|packages|ports|processes|requests|resources|rules|sandboxes|snapshots|stacks|steps|times|warnings)\b"
)


def find_plurals(tree: ast.AST) -> Iterator[str]:
    """Yield the line and the noun of each variable number before a plural noun; limits are constants."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr):
            continue
        for number, text in pairwise(node.values):
            if not isinstance(number, ast.FormattedValue) or not isinstance(text, ast.Constant):
                continue
            noun = PLURAL.match(str(text.value))
            is_variable = not ast.unparse(number.value).rpartition(".")[2].strip("_").isupper()
            if noun and is_variable and not isinstance(number.value, ast.IfExp):
                yield f"{node.lineno}: {noun[1]}"


def test_numbers_agree_with_their_nouns() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{place}" for file in FILES for place in find_plurals(ast.parse(file.read_text()))
    ]
    assert not found, "\n".join(found)


def test_the_guard_finds_a_number_that_may_be_one() -> None:
    text = 'f"{len(found)} sandboxes and {MAX_FILES} files, {count} of them"'
    assert list(find_plurals(ast.parse(text))) == ["1: sandboxes"]
