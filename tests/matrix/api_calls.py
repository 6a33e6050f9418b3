"""The calls, and for each the programs between which it is made, once for every resource that is to be struck."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tests.matrix.faults import NEVER, PATIENCE, REFUSED

Program = dict[str, dict[str, Any]]
"""Resources by their names, as a YAML program has them."""
Ids = Mapping[str, str]
"""The ids of what is there before the call, by the resources' names."""
SOURCE = "source"
BELOW = "--"
"""Between the name of a cell and that of something that belongs to its sandbox."""


@dataclass(frozen=True)
class Call:
    """One call of the API, by what makes a program cause it."""

    name: str
    method: str
    path: str
    before: Callable[[Iterable[str]], Program]
    """What is there, for cells of these names."""
    after: Callable[[Iterable[str], Ids], Program]
    """The same, after a change that makes the call for each of the names."""
    command: str = "up"
    """The command that makes it."""
    snapshot: str = ""
    """Where the call is about a snapshot that belongs to a cell: which of them."""

    @property
    def repeats(self) -> bool:
        """Whether it may be sent again where its outcome is unknown."""
        return self.method != "POST"


def sandbox(name: str, **properties: Any) -> Program:
    """A sandbox of this name, which has little time where it would wait in vain."""
    return {name: _resource("Sandbox", name, {"name": name, **properties})}


def _resource(kind: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    hurried = NEVER.name in name or REFUSED.name in name
    options = {"customTimeouts": dict.fromkeys(("create", "update", "delete"), PATIENCE)} if hurried else {}
    return {"type": f"neev:index:{kind}", "properties": properties, "options": options}


def _all(names: Iterable[str], **properties: Any) -> Program:
    return {key: each for name in names for key, each in sandbox(name, **properties).items()}


def _source(_names: Iterable[str]) -> Program:
    return sandbox(SOURCE)


def _fork(name: str) -> Program:
    return {name: _resource("SandboxFork", name, {"name": name, "sourceSandboxId": f"${{{SOURCE}.id}}"})}


def _snapshot(name: str, of: str) -> Program:
    return {name: _resource("Snapshot", name, {"name": name, "sandboxId": f"${{{of}.id}}"})}


def _with_snapshots(names: Iterable[str], *which: str) -> Program:
    names = list(names)
    taken = [_snapshot(below(name, each), name) for name in names for each in which]
    return together([_all(names), *taken])


def below(name: str, which: str) -> str:
    """The name of something that belongs to the sandbox of a cell."""
    return f"{name}{BELOW}{which}" if which else name


def _rolled_back(names: Iterable[str], ids: Ids) -> Program:
    program = _with_snapshots(names, "snap")
    for name in names:
        program[name]["properties"]["rollbackTo"] = ids[below(name, "snap")]
    return program


def _read(name: str, path: str, *snapshots: str) -> Call:
    def program(names: Iterable[str], _ids: Ids = MappingProxyType({})) -> Program:
        return _with_snapshots(names, *snapshots)

    # the list is that of a cell's sandbox; what is got is a snapshot
    return Call(name, "GET", path, program, program, "refresh", "" if name == "list" else snapshots[0])


def together(call_programs: Iterable[Program]) -> Program:
    """One program of several."""
    return {name: resource for program in call_programs for name, resource in program.items()}


def _with_source(names: Iterable[str], made: Callable[[str], Program]) -> Program:
    return together([sandbox(SOURCE), *map(made, names)])


CALLS = (
    Call("create", "POST", "/sandboxes", _source, lambda names, _: _with_source(names, sandbox)),
    Call("fork", "POST", "/sandboxes/{id}/fork", _source, lambda names, _: _with_source(names, _fork)),
    Call(
        "snapshot",
        "POST",
        "/sandboxes/{id}/snapshots",
        _source,
        lambda names, _: _with_source(names, lambda name: _snapshot(name, SOURCE)),
    ),
    Call("pause", "POST", "/sandboxes/{id}/pause", _all, lambda names, _: _all(names, paused=True)),
    Call(
        "resume",
        "POST",
        "/sandboxes/{id}/resume",
        lambda names: _all(names, paused=True),
        lambda names, _: _all(names, paused=False),
    ),
    Call("rollback", "POST", "/sandboxes/{id}/rollback", lambda names: _with_snapshots(names, "snap"), _rolled_back),
    Call("patch", "PATCH", "/sandboxes/{id}", _all, lambda names, _: _all(names, cpu=2)),
    Call("timeout", "PUT", "/sandboxes/{id}/timeout", _all, lambda names, _: _all(names, idleTimeoutSeconds=36000)),
    Call("delete", "DELETE", "/sandboxes/{id}", _all, lambda _names, _: {}),
    _read("get", "/snapshots/{id}", "of"),
    # read in one list where two of them are asked for together; of three there cannot be two lists
    _read("list", "/sandboxes/{id}/snapshots", "a", "b", "c"),
)
