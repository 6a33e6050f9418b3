"""Suggestions of names that are similar to an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MIN_SIMILARITY = 0.6
"""Minimum similarity of a misspelling, from 0 to 1."""


def find_similar(
    name: str, known: Iterable[str], *, max_matches: int = 3, min_similarity: float = MIN_SIMILARITY
) -> list[str]:
    """Return the known names with the most similar spelling, the most similar first."""
    by_form = {_normalize(item): item for item in sorted(known)}
    return [
        by_form[match] for match in get_close_matches(_normalize(name), by_form, n=max_matches, cutoff=min_similarity)
    ]


def format_suggestion(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Return the question whether a known name is meant, as an appendix of a sentence; empty if none is similar."""
    found = [f"`{prefix}{item}`" for item in find_similar(name, known)]
    return f"; did you mean {', '.join([*found[:-2], ' or '.join(found[-2:])])}?" if found else ""


def _normalize(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()
