"""A runner that makes calls with all their faults in a single command of the engine, and reports each result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos import invariants
from tests.matrix.api_calls import CALLS, ApiCall, Ids, Program, get_child_name, merge_programs
from tests.matrix.faults import (
    ACCOUNT,
    COMMAND_FAULTS,
    FAULTS,
    INJECTED_FAULTS,
    REFUSED,
    REJECTED_FAULTS,
    REQUEST_TIMEOUT,
    SLOW_PHASE_SECONDS,
    STUCK_PHASE,
    Fault,
)
from tests.matrix.projects import Engines, MatrixProject, open_project

from neev_emulator.testing import Emulator, serve

MANY_TIMES = 1000
"""The number of times that a lasting fault is injected: more than any number of attempts."""
REFUSAL_SECONDS = 3600
"""The seconds for which connections are refused. It ends with the command."""
ROUND_COUNT = 4
"""The maximum number of runs of a scenario in which a busy machine prevented a call."""


@dataclass(frozen=True)
class MatrixCell:
    """One resource, with a fault for its call: once, or until the command ends."""

    api_call: ApiCall
    fault: Fault
    lasting: bool

    @property
    def name(self) -> str:
        """Return the resource's name."""
        return f"{self.api_call.name}-{self.fault.name}{'-lasting' if self.lasting else ''}"

    def explains_cause(self, message: str) -> bool:
        """Return whether the message names the cause and the resource."""
        causes = filter(None, (self.fault.cause, self.fault.terraform_cause))
        return any(cause in message for cause in causes) and self.name in message


@dataclass(frozen=True)
class CellResult:
    """The result of one cell."""

    sent: int
    """The number of times that the call was sent."""
    message: str | None
    """The message for the user, or ``None`` without an error."""

    @property
    def was_hit(self) -> bool:
        """Return whether the call met its fault. A list is used only if two reads come within one poll."""
        return self.sent > 0 or self.message is not None

    def __str__(self) -> str:
        if self.message is not None:
            return "reported"
        return "ok" if self.sent == 1 else "retried"


@dataclass(frozen=True)
class Scenario:
    """The calls that one command makes, and their faults."""

    name: str
    api_calls: tuple[ApiCall, ...]
    faults: tuple[Fault, ...]

    @property
    def command(self) -> str:
        """Return the command that makes the calls."""
        return self.api_calls[0].command

    @property
    def cells(self) -> list[MatrixCell]:
        """Return every call with every fault.

        A call that is sent again also gets a fault that lasts for the command.
        """
        return [
            cell
            for call in self.api_calls
            for fault in self.faults
            if fault.can_hit(call.name)
            for cell in _list_cells(call, fault)
        ]

    def program(self, ids: Ids, changed: Callable[[MatrixCell], bool]) -> Program:
        """Return the program in which the resources of some cells are changed."""
        parts = []
        for call in self.api_calls:
            cells = [cell for cell in self.cells if cell.api_call is call]
            parts += [
                call.before(cell.name for cell in cells if not changed(cell)),
                call.after([cell.name for cell in cells if changed(cell)], ids),
            ]
        return merge_programs(parts)

    def limit_to(self, *names: str) -> Scenario:
        """Return the scenario with the calls of these names only."""
        return replace(self, api_calls=tuple(call for call in self.api_calls if call.name in names))


UPDATES = tuple(call for call in CALLS if call.command == "up" and call.name != "delete")
SCENARIOS = (
    Scenario("injected", UPDATES, INJECTED_FAULTS),
    Scenario("rejected", UPDATES, REJECTED_FAULTS),
    # the engine deletes nothing if another operation failed
    Scenario("delete", tuple(call for call in CALLS if call.name == "delete"), FAULTS),
    Scenario("refresh", tuple(call for call in CALLS if call.command == "refresh"), FAULTS),
)


def _list_cells(api_call: ApiCall, fault: Fault) -> list[MatrixCell]:
    once = MatrixCell(api_call, fault, lasting=False)
    # each 429 delays every request, so few calls get a lasting one
    goes_on = api_call.name in ("create", "patch", "delete", "list") if fault.repeated else api_call.is_retried
    lasts = goes_on and fault.cause and not fault.final and fault not in (*COMMAND_FAULTS, STUCK_PHASE)
    return [once, MatrixCell(api_call, fault, lasting=True)] if lasts else [once]


def run_scenario(scenario: Scenario, adapter: str, engines: Engines, directory: Path) -> dict[MatrixCell, CellResult]:
    """Run every cell, repair everything with one more command, and assert that nothing remains."""
    observed: dict[MatrixCell, CellResult] = {}
    for turn in range(ROUND_COUNT):
        (place := directory / str(turn)).mkdir()
        with serve() as emulator:
            now = _run_in_project(open_project(adapter, place, engines, emulator), scenario)
        observed = now | {cell: value for cell, value in observed.items() if value.was_hit}
        if all(item.was_hit for item in observed.values()):
            break
    return observed


def _run_in_project(project: MatrixProject, scenario: Scenario) -> dict[MatrixCell, CellResult]:
    project.write_cells(scenario.program({}, lambda _: False))
    _run(project, "up")
    ids = _read_ids(project)
    observed: dict[MatrixCell, CellResult] = {}
    for fault in scenario.faults:
        cells = [cell for cell in scenario.cells if cell.fault is fault]
        if cells and fault in COMMAND_FAULTS:
            project.write_cells(scenario.program(ids, partial(_can_hit, fault)))
            observed |= _run_redirected(project, fault, cells)
    after = scenario.program(ids, lambda _: True)
    project.write_cells(after)
    observed |= _run_with_faults(project, [cell for cell in scenario.cells if cell.fault not in COMMAND_FAULTS], ids)
    project.emulator.advance(SLOW_PHASE_SECONDS)
    # one more command repairs everything
    _run(project, scenario.command)
    invariants.check_invariants(project, after)
    project.check_no_changes()
    _run(project, "destroy")
    invariants.check_empty(project)
    silent = {
        cell.name: value.message
        for cell, value in observed.items()
        if value.message and not cell.explains_cause(value.message)
    }
    assert not silent, f"what the user read does not name the cause: {silent}"
    return observed


def _can_hit(fault: Fault, cell: MatrixCell) -> bool:
    return cell.fault is fault


def _run_redirected(project: MatrixProject, fault: Fault, cells: list[MatrixCell]) -> dict[MatrixCell, CellResult]:
    """Return the results of a command that does not reach the API, or reaches another one."""
    command = cells[0].api_call.command
    if fault is not REFUSED and cells[0].api_call.name == "delete":
        # a program would mean other resources there; a destroy deletes what the state holds
        command = "destroy"
    targets = [cell.name for cell in cells] if command == "destroy" else []
    with _redirect_settings(fault, project.emulator) as env:
        message = project.run_cells(command, env, targets).messages
    return {cell: CellResult(0 if cell.name in message else 1, message.get(cell.name)) for cell in cells}


@contextmanager
def _redirect_settings(fault: Fault, emulator: Emulator) -> Iterator[dict[str, str]]:
    """Yield the settings that cause the fault, or refuse connections meanwhile."""
    if fault is REFUSED:
        assert emulator.reopen is not None
        emulator.reject_connections(REFUSAL_SECONDS)
        yield {}
        emulator.reopen()
    elif fault is ACCOUNT:
        before = emulator.state()["sandboxes"]
        yield {"NEEV_PROJECT_ID": "project-other"}
        assert emulator.state()["sandboxes"] <= before
    else:
        with serve() as other:
            yield {"NEEV_BASE_URL": other.base_url}
            assert other.mutating_requests == []


def _run(project: MatrixProject, command: str) -> None:
    done = project.run_cells(command, {})
    assert done.is_success, done.text


def _run_with_faults(project: MatrixProject, cells: list[MatrixCell], ids: Ids) -> dict[MatrixCell, CellResult]:
    """Return the results of a command in which each call meets its fault."""
    emulator = project.emulator
    emulator.clear_log()
    for cell in cells:
        aim = {
            "method": cell.api_call.method,
            "path": cell.api_call.path,
            "name": get_child_name(cell.name, cell.api_call.snapshot),
        }
        emulator.inject(cell.fault.kind, **aim, **cell.fault.options, times=MANY_TIMES if cell.lasting else 1)
        # counts the requests after the fault, and changes nothing
        emulator.inject("slow_phase", **aim, seconds=0, times=MANY_TIMES)
    env = {"NEEV_REQUEST_TIMEOUT_SECONDS": str(REQUEST_TIMEOUT)}
    ended = project.run_cells(cells[0].api_call.command, env)
    waiting: Any = emulator.control("GET", "faults")
    emulator.control("DELETE", "faults")
    served = Counter((item["method"], item["path"].partition("/projects/")[2]) for item in emulator.requests)
    message = ended.messages
    assert ended.is_success == (not message), ended.text
    found = {}
    for cell in cells:
        name = get_child_name(cell.name, cell.api_call.snapshot)
        if name in ids:
            sent = served[cell.api_call.method, emulator.project_id + cell.api_call.path.replace("{id}", ids[name])]
        else:
            left = sum(item["times"] for item in waiting if item["name"] == name)
            sent = (MANY_TIMES if cell.lasting else 1) + MANY_TIMES - left
        found[cell] = CellResult(sent, message.get(cell.name))
    return found


def _read_ids(project: MatrixProject) -> dict[str, str]:
    return {item.name: item.id for item in project.list_resources()}
