"""The ledger stores what a run created, before the run continues, and enforces the budget."""

from __future__ import annotations

from pathlib import Path

from tests.unit.tools.acceptance.conftest import PREFIX
from tools.acceptance.ledger import Created, Ledger, LedgerEntries, read_ledger


def test_a_create_beyond_the_budget_is_rejected(ledger: Ledger) -> None:
    assert ledger.start_create(f"{PREFIX}-a") is None
    assert ledger.start_create(f"{PREFIX}-b") is None
    reason = ledger.start_create(f"{PREFIX}-c")
    assert reason == "this run may have 2 sandboxes at a time (--max-sandboxes)"
    assert ledger.refusals == [reason]
    assert ledger.most_sandboxes == 2


def test_agents_use_the_budget_and_snapshots_do_not(ledger: Ledger) -> None:
    ledger.note_object("agents", {"id": "1", "name": f"{PREFIX}-agent"})
    ledger.note_object("snapshots", {"id": "2", "name": f"{PREFIX}-snap"})
    assert ledger.start_create(f"{PREFIX}-a") is None
    assert ledger.start_create(f"{PREFIX}-b") is not None


def test_a_deleted_or_rejected_object_releases_its_budget(ledger: Ledger) -> None:
    for name in ("a", "b"):
        ledger.start_create(f"{PREFIX}-{name}")
    ledger.note_object("sandboxes", {"id": "1", "name": f"{PREFIX}-a"})
    ledger.note_deleted("1")
    ledger.fail_create(f"{PREFIX}-b")
    assert [ledger.start_create(f"{PREFIX}-{name}") for name in ("c", "d")] == [None, None]


def test_a_retried_create_is_counted_once(ledger: Ledger) -> None:
    for _ in range(3):
        assert ledger.start_create(f"{PREFIX}-a") is None
    assert ledger.most_sandboxes == 1


def test_a_name_without_the_prefix_is_rejected(ledger: Ledger) -> None:
    for name in ("box", "", None):
        assert PREFIX in str(ledger.start_create(name))


def test_foreign_objects_are_ignored(ledger: Ledger) -> None:
    ledger.note_object("sandboxes", {"id": "1", "name": "foreign"})
    ledger.note_object("snapshots", {"id": "2", "name": None})
    ledger.note_deleted("1")
    assert ledger.created == []


def test_an_id_is_found_by_its_name(ledger: Ledger) -> None:
    ledger.note_object("snapshots", {"id": "2", "name": f"{PREFIX}-snap"})
    assert ledger.find_id(f"{PREFIX}-snap") == "2"


def test_the_ledger_file_lists_created_objects_and_creates_with_an_unknown_outcome(
    ledger: Ledger, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        ledger.start_create(f"{PREFIX}-{name}")
        ledger.max_sandboxes += 1
    ledger.note_object("sandboxes", {"id": "1", "name": f"{PREFIX}-a"})
    ledger.fail_create(f"{PREFIX}-b")
    expected = LedgerEntries((Created("sandboxes", "1", f"{PREFIX}-a"),), frozenset({f"{PREFIX}-c"}))
    # without a close, as after a kill
    assert read_ledger(tmp_path / "ledger.jsonl") == expected


def test_a_truncated_line_of_the_ledger_file_is_ignored(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_text('{"starting": "acc-1"}\n{"starting": "acc', encoding="utf-8")
    assert read_ledger(file) == LedgerEntries((), frozenset({"acc-1"}))
    assert not any(read_ledger(tmp_path / "absent"))
