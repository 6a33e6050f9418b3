"""The API calls, and for each the programs before and after it, with one resource for every fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tests.matrix.faults import OPERATION_TIMEOUT, REFUSED, STUCK_PHASE

Program = dict[str, dict[str, Any]]
"""Resources by name, as in a YAML program."""
Ids = Mapping[str, str]
"""The ids of what exists before the call, by the resources' names."""
SOURCE = "source"
CHILD_SEPARATOR = "--"
"""The separator between the name of a cell and that of an object of its sandbox."""


@dataclass(frozen=True)
class ApiCall:
    """One call of the API, and the change of a program that causes it."""

    name: str
    method: str
    path: str
    before: Callable[[Iterable[str]], Program]
    """The program before the call, for cells of these names."""
    after: Callable[[Iterable[str], Ids], Program]
    """The program after a change that causes the call for each of the names."""
    command: str = "up"
    """The command that makes the call."""
    snapshot: str = ""
    """The snapshot of a cell that the call is about, if any."""

    @property
    def is_retried(self) -> bool:
        """Return whether the client may send the call again if its outcome is unknown."""
        return self.method != "POST"


def build_sandbox(name: str, **properties: Any) -> Program:
    """Return a sandbox of this name, with a short timeout if its fault would exhaust it."""
    return {name: _build_resource("Sandbox", name, {"name": name, **properties})}


def _build_resource(kind: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    hurried = STUCK_PHASE.name in name or REFUSED.name in name
    options = {"customTimeouts": dict.fromkeys(("create", "update", "delete"), OPERATION_TIMEOUT)} if hurried else {}
    return {"type": f"neev:index:{kind}", "properties": properties, "options": options}


def _build_sandbox_programs(names: Iterable[str], **properties: Any) -> Program:
    return {key: value for name in names for key, value in build_sandbox(name, **properties).items()}


def _build_source_program(_names: Iterable[str]) -> Program:
    return build_sandbox(SOURCE)


def _build_fork_program(name: str) -> Program:
    return {name: _build_resource("SandboxFork", name, {"name": name, "sourceSandboxId": f"${{{SOURCE}.id}}"})}


def _build_snapshot_program(name: str, of: str) -> Program:
    return {name: _build_resource("Snapshot", name, {"name": name, "sandboxId": f"${{{of}.id}}"})}


def _build_snapshots_program(names: Iterable[str], *which: str) -> Program:
    names = list(names)
    taken = [_build_snapshot_program(get_child_name(name, item), name) for name in names for item in which]
    return merge_programs([_build_sandbox_programs(names), *taken])


def get_child_name(name: str, which: str) -> str:
    """Return the name of an object that belongs to the sandbox of a cell."""
    return f"{name}{CHILD_SEPARATOR}{which}" if which else name


def _build_rollback_program(names: Iterable[str], ids: Ids) -> Program:
    program = _build_snapshots_program(names, "snap")
    for name in names:
        program[name]["properties"]["rollbackToSnapshotId"] = ids[get_child_name(name, "snap")]
    return program


def _build_read_call(name: str, path: str, *snapshots: str) -> ApiCall:
    def program(names: Iterable[str], _ids: Ids = MappingProxyType({})) -> Program:
        return _build_snapshots_program(names, *snapshots)

    # the list belongs to a cell's sandbox; the single read is of a snapshot
    return ApiCall(name, "GET", path, program, program, "refresh", "" if name == "list" else snapshots[0])


def merge_programs(call_programs: Iterable[Program]) -> Program:
    """Return one program with the resources of several."""
    return {name: resource for program in call_programs for name, resource in program.items()}


def _add_source(names: Iterable[str], created: Callable[[str], Program]) -> Program:
    return merge_programs([build_sandbox(SOURCE), *map(created, names)])


CALLS = (
    ApiCall("create", "POST", "/sandboxes", _build_source_program, lambda names, _: _add_source(names, build_sandbox)),
    ApiCall(
        "fork",
        "POST",
        "/sandboxes/{id}/fork",
        _build_source_program,
        lambda names, _: _add_source(names, _build_fork_program),
    ),
    ApiCall(
        "snapshot",
        "POST",
        "/sandboxes/{id}/snapshots",
        _build_source_program,
        lambda names, _: _add_source(names, lambda name: _build_snapshot_program(name, SOURCE)),
    ),
    ApiCall(
        "pause",
        "POST",
        "/sandboxes/{id}/pause",
        _build_sandbox_programs,
        lambda names, _: _build_sandbox_programs(names, paused=True),
    ),
    ApiCall(
        "resume",
        "POST",
        "/sandboxes/{id}/resume",
        lambda names: _build_sandbox_programs(names, paused=True),
        lambda names, _: _build_sandbox_programs(names, paused=False),
    ),
    ApiCall(
        "rollback",
        "POST",
        "/sandboxes/{id}/rollback",
        lambda names: _build_snapshots_program(names, "snap"),
        _build_rollback_program,
    ),
    ApiCall(
        "patch",
        "PATCH",
        "/sandboxes/{id}",
        _build_sandbox_programs,
        lambda names, _: _build_sandbox_programs(names, cpu=2),
    ),
    ApiCall(
        "timeout",
        "PUT",
        "/sandboxes/{id}/timeout",
        _build_sandbox_programs,
        lambda names, _: _build_sandbox_programs(names, idleTimeoutSeconds=36000),
    ),
    ApiCall("delete", "DELETE", "/sandboxes/{id}", _build_sandbox_programs, lambda _names, _: {}),
    _build_read_call("get", "/snapshots/{id}", "of"),
    # two snapshots that are read together are read in one list; with three there could be two lists
    _build_read_call("list", "/sandboxes/{id}/snapshots", "a", "b", "c"),
)
