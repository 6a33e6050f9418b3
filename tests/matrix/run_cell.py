"""Plays calls against all their faults in a single command of the engine, and tells what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos import invariants
from tests.engine.adapters import FACES
from tests.engine.project import Pulumi, Result
from tests.matrix.api_calls import BELOW, CALLS, Call, Ids, Program, below, together
from tests.matrix.faults import (
    ACCOUNT,
    FAULTS,
    LATER,
    NEVER,
    REFUSED,
    REQUEST_TIMEOUT,
    STRUCK,
    TURNED_AWAY,
    WHOLE,
    Fault,
)

from neev_emulator.testing import Emulator, serve

OFTEN = 1000
"""Times that a fault strikes where it goes on: more than anybody tries."""
AT_ONCE = ("--parallel", "512")
REFUSAL = 3600
"""Seconds for which nobody could connect: it ends with the command."""
TURNS = 4
"""Times that a story is played at most, where a busy machine kept a call from being made at all."""


@dataclass(frozen=True)
class Cell:
    """One resource, whose call is struck by a fault: once, or as long as the command lasts."""

    call: Call
    fault: Fault
    lasting: bool

    @property
    def name(self) -> str:
        """The resource's name."""
        return f"{self.call.name}-{self.fault.name}{'-lasting' if self.lasting else ''}"

    def told(self, said: str) -> bool:
        """Whether what the user read names the cause, and what it befell."""
        return bool(self.fault.cause) and self.fault.cause in said and self.name in said


@dataclass(frozen=True)
class Seen:
    """What became of the resource of a cell."""

    sent: int
    """How often the call was sent."""
    said: str | None
    """What the user read of it; nothing where all went well."""

    @property
    def met(self) -> bool:
        """Whether the call met its fault: a list is read only where two reads come within one look."""
        return self.sent > 0 or self.said is not None

    def __str__(self) -> str:
        if self.said is not None:
            return "says so"
        return "ok" if self.sent == 1 else "again"


@dataclass(frozen=True)
class Story:
    """Calls that one command makes, and the faults that meet them."""

    name: str
    calls: tuple[Call, ...]
    faults: tuple[Fault, ...]

    @property
    def command(self) -> str:
        """The command that makes the calls."""
        return self.calls[0].command

    @property
    def cells(self) -> list[Cell]:
        """Every call with every fault; where it is sent again, also with one that lasts as long as the command."""
        return [
            cell
            for call in self.calls
            for fault in self.faults
            if fault.can_meet(call.name)
            for cell in _of(call, fault)
        ]

    def program(self, ids: Ids, changed: Callable[[Cell], bool]) -> Program:
        """The program in which the resources of some cells are changed."""
        parts = []
        for call in self.calls:
            cells = [cell for cell in self.cells if cell.call is call]
            parts += [
                call.before(cell.name for cell in cells if not changed(cell)),
                call.after([cell.name for cell in cells if changed(cell)], ids),
            ]
        return together(parts)


UPDATES = tuple(call for call in CALLS if call.command == "up" and call.name != "delete")
STORIES = (
    Story("struck", UPDATES, STRUCK),
    Story("turned away", UPDATES, TURNED_AWAY),
    # the engine deletes nothing where something else went wrong
    Story("delete", tuple(call for call in CALLS if call.name == "delete"), FAULTS),
    Story("refresh", tuple(call for call in CALLS if call.command == "refresh"), FAULTS),
)


def _of(call: Call, fault: Fault) -> list[Cell]:
    once = Cell(call, fault, lasting=False)
    # each 429 makes everybody wait, so few calls are turned away for long
    goes_on = call.name in ("create", "patch", "delete", "list") if fault.repeated else call.repeats
    lasts = goes_on and fault.cause and not fault.final and fault not in (*WHOLE, NEVER)
    return [once, Cell(call, fault, lasting=True)] if lasts else [once]


def played(story: Story, face: str, engine: Path, directory: Path) -> dict[Cell, Seen]:
    """Every cell was struck, everything was put right by one more command, and nothing is left."""
    seen: dict[Cell, Seen] = {}
    for turn in range(TURNS):
        (place := directory / str(turn)).mkdir()
        with serve() as emulator:
            now = _played(Pulumi(place, engine, emulator), story, face)
        seen = now | {cell: each for cell, each in seen.items() if each.met}
        if all(each.met for each in seen.values()):
            break
    return seen


def _played(project: Pulumi, story: Story, face: str) -> dict[Cell, Seen]:
    write = FACES[face]
    write(project, story.program({}, lambda _: False))
    project.up(*AT_ONCE)
    ids = _ids(project)
    seen: dict[Cell, Seen] = {}
    for fault in story.faults:
        if fault in WHOLE:
            write(project, story.program(ids, partial(_meets, fault)))
            seen |= _misled(project, fault, [cell for cell in story.cells if cell.fault is fault])
    after = story.program(ids, lambda _: True)
    write(project, after)
    seen |= _struck(project, [cell for cell in story.cells if cell.fault not in WHOLE], ids)
    project.emulator.advance(LATER)
    # one more command puts everything right
    getattr(project, story.command)(*AT_ONCE)
    invariants.agree(project, after)
    plan = project.pulumi("preview", "--expect-no-changes", "--diff")
    assert plan.returncode == 0, plan.text
    project.destroy(*AT_ONCE)
    invariants.empty(project)
    silent = {cell.name: each.said for cell, each in seen.items() if each.said and not cell.told(each.said)}
    assert not silent, f"what the user read does not name the cause: {silent}"
    return seen


def _meets(fault: Fault, cell: Cell) -> bool:
    return cell.fault is fault


def _misled(project: Pulumi, fault: Fault, cells: list[Cell]) -> dict[Cell, Seen]:
    """What is seen of a command that does not reach the platform, or another one."""
    command = cells[0].call.command
    if fault is not REFUSED and cells[0].call.name == "delete":
        # a program would mean other resources there; what is deleted is what the state holds
        command = "destroy"
    targets = [f"--target={_urn(project, cell.name)}" for cell in cells] if command == "destroy" else []
    with _elsewhere(fault, project.emulator) as env:
        said = told(_run(project, command, env, *targets))
    return {cell: Seen(0 if cell.name in said else 1, said.get(cell.name)) for cell in cells}


@contextmanager
def _elsewhere(fault: Fault, emulator: Emulator) -> Iterator[dict[str, str]]:
    """The settings that lead there; or nobody can connect meanwhile."""
    if fault is REFUSED:
        assert emulator.reopen is not None
        emulator.refuse(REFUSAL)
        yield {}
        emulator.reopen()
    elif fault is ACCOUNT:
        before = emulator.state()["sandboxes"]
        yield {"NEEV_PROJECT_ID": "project-other"}
        assert emulator.state()["sandboxes"] <= before
    else:
        with serve() as other:
            yield {"NEEV_BASE_URL": other.base_url}
            assert other.log(mutating=True) == []


def _urn(project: Pulumi, name: str) -> str:
    found = project.state_of(name)
    assert found is not None
    return str(found["urn"])


def _run(project: Pulumi, command: str, env: dict[str, str], *targets: str) -> Result:
    further = (*targets, "--continue-on-error") if command in ("up", "destroy") else targets
    return project.pulumi(command, "--yes", "--json", "--skip-preview", *AT_ONCE, *further, env=env)


def _struck(project: Pulumi, cells: list[Cell], ids: Ids) -> dict[Cell, Seen]:
    """What is seen where each call meets its fault."""
    emulator = project.emulator
    emulator.clear_log()
    for cell in cells:
        aim = {"method": cell.call.method, "path": cell.call.path, "name": below(cell.name, cell.call.snapshot)}
        emulator.add_fault(cell.fault.kind, **aim, **cell.fault.options, times=OFTEN if cell.lasting else 1)
        # counts what is sent after that, and changes nothing
        emulator.add_fault("slow", **aim, seconds=0, times=OFTEN)
    ended = _run(project, cells[0].call.command, {"NEEV_REQUEST_TIMEOUT_SECONDS": str(REQUEST_TIMEOUT)})
    waiting: Any = emulator.control("GET", "faults")
    emulator.control("DELETE", "faults")
    served = Counter((each["method"], each["path"].partition("/projects/")[2]) for each in emulator.log())
    said = told(ended)
    assert (ended.returncode == 0) == (not said), ended.text
    found = {}
    for cell in cells:
        name = below(cell.name, cell.call.snapshot)
        if name in ids:
            sent = served[cell.call.method, emulator.project_id + cell.call.path.replace("{id}", ids[name])]
        else:
            left = sum(each["times"] for each in waiting if each["name"] == name)
            sent = (OFTEN if cell.lasting else 1) + OFTEN - left
        found[cell] = Seen(sent, said.get(cell.name))
    return found


def told(ended: Result) -> Mapping[str, str]:
    """What the user read of each cell, by its name."""
    found: dict[str, str] = {}
    for event in ended.events:
        said = event.get("diagnosticEvent", {})
        if said.get("severity") == "error" and said.get("urn"):
            name = said["urn"].rpartition("::")[2].partition(BELOW)[0]
            found[name] = found.get(name, "") + said["message"]
    return found


def _ids(project: Pulumi) -> dict[str, str]:
    resources = project.export()["deployment"].get("resources", [])
    return {each["urn"].rpartition("::")[2]: each.get("id", "") for each in resources}
