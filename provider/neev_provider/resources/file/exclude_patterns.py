"""Patterns that exclude files of a tree, in the syntax of a .gitignore file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

if TYPE_CHECKING:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern


def _validate_pattern(text: str) -> str:
    """Return the pattern unchanged if it is valid.

    Raises:
        ValueError: the pattern cannot match any path.
    """
    if _compile_pattern(text).include is None:
        raise ValueError("is not a valid pattern; use the syntax of .gitignore, such as *.pyc or /build/")
    return text


Pattern = Annotated[str, AfterValidator(_validate_pattern)]


class ExcludePatterns:
    """Exclude patterns in the order of the program. The last pattern that matches decides."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns
        self._compiled = [_compile_pattern(pattern) for pattern in patterns]
        self._matched_indexes: set[int] = set()

    def is_excluded(self, path: str, *, is_folder: bool) -> bool:
        """Return whether the path, relative to the root of the tree, is excluded. Do not check its parent folders."""
        left_out = False
        for number, item in enumerate(self._compiled):
            if item.match_file(f"{path}/" if is_folder else path) is not None:
                self._matched_indexes.add(number)
                left_out = bool(item.include)
        return left_out

    @property
    def unmatched_patterns(self) -> list[str]:
        """Return the patterns that have not matched any path so far."""
        return [text for number, text in enumerate(self._patterns) if number not in self._matched_indexes]


def _compile_pattern(text: str) -> GitIgnoreSpecPattern:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # noqa: PLC0415  few programs leave anything out

    sign = "!" if text.startswith("!") else ""
    rest = text.removeprefix(sign)
    # in .gitignore, a path from the root begins with a slash; here it may also begin with ./
    return GitIgnoreSpecPattern(f"{sign}{rest[1:] if rest.startswith('./') else rest}")
