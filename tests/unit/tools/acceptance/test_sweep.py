"""The sweep deletes the objects of a run and no others, and reports what is left."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engine.project import out_of_band_request
from tests.unit.tools.acceptance.conftest import PREFIX
from tools.acceptance.engines import RUN_LABEL, RUN_VARIABLE
from tools.acceptance.ledger import Created, LedgerEntries
from tools.acceptance.sweep import sweep
from tools.acceptance.watcher import LEDGER_FILE, Watcher

from neev_emulator import Emulator
from neev_provider.client import Api

EMPTY_LEDGER = LedgerEntries((), frozenset())


async def test_the_sweep_deletes_only_objects_with_the_prefix_or_the_label(api: Api) -> None:
    await api.sandboxes.create({"name": f"{PREFIX}-box"})
    await api.sandboxes.create({"name": "labelled", "labels": {RUN_LABEL: PREFIX}})
    await api.agents.create({"name": f"{PREFIX}-agent", "agent_template": "claude-code"})
    await api.sandboxes.create({"name": f"of-another-{PREFIX}"})
    await api.sandboxes.create({"name": "another", "labels": {RUN_LABEL: "acc-ffffff"}})
    result = await sweep(api, PREFIX, EMPTY_LEDGER, interval=0.05)
    assert result.is_clean
    assert {item.name for item in result.deleted} == {f"{PREFIX}-box", "labelled", f"{PREFIX}-agent"}
    assert sorted(item.name for item in await api.sandboxes.list()) == ["another", f"of-another-{PREFIX}"]
    assert await api.agents.list() == ()


async def test_the_sweep_deletes_objects_of_the_ledger_without_the_prefix(api: Api, emulator: Emulator) -> None:
    box = await api.sandboxes.create({"name": "box"})
    emulator.advance(10)
    snapshot = await api.snapshots.create(box.id, name="snap")
    entries = LedgerEntries((Created("snapshots", snapshot.id, "snap"), Created("agents", "gone", "gone")), frozenset())
    result = await sweep(api, PREFIX, entries, interval=0.05)
    assert result.is_clean
    assert [item.id for item in result.deleted] == [snapshot.id]
    assert emulator.state()["snapshots"] == 0


async def test_the_sweep_reports_objects_that_it_cannot_delete_in_time(api: Api, emulator: Emulator) -> None:
    box = await api.sandboxes.create({"name": f"{PREFIX}-box"})
    refusal = {"code": "conflict", "message": "it is in use"}
    emulator.inject("status", method="DELETE", status=409, body=refusal, times=1000)
    result = await sweep(api, PREFIX, EMPTY_LEDGER, seconds=0.2, interval=0.05)
    assert not result.is_clean
    assert [item.id for item in result.remaining] == [box.id]
    assert "it is in use" in str(result.problem)


async def test_the_sweep_continues_after_an_error(api: Api, emulator: Emulator) -> None:
    await api.sandboxes.create({"name": f"{PREFIX}-box"})
    emulator.inject("status", method="GET", path="/agents", status=403, body={"code": "forbidden", "message": "no"})
    assert (await sweep(api, PREFIX, EMPTY_LEDGER, interval=0.05)).is_clean
    assert emulator.state()["sandboxes"] == 0


async def test_the_sweep_waits_for_a_create_with_an_unknown_outcome(api: Api, emulator: Emulator) -> None:
    name = f"{PREFIX}-late"
    sweeping = asyncio.create_task(sweep(api, PREFIX, LedgerEntries((), frozenset({name})), interval=0.05))
    while "GET /agents" not in emulator.counts():  # noqa: ASYNC110  the emulator has no event for it
        await asyncio.sleep(0.01)
    assert not sweeping.done()
    # it is created after the first list request
    await api.sandboxes.create({"name": name})
    assert [item.name for item in (await sweeping).deleted] == [name]
    assert emulator.state()["sandboxes"] == 0


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Return the file of a report."""
    file = tmp_path / "report.md"
    file.write_text("# Acceptance report\n", encoding="utf-8")
    return file


def test_the_watcher_sweeps_if_the_tool_is_killed(emulator: Emulator, tmp_path: Path, report: Path) -> None:
    """The tool is a process that is killed while another process of its run continues."""
    directory = tmp_path / "run"
    directory.mkdir()
    program = f"""
import os, pathlib, signal, subprocess, sys
from tools.acceptance.ledger import Ledger
from tools.acceptance.watcher import Watcher
directory = pathlib.Path({str(directory)!r})
with Watcher(directory, {PREFIX!r}, pathlib.Path({str(report)!r})):
    ledger = Ledger(directory / {LEDGER_FILE!r}, prefix={PREFIX!r}, max_sandboxes=1)
    ledger.note_object("sandboxes", {{"id": sys.argv[1], "name": "{PREFIX}-box"}})
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    print(subprocess.Popen(sleep, env={{**os.environ, {RUN_VARIABLE!r}: {PREFIX!r}}}, start_new_session=True).pid)
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    box = _create_box(emulator)
    env = {**emulator.env, "PATH": ""}
    command = [sys.executable, "-c", program, box]
    # the output ends with the last of the processes
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == -9, done.stderr
    assert f"sweep of {PREFIX}: Deleted: 1; Left: 0" in done.stdout
    assert emulator.state()["sandboxes"] == 0
    assert "## Sweep\n\n- Deleted: 1\n- Left: 0\n" in report.read_text()
    assert not directory.exists()


def test_the_watcher_sends_no_request_if_nothing_was_created(
    emulator: Emulator, tmp_path: Path, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.env.items():
        monkeypatch.setenv(name, value)
    directory = tmp_path / "run"
    directory.mkdir()
    with Watcher(directory, PREFIX, report) as watcher:
        pass
    assert watcher.is_clean
    assert emulator.requests == []
    assert not directory.exists()


def _create_box(emulator: Emulator) -> str:
    return str(out_of_band_request(emulator, "POST", "/sandboxes", {"name": f"{PREFIX}-box"})["id"])
