"""The summary at the end of `make chaos`."""

from __future__ import annotations

from pathlib import Path

from tests.chaos.stories import Victim
from tests.chaos.summary import END, TABLES, Outcome, find_missing_kills, render_summary, write_page

GOOD = Outcome(1, "plugin", 20, [(Victim.ENGINE, "up"), (Victim.ENGINE, "up")], None, has_neighbour=True)
BAD = Outcome(4, "dynamic", 30, [(Victim.PLATFORM, "destroy")], "something is left", has_neighbour=True)

INTERRUPTED = Outcome(2, "tofu", 60, [(Victim.INTERRUPTED, "up")], None)


def test_kills_are_counted_by_victim_command_and_adapter() -> None:
    output = render_summary([GOOD, BAD])
    assert "| engine | the plugin | 2 | 0 | 0 |" in output
    assert "| engine | dynamic resources | 0 | 0 | 0 |" in output
    assert "| emulator | dynamic resources | 0 | 0 | 1 |" in output
    assert "Stories: 2 (through the plugin: 1, through dynamic resources: 1); kills: 3; failed: 4." in output
    assert output.endswith("Stories beside a foreign stack: 2; of these, nothing foreign was changed in 1.")
    assert "Ctrl-C" not in output
    assert render_summary([INTERRUPTED, GOOD]).startswith(render_summary([GOOD]))
    assert "| Ctrl-C | OpenTofu | 1 | 0 | 0 |" in render_summary([INTERRUPTED])


def test_missing_kinds_of_kill_are_listed() -> None:
    missing = find_missing_kills([GOOD, BAD])
    assert len(missing) == 7
    assert "engine during refresh" in missing
    assert not {"engine during up", "emulator during destroy"}.intersection(missing)
    also = find_missing_kills([GOOD, BAD, INTERRUPTED])
    assert len(also) == 18
    assert "provider during apply" in also


def test_the_tables_on_the_page_are_replaced(tmp_path: Path) -> None:
    page, first, second = tmp_path / "page.md", TABLES[0].begin, TABLES[1].begin
    page.write_text(f"before\n{first}an older one\n{END}\nbetween\n{second}the other\n{END}\nafter\n")
    write_page([GOOD], page)
    write_page([GOOD], page)
    write_page([INTERRUPTED], page)
    pulumi, terraform = render_summary([GOOD]), render_summary([INTERRUPTED])
    text = f"before\n{first}\n{pulumi}\n\n{END}\nbetween\n{second}\n{terraform}\n\n{END}\nafter\n"
    assert page.read_text() == text
