"""Names near one that is not found."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

CLOSE = 0.6
"""How alike two names are, from 0 to 1, of which one may be a misspelling of the other."""


def near(wanted: str, known: Iterable[str], *, most: int = 3, cutoff: float = CLOSE) -> list[str]:
    """Return the known names that are spelled most like the wanted one, the nearest first."""
    by_form = {_form(each): each for each in sorted(known)}
    return [by_form[each] for each in get_close_matches(_form(wanted), by_form, n=most, cutoff=cutoff)]


def hint(wanted: str, known: Iterable[str], prefix: str = "") -> str:
    """Return the question whether a known name is meant, to be appended to a sentence; nothing where none is near."""
    found = [f"`{prefix}{each}`" for each in near(wanted, known)]
    return f"; did you mean {', '.join([*found[:-2], ' or '.join(found[-2:])])}?" if found else ""


def _form(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()
