"""How generated Python is laid out, so that the formatter has nothing to change."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Final

MAX_LINE_LENGTH: Final = 120


def format_block(opening: str, items: Iterable[str], closing: str) -> str:
    """Return the items one below the other, between the opening and the closing line."""
    return "\n".join([opening, *(indent(f"{item},") for item in items), closing])


def indent(code: str, levels: int = 1) -> str:
    """Return the code, so many levels further in."""
    return textwrap.indent(code, "    " * levels)


def format_docstring(text: str, levels: int, arguments: Mapping[str, str]) -> str:
    """Return the text as a docstring, its first sentence on the first line, and what each argument is below it."""
    first, *rest = text.split("\n\n")
    room = MAX_LINE_LENGTH - 4 * levels
    if len(first) + len('""""""') > room:
        head, sentence, tail = first.partition(". ")
        first, rest = head + sentence.strip(), [tail, *rest]
    paragraphs = [first, *(textwrap.fill(each, room, break_on_hyphens=False) for each in rest if each)]
    if arguments:
        paragraphs.append(
            "\n".join(["Args:", *(_format_argument(name, said, room) for name, said in arguments.items())])
        )
    quoted = "\n\n".join(paragraphs)
    return indent(f'"""{quoted}\n"""' if "\n" in quoted else f'"""{quoted}"""', levels)


def _format_argument(name: str, text: str, width: int) -> str:
    words = " ".join(text.split())
    return textwrap.fill(
        f"{name}: {words}", width, initial_indent="    ", subsequent_indent="        ", break_on_hyphens=False
    )
