"""No name in the code contains a word that the glossary replaces: docs/internals/glossary.md has the words to use."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("provider", "emulator", "tests", "bench", "tools")
FILES = sorted(
    file
    for part in PARTS
    for file in (ROOT / part).rglob("*.py")
    if not file.is_relative_to(ROOT / "tests" / "cases") and "sdk" not in file.parts
)

FORBIDDEN = {
    "asked": "raw_inputs, message or response",
    "asleep": "paused",
    "awake": "running",
    "calm": "a number with its unit",
    "chores": "background_tasks",
    "door": "lock",
    "eager": "a number with its unit",
    "face": "adapter",
    "faces": "adapters",
    "gentle": "a number with its unit",
    "haste": "a number with its unit",
    "hear": "on_output or on_retry",
    "heard": "output or result",
    "inside": "session",
    "leftover": "orphan",
    "leftovers": "orphans",
    "lookout": "waiter",
    "made": "created",
    "patience": "deadline",
    "people": "ref_count",
    "placed": "a verb and its object",
    "room": "lease",
    "rooms": "leases",
    "said": "message or raw_inputs",
    "sealed": "secret",
    "seen": "the noun of the API object, or observed",
    "shelf": "collection",
    "strike": "fault",
    "strikes": "faults",
    "struck": "injected",
    "tale": "scenario",
    "tell": "report",
    "thing": "resource, object or item",
    "things": "resources, objects or items",
    "told": "output or result",
    "twist": "transition fault",
    "twists": "transition faults",
    "unsettled": "init_failed",
    "wake": "resume",
    "wanted": "desired",
    "woken": "resumed",
    "world": "backend",
}
"""Words that no name may contain, with the words to use instead."""

PROTOCOL_NAMES = {"connection_made", "tell"}
"""Names that a protocol of the standard library requires: asyncio's and that of files."""


def iter_defined_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield every name that the module defines or binds, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                # the name of a test is a sentence
                if not name.startswith("test_"):
                    yield name, node.lineno
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node.lineno
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno


def split_words(name: str) -> list[str]:
    """Return the words of a snake_case, camelCase or CONSTANT name, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_names_use_the_words_of_the_glossary(file: Path) -> None:
    found = {
        f"{file.relative_to(ROOT)}:{line}: {name}: instead of {word!r} write {FORBIDDEN[word]}"
        for name, line in iter_defined_names(ast.parse(file.read_text()))
        for word in split_words(name)
        if word in FORBIDDEN and name not in PROTOCOL_NAMES
    }
    found |= {
        f"{word!r} in the name of the file"
        for word in split_words(file.stem)
        if word in FORBIDDEN and not file.stem.startswith("test_")
    }
    assert not found, "\n".join(sorted(found))
