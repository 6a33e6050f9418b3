"""The list of tests that need an operating system names tests that exist."""

import ast
import re
from pathlib import Path
from typing import Any, cast

import pytest
from tests.operating_systems import LINUX, POSIX, POSIX_FIXTURES, mark_tests

ROOT = Path(__file__).parents[2]
FILES = [file for folder in ("tests", "emulator/tests") for file in sorted((ROOT / folder).rglob("*.py"))]


def list_functions() -> dict[str, list[str]]:
    """Return the names of the functions and methods of each file."""
    return {
        file.relative_to(ROOT).as_posix(): [
            node.name
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        for file in FILES
    }


FUNCTIONS = list_functions()
TESTS = [f"{file}::{name}" for file, names in FUNCTIONS.items() for name in names if name.startswith("test_")]


@pytest.mark.parametrize("pattern", [*POSIX, *LINUX])
def test_a_listed_pattern_matches_a_test(pattern: str) -> None:
    before_parameters = pattern.partition(r"\[")[0]
    assert any(re.match(before_parameters, test) for test in TESTS)


@pytest.mark.parametrize("fixture", POSIX_FIXTURES)
def test_a_listed_fixture_exists(fixture: str) -> None:
    assert any(fixture in names for names in FUNCTIONS.values())


class NamedItem:
    """A test with an id and fixtures, without a session."""

    def __init__(self, nodeid: str, *fixtures: str) -> None:
        self.nodeid = nodeid
        self.fixturenames = fixtures
        self.marks: list[pytest.MarkDecorator] = []

    def add_marker(self, mark: pytest.MarkDecorator) -> None:
        self.marks.append(mark)

    @property
    def is_skipped(self) -> bool:
        return any(mark.name == "skipif" and mark.args[0] for mark in self.marks)


@pytest.mark.parametrize(
    ("item", "marks", "skipped_on"),
    [
        (NamedItem("tests/unit/core/test_names.py::test_a_name"), set(), ()),
        (NamedItem("tests/unit/resources/test_file.py::test_a_file"), {"posix"}, ("win32",)),
        (NamedItem("tests/unit/cli/test_x.py::test_a_command", "pulumi_cli"), {"posix"}, ("win32",)),
        (
            NamedItem("tests/unit/resources/test_preview_port.py::test_a_create_waits_until_something_listens_on_it"),
            {"posix", "linux"},
            ("darwin", "win32"),
        ),
    ],
    ids=["any", "posix", "fixture", "linux"],
)
def test_a_test_is_skipped_on_other_operating_systems(
    item: NamedItem, marks: set[str], skipped_on: tuple[str, ...]
) -> None:
    for platform in ("linux", "darwin", "win32"):
        item.marks.clear()
        mark_tests([cast("Any", item)], platform)
        assert {mark.name for mark in item.marks} - {"skipif"} == marks
        assert item.is_skipped == (platform in skipped_on)
