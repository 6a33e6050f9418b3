"""Layout of generated Python."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

MAX_LINE_LENGTH: Final = 120


def format_block(opening: str, items: Iterable[str], closing: str) -> str:
    """Return the items on a line each, between the opening and the closing line."""
    return "\n".join([opening, *(indent(f"{item},") for item in items), closing])


def format_call(opening: str, items: Sequence[str], closing: str) -> str:
    """Return the items between the opening and the closing, on as few lines as possible."""
    line = f"{opening}{', '.join(items)}{closing}"
    if len(line) <= MAX_LINE_LENGTH - 8:
        return line
    lines = [""]
    for item in items:
        if len(lines[-1]) + len(item) > MAX_LINE_LENGTH - 16:
            lines.append("")
        lines[-1] += f"{item}, "
    return "\n".join([opening, *(indent(line.rstrip()) for line in lines), closing])


def indent(code: str, levels: int = 1) -> str:
    """Return the code, indented by the number of levels."""
    return textwrap.indent(code, "    " * levels)


def format_docstring(text: str, levels: int, arguments: Mapping[str, str]) -> str:
    """Return the text as a docstring: the first sentence on the first line, the arguments at the end."""
    first, *rest = text.split("\n\n")
    width = MAX_LINE_LENGTH - 4 * levels
    if len(first) + len('""""""') > width:
        head, sentence, tail = first.partition(". ")
        first, rest = head + sentence.strip(), [tail, *rest]
    paragraphs = [first, *(textwrap.fill(paragraph, width, break_on_hyphens=False) for paragraph in rest if paragraph)]
    if arguments:
        described = (_format_argument(name, description, width) for name, description in arguments.items())
        paragraphs.append("\n".join(["Args:", *described]))
    quoted = "\n\n".join(paragraphs)
    return indent(f'"""{quoted}\n"""' if "\n" in quoted else f'"""{quoted}"""', levels)


def _format_argument(name: str, text: str, width: int) -> str:
    words = " ".join(text.split())
    return textwrap.fill(
        f"{name}: {words}", width, initial_indent="    ", subsequent_indent="        ", break_on_hyphens=False
    )
