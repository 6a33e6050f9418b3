"""The story: programs with every resource and function, in small sizes, and the commands that play them."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tools.programs import Program

SIZE = {"cpu": 0.5, "memoryGb": 1, "diskGb": 10}
IDLE_SECONDS = 1800
"""Idle timeout after which the service ends by itself what this machine could not delete."""
ENDS_BY_ITSELF = {"idleTimeoutSeconds": IDLE_SECONDS, "onIdle": "delete"}
AGENT_TEMPLATE = "claude-code"
SANDBOX_TEMPLATE = "sb-ubuntu-26-04-minimal"
LEFT_OUT_FUNCTIONS = {
    "getAgentGateway": "sends the request of getAgent, and fails for an agent without a user interface"
}
"""The functions that the story does not call, and why."""
SOURCE_TREES = {"tree": {"a.txt": "a\n", "below/b.txt": "b\n"}, "other-tree": {"a.txt": "changed\n"}}
"""The folders beside the program, and their files."""


class Command(Enum):
    """What an engine does with the program."""

    PREVIEW = "preview"
    UPDATE = "update"
    CHECK = "check that nothing changes"
    REFRESH = "refresh"
    DESTROY = "destroy"


@dataclass(frozen=True)
class Step:
    """One command of the engine. `program` is called with a function that finds the id of a created object by name."""

    title: str
    command: Command
    program: Callable[[Callable[[str], str]], Program]


class Story:
    """The story of one adapter. All names begin with the prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._secret = f"secret-{secrets.token_hex(8)}"
        self._slug = "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))
        """The slug of the preview port after the change."""

    @property
    def secrets(self) -> set[str]:
        """Return the values that the programs hold as secrets."""
        return {self._secret, self._slug}

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the steps in order; the last one destroys everything."""
        return (
            Step("preview", Command.PREVIEW, lambda _: self.first_program()),
            Step("create", Command.UPDATE, lambda _: self.first_program()),
            Step("no changes", Command.CHECK, lambda _: self.first_program()),
            Step("resize, change and pause", Command.UPDATE, lambda _: self.changed_program()),
            Step("resume", Command.UPDATE, lambda _: self.resumed_program()),
            Step("roll back, call functions", Command.UPDATE, self.last_program),
            Step("refresh", Command.REFRESH, self.last_program),
            Step("destroy", Command.DESTROY, self.last_program),
        )

    def first_program(self) -> dict[str, dict[str, Any]]:
        """Return the program that creates everything: six sandboxes at a time, that of the agent included."""
        box, fork = {"sandboxId": "${box.id}"}, {"sandboxId": "${fork.id}"}
        return {
            "box": self._resource("Sandbox", "box", **SIZE, **ENDS_BY_ITSELF, env={"TOKEN": self._secret}),
            "rule": _resource("EgressRule", **box, host="example.com", ports=[443]),
            "note": _resource("File", **box, path="note.txt", content="first\n"),
            "tree": _resource("Directory", **box, path="tree", sourcePath="tree"),
            "setup": _resource("Command", **box, create=["sh", "-c", "echo ready"], triggers=["first"]),
            "service": _resource("Process", **box, command=["sleep", "3600"], env={"TOKEN": self._secret}),
            "web": _resource("PreviewPort", **box, port=8080),
            "fork": self._resource("SandboxFork", "fork", sourceSandboxId="${box.id}"),
            "snap": self._resource("Snapshot", "snap", **fork),
            "pool": self._resource("SandboxPool", "pool", replicas=2, **SIZE, **ENDS_BY_ITSELF),
            "image": self._resource("GoldenImage", "image", **SIZE, steps=[{"run": ["sh", "-c", "echo built"]}]),
            "agent": self._resource("Agent", "agent", agentTemplate=AGENT_TEMPLATE, idleTimeoutSeconds=IDLE_SECONDS),
        }

    def changed_program(self) -> dict[str, dict[str, Any]]:
        """Return the program with other values, the fork and the agent paused."""
        program = deepcopy(self.first_program())
        changes: dict[str, dict[str, Any]] = {
            "box": {"cpu": 1, "idleTimeoutSeconds": IDLE_SECONDS - 60},
            "rule": {"ports": [80, 443]},
            "note": {"content": "second\n"},
            "tree": {"sourcePath": "other-tree"},
            "setup": {"triggers": ["second"]},
            "service": {"command": ["sleep", "3601"]},
            "web": {"slug": self._slug},
            "fork": {"paused": True},
            "pool": {"cpu": 1},
            "agent": {"paused": True},
        }
        for name, properties in changes.items():
            program[name]["properties"].update(properties)
        return program

    def resumed_program(self) -> dict[str, dict[str, Any]]:
        """Return the program with the fork and the agent resumed."""
        program = self.changed_program()
        for name in ("fork", "agent"):
            program[name]["properties"]["paused"] = False
        return program

    def last_program(self, find_id: Callable[[str], str]) -> dict[str, dict[str, Any]]:
        """Return the program that rolls the fork back to its snapshot, and calls every function."""
        program = self.resumed_program()
        # its id as text: the snapshot refers to the fork already
        program["fork"]["properties"]["rollbackToSnapshotId"] = find_id(self.name_of("snap"))
        return {**program, **self._calls()}

    def name_of(self, suffix: str) -> str:
        """Return the name of an object."""
        return f"{self._prefix}-{suffix}"

    def _calls(self) -> dict[str, dict[str, Any]]:
        box, agent = {"sandboxId": "${box.id}"}, {"id": "${agent.id}"}
        arguments: dict[str, dict[str, Any]] = {
            "getSandbox": {"id": "${box.id}"},
            "getSandboxes": {"nameContains": self._prefix},
            "getSandboxAudit": box,
            "getSandboxMetrics": box,
            "getSandboxTemplate": {"id": SANDBOX_TEMPLATE},
            "getSandboxTemplates": {},
            "getConnectToken": box,
            "getPreviewPorts": box,
            "getSnapshot": {"id": "${snap.id}"},
            "getSnapshots": {"sandboxId": "${fork.id}"},
            "getAgent": agent,
            "getAgents": {"nameContains": self._prefix},
            "getAgentTemplate": {"name": AGENT_TEMPLATE},
            "getAgentTemplates": {},
        }
        return {f"call-{name}": {"function": name, "arguments": given} for name, given in arguments.items()}

    def _resource(self, kind: str, suffix: str, **properties: Any) -> dict[str, Any]:
        return _resource(kind, name=self.name_of(suffix), **properties)


def write_source_trees(directory: Path) -> None:
    """Write the folders that the programs name into the directory."""
    for folder, files in SOURCE_TREES.items():
        for name, content in files.items():
            file = directory / folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")


def _resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"type": f"neev:index:{kind}", "properties": properties}
