"""Names near one that is not found."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MIN_SIMILARITY = 0.6
"""How alike two names are, from 0 to 1, of which one may be a misspelling of the other."""


def find_similar(
    name: str, known: Iterable[str], *, max_matches: int = 3, min_similarity: float = MIN_SIMILARITY
) -> list[str]:
    """Return the known names that are spelled most like the wanted one, the nearest first."""
    by_form = {_normalize(item): item for item in sorted(known)}
    return [
        by_form[match] for match in get_close_matches(_normalize(name), by_form, n=max_matches, cutoff=min_similarity)
    ]


def format_suggestion(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Return the question whether a known name is meant, to be appended to a sentence; nothing where none is near."""
    found = [f"`{prefix}{item}`" for item in find_similar(name, known)]
    return f"; did you mean {', '.join([*found[:-2], ' or '.join(found[-2:])])}?" if found else ""


def _normalize(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()
