"""The tables of docs/internals/reliability.md: written from results, and read by the test."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.matrix.api_calls import CALLS
from tests.matrix.faults import FAULTS

PAGE = Path(__file__).parents[2] / "docs" / "internals" / "reliability.md"
BEGIN, END = "<!-- written by `make reliability` -->\n", "<!-- until here -->\n"
NOT_APPLICABLE = "n/a"
TITLES = {
    "plugin": "Through the plugin",
    "dynamic": "Through dynamic resources",
    "terraform": "Through the provider of Terraform, with OpenTofu",
}

Words = Mapping[str, str]
"""The words for each result, by the name of the cell."""


def render_tables(results: Mapping[str, Words]) -> str:
    """Return the tables of all adapters: a row for each fault, a column for each call."""
    return "\n".join(f"### {TITLES[adapter]}\n\n{_render_table(words)}" for adapter, words in results.items())


def read_committed(adapter: str, names: Iterable[str]) -> Words:
    """Return what the page says of these cells."""
    part = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    table = part.partition(f"### {TITLES[adapter]}\n\n")[2].partition("\n### ")[0]
    rows = [re.split(r" *\| *", line.strip("| ")) for line in table.strip().splitlines()]
    found: dict[str, str] = {}
    for fault, row in zip(FAULTS, rows[2:], strict=True):
        for call, words in zip(CALLS, row[1:], strict=True):
            once, _, lasting = words.partition("; ")
            found |= {f"{call.name}-{fault.name}": once, f"{call.name}-{fault.name}-lasting": lasting}
    return {name: found[name] for name in names}


def write_page(results: Mapping[str, Words]) -> None:
    """Write the tables into the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(
        before + BEGIN + "\n" + render_tables(results) + "\n" + END + rest.partition(END)[2], encoding="utf-8"
    )


def _render_table(words: Words) -> str:
    lines = [["", *(call.name for call in CALLS)], ["---"] * (len(CALLS) + 1)]
    for fault in FAULTS:
        lasting = {call.name: words.get(f"{call.name}-{fault.name}-lasting") for call in CALLS}
        once = {call.name: words.get(f"{call.name}-{fault.name}", NOT_APPLICABLE) for call in CALLS}
        output = [f"{once[name]}; {also}" if (also := lasting[name]) else once[name] for name in once]
        lines.append([fault.title, *output])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
