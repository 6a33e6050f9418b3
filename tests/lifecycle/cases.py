"""The table: what a resource is made with, how it changes, and what kind of change each is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["none", "update", "replace"]


@dataclass(frozen=True)
class Step:
    """One run of the program with other inputs."""

    kind: Kind
    inputs: dict[str, Any]
    delete_first: bool = False
    sends: tuple[str, ...] | None = None
    """The requests that change something; by default none for ``none``, and not compared for the others."""
    state: dict[str, Any] = field(default_factory=dict)
    """What the state says afterwards, among other things."""
    idle: float = 0
    """Seconds that pass before, in which nobody uses the sandbox; a refresh follows."""


@dataclass(frozen=True)
class Case:
    """The life of one resource."""

    title: str
    resource: str
    create: dict[str, Any]
    steps: tuple[Step, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)
    """What the state says after the create, among other things."""


def none(inputs: dict[str, Any], **more: Any) -> Step:
    """Nothing changes, and nothing is sent."""
    return Step("none", inputs, **more)


def update(inputs: dict[str, Any], *sends: str, **more: Any) -> Step:
    """It changes in place, by these requests."""
    return Step("update", inputs, sends=sends, **more)


def replace(inputs: dict[str, Any], *, delete_first: bool = False, **more: Any) -> Step:
    """A new one takes its place, before or after the old one goes."""
    return Step("replace", inputs, delete_first=delete_first, **more)


PATCH = "PATCH /sandboxes/{id}"
TIMEOUT = "PUT /sandboxes/{id}/timeout"
KEEPALIVE = "POST /sandboxes/{id}/keepalive"
PAUSE = "POST /sandboxes/{id}/pause"
RESUME = "POST /sandboxes/{id}/resume"
ROLLBACK = "POST /sandboxes/{id}/rollback"
PYTHON = {"image": "docker.io/library/python:3.12"}
NODE = {"image": "docker.io/library/node:22"}
UBUNTU = {"templateId": "sb-ubuntu-26-04-minimal"}
PYPI, PRIVATE = {"host": "pypi.org", "ports": [443, 80]}, {"host": "10.0.0.0/8"}
NOTHING = {"mode": "deny_all", "allowInternet": False, "allow": []}


def allow(*rules: dict[str, Any]) -> dict[str, Any]:
    """A policy that allows these destinations."""
    return {"egress": {"mode": "allow_list", "allow": list(rules)}}


SANDBOXES = (
    Case(
        "pausing and resizing are done in place",
        "Sandbox",
        {"paused": True, "cpu": 1},
        (
            update({"paused": False, "cpu": 1}, RESUME, state={"phase": "Ready"}),
            update({"paused": False, "cpu": 2, "memoryGb": 4}, PATCH, state={"cpu": 2, "memoryGb": 4}),
            update({"paused": True, "cpu": 2}, PAUSE, state={"phase": "Paused"}),
            update({"paused": True, "cpu": 4}, PATCH, state={"phase": "Paused", "cpu": 4}),
            none({}),
            update({"paused": True}, state={"phase": "Paused"}),
        ),
        state={"phase": "Paused"},
    ),
    Case("another image is another sandbox", "Sandbox", PYTHON, (replace(NODE), none(NODE))),
    Case(
        "a name that is kept is freed first",
        "Sandbox",
        {"name": "kept", **PYTHON},
        (
            replace({"name": "kept", **NODE}, delete_first=True),
            replace({"name": "changed", **NODE}),
            none(NODE),
            replace(PYTHON),
        ),
    ),
    Case(
        "what the environment is cannot be read back, so every change of it is another sandbox",
        "Sandbox",
        {"env": {"A": "1"}},
        (
            none({"env": {"A": "1"}}),
            replace({"env": {"A": "2"}}, state={"env": {"A": "2"}}),
            replace({"env": {"A": "2", "B": ""}}),
            replace({}),
        ),
    ),
    Case(
        "a template gives way to an image, and an image to a template",
        "Sandbox",
        UBUNTU,
        (
            none({}),
            replace({"templateId": "sb-node-24"}),
            replace(PYTHON),
            replace({**PYTHON, "command": ["sleep", "60"]}),
            replace({**PYTHON, "command": ["sleep", "61"]}),
            replace(UBUNTU),
        ),
    ),
    Case(
        "what is added as it is changes nothing",
        "Sandbox",
        {},
        (
            none({"region": "as-south-1", "diskGb": 10, "cpu": 1, "egress": NOTHING}),
            none({}),
            replace({"region": "dev"}, state={"region": "dev"}),
        ),
    ),
    Case(
        "disks do not grow in place",
        "Sandbox",
        {"diskGb": 20, "rootfsDiskGb": 8},
        (
            replace({"diskGb": 30, "rootfsDiskGb": 8}, state={"diskGb": 30}),
            replace({"diskGb": 30, "rootfsDiskGb": 10}, state={"rootfsDiskGb": 10}),
        ),
    ),
    Case(
        "egress changes in place in every direction",
        "Sandbox",
        {},
        (
            update(allow(PYPI, PRIVATE), PATCH),
            none(allow(PRIVATE, {"host": "pypi.org", "ports": [80, 443]})),
            update(allow({"host": "pypi.org", "ports": [443]}, PRIVATE), PATCH),
            update(allow({"host": "pypi.org", "ports": [443], "protocol": "UDP"}), PATCH),
            update({"egress": {"mode": "allow_list", "allowInternet": True}}, PATCH),
            update({}, PATCH, state={"egress": NOTHING}),
            none({"egress": {}}),
        ),
    ),
    Case(
        "windows change in place, and stay as they are when they are taken out",
        "Sandbox",
        {"maxLifetimeSeconds": 3600},
        (
            update({"maxLifetimeSeconds": 3600, "idleTimeoutSeconds": 60, "onIdle": "delete"}, TIMEOUT),
            update({"maxLifetimeSeconds": 7200, "idleTimeoutSeconds": 60}, TIMEOUT),
            none({}, state={"idleTimeoutSeconds": 60, "maxLifetimeSeconds": 7200, "onIdle": "delete"}),
            update({"idleTimeoutSeconds": 0}, TIMEOUT, state={"idleTimeoutSeconds": 0, "maxLifetimeSeconds": 7200}),
            update({"pausedRetentionSeconds": 60}, TIMEOUT),
        ),
    ),
    Case(
        "a renewal lets the windows count anew, and the same one again changes nothing",
        "Sandbox",
        {"maxLifetimeSeconds": 3600, "idleTimeoutSeconds": 600, "renew": "a"},
        (
            none({"maxLifetimeSeconds": 3600, "idleTimeoutSeconds": 600, "renew": "a"}),
            update(
                {"maxLifetimeSeconds": 3600, "idleTimeoutSeconds": 600, "renew": "b"},
                TIMEOUT,
                KEEPALIVE,
                state={"maxLifetimeSeconds": 3600},
            ),
            update({"maxLifetimeSeconds": 7200, "renew": "b"}, TIMEOUT, state={"maxLifetimeSeconds": 7200}),
            none({"maxLifetimeSeconds": 7200}),
            update({"maxLifetimeSeconds": 7200, "renew": "c"}, TIMEOUT, KEEPALIVE),
            update({"renew": "d"}, KEEPALIVE),
        ),
    ),
    Case(
        "a sandbox that fell asleep is woken only where the program says so",
        "Sandbox",
        {"paused": False, "idleTimeoutSeconds": 60},
        (
            none({"paused": False, "idleTimeoutSeconds": 60}, idle=120, state={"phase": "Paused"}),
            update({"paused": False, "resumeIdlePaused": True}, RESUME, state={"phase": "Ready"}),
            update({"paused": False, "resumeIdlePaused": True}, RESUME, idle=120, state={"phase": "Ready"}),
        ),
    ),
    Case(
        "rolling back is done in place, each time the program asks anew",
        "Sandbox",
        {},
        (
            update({"rollbackTo": "$own"}, ROLLBACK),
            none({"rollbackTo": "$own"}),
            none({}),
            update({"rollbackTo": "$own"}, ROLLBACK),
        ),
    ),
    Case(
        "where a sandbox came from may be forgotten",
        "Sandbox",
        {"snapshotId": "$base"},
        (none({}), replace({"snapshotId": "$later"})),
    ),
)

FORKS = (
    Case(
        "a fork is changed in place, and made anew from another source",
        "SandboxFork",
        {"sourceSandboxId": "$source", "cpu": 2, "paused": True, "idleTimeoutSeconds": 600},
        (
            update({"sourceSandboxId": "$source", "cpu": 4, "paused": False}, PATCH, RESUME, state={"cpu": 4}),
            update({"sourceSandboxId": "$source", **allow(PYPI)}, PATCH),
            update({"sourceSandboxId": "$source"}, PATCH, state={"egress": NOTHING}),
            replace({"sourceSandboxId": "$another"}),
        ),
        state={"cpu": 2, "phase": "Paused", "idleTimeoutSeconds": 600},
    ),
    Case(
        "a fork is renewed as any sandbox",
        "SandboxFork",
        {"sourceSandboxId": "$source", "maxLifetimeSeconds": 3600, "renew": "a"},
        (update({"sourceSandboxId": "$source", "maxLifetimeSeconds": 3600, "renew": "b"}, TIMEOUT),),
        state={"maxLifetimeSeconds": 3600, "renewedLifetimeSeconds": None},
    ),
    Case(
        "a fork that keeps its name gives it free first",
        "SandboxFork",
        {"sourceSandboxId": "$source", "name": "kept"},
        (replace({"sourceSandboxId": "$another", "name": "kept"}, delete_first=True),),
    ),
)

SNAPSHOTS = (
    Case(
        "triggers and retention make another snapshot",
        "Snapshot",
        {"sandboxId": "$source", "triggers": ["v1", {"commit": 1}]},
        (
            none({"sandboxId": "$source", "triggers": ["v1", {"commit": 1.0}]}),
            replace({"sandboxId": "$source", "triggers": ["v1", {"commit": 2}]}),
            replace({"sandboxId": "$source", "triggers": ["v1"]}),
            replace({"sandboxId": "$source"}),
            replace({"sandboxId": "$source", "retainFor": "720h"}),
            replace({"sandboxId": "$source", "retainFor": "48h"}),
            replace({"sandboxId": "$another", "retainFor": "48h"}),
        ),
        state={"status": "Ready"},
    ),
    Case(
        "a snapshot that keeps its name gives it free first",
        "Snapshot",
        {"sandboxId": "$source", "name": "kept", "triggers": [1]},
        (replace({"sandboxId": "$source", "name": "kept", "triggers": [2]}, delete_first=True),),
    ),
)

CREATE = "POST /sandboxes"
FORK = "POST /sandboxes/{id}/fork"
DELETE = "DELETE /sandboxes/{id}"
ONE: dict[str, Any] = {"replicas": 1}
BY_ONE: dict[str, Any] = {"replicas": 2, "maxSurge": 1, "maxUnavailable": 0}
POOLS = (
    Case(
        "a pool is scaled, sized, timed and paused in place",
        "SandboxPool",
        {"replicas": 2, "cpu": 1},
        (
            update({"replicas": 3, "cpu": 1}, CREATE, state={"readyReplicas": 3}),
            update({"replicas": 1, "cpu": 1}, DELETE, DELETE, state={"readyReplicas": 1}),
            update({"replicas": 1, "cpu": 2, "memoryGb": 4}, PATCH, state={"cpu": 2, "memoryGb": 4}),
            none(ONE, state={"cpu": 2}),
            update({**ONE, "idleTimeoutSeconds": 600, "onIdle": "delete"}, TIMEOUT),
            update({**ONE, "paused": True}, PAUSE, state={"readyReplicas": 0}),
            update({**ONE, "paused": False}, RESUME, state={"readyReplicas": 1}),
            update({"replicas": 0}, DELETE, state={"members": []}),
            update(ONE, CREATE, state={"readyReplicas": 1}),
        ),
        state={"readyReplicas": 2},
    ),
    Case(
        "another source makes the members anew in place, one after another where the bounds say so",
        "SandboxPool",
        {**BY_ONE, **PYTHON},
        (
            update({**BY_ONE, **NODE}, CREATE, DELETE, CREATE, DELETE, state=NODE),
            update({**BY_ONE, **NODE, "env": {"A": "1"}}, CREATE, DELETE, CREATE, DELETE),
            none({**BY_ONE, **NODE, "env": {"A": "1"}}),
            update({**BY_ONE, "snapshotId": "$base"}, CREATE, DELETE, CREATE, DELETE),
            update({**BY_ONE, "sourceSandboxId": "$source"}, FORK, DELETE, FORK, DELETE),
            update({**BY_ONE, "maxConcurrency": 1}, CREATE, DELETE, CREATE, DELETE),
            update(BY_ONE),
            update({**BY_ONE, "region": "dev"}, CREATE, DELETE, CREATE, DELETE),
            update({**BY_ONE, "diskGb": 20, "rootfsDiskGb": 8}, CREATE, DELETE, CREATE, DELETE),
        ),
    ),
    Case(
        "what members may reach changes in place",
        "SandboxPool",
        ONE,
        (
            update({**ONE, **allow(PYPI)}, PATCH),
            update(ONE, PATCH, state={"egress": NOTHING}),
        ),
    ),
    Case(
        "members that fell asleep are woken only where the program says so",
        "SandboxPool",
        {**ONE, "paused": False, "idleTimeoutSeconds": 60},
        (
            none({**ONE, "paused": False, "idleTimeoutSeconds": 60}, idle=120, state={"readyReplicas": 0}),
            update({**ONE, "paused": False, "resumeIdlePaused": True}, RESUME, state={"readyReplicas": 1}),
        ),
    ),
    Case(
        "another name is another pool",
        "SandboxPool",
        {**ONE, "name": "kept"},
        (replace({**ONE, "name": "changed"}),),
    ),
)

EXPOSE = "POST /sandboxes/{id}/ports"
PORTS = (
    Case(
        "another slug is another URL of the same port",
        "PreviewPort",
        {"sandboxId": "$source", "port": 8080},
        (
            update({"sandboxId": "$source", "port": 8080, "slug": "abcd1234"}, EXPOSE, state={"slug": "abcd1234"}),
            update({"sandboxId": "$source", "port": 8080, "slug": "wxyz9876"}, EXPOSE, state={"slug": "wxyz9876"}),
            none({"sandboxId": "$source", "port": 8080}),
            none({"sandboxId": "$source", "port": 8080, "slug": "wxyz9876"}),
            replace({"sandboxId": "$source", "port": 8081, "slug": "qqqq0000"}),
            replace({"sandboxId": "$another", "port": 8081}),
        ),
    ),
)

PATCH_AGENT = "PATCH /agents/{id}"
PAUSE_AGENT = "POST /agents/{id}/pause"
RESUME_AGENT = "POST /agents/{id}/resume"
CODER: dict[str, Any] = {"agentTemplate": "claude-code"}
AGENTS = (
    Case(
        "an agent is sized, guarded and paused in place",
        "Agent",
        {**CODER, "paused": True, "cpu": 1},
        (
            update({**CODER, "paused": False, "cpu": 1}, PATCH_AGENT, RESUME_AGENT, state={"status": "Ready"}),
            update({**CODER, "cpu": 2, "memoryGb": 8}, PATCH_AGENT, state={"cpu": 2, "memoryGb": 8}),
            none(CODER),
            update({**CODER, **allow(PYPI), "idleTimeoutSeconds": 60}, PATCH_AGENT, state={"idleTimeoutSeconds": 60}),
            update(CODER, PATCH_AGENT, state={"egress": NOTHING}),
            update({**CODER, "paused": True}, PAUSE_AGENT, state={"status": "Paused"}),
            none(CODER),
        ),
        state={"status": "Paused"},
    ),
    Case(
        "another template, configuration, environment or disk is another agent",
        "Agent",
        {**CODER, "config": {"model": "fast", "limits": {"turns": 3}}},
        (
            none({**CODER, "config": {"model": "fast", "limits": {"turns": 3.0}}}),
            replace({**CODER, "config": {"model": "slow", "limits": {"turns": 3}}}),
            replace({**CODER, "env": {"A": "1"}}, state={"env": {"A": "1"}}),
            replace({**CODER, "diskGb": 40}),
            none(CODER),
            replace({"agentTemplate": "batch-runner"}, state={"driveMode": "exec"}),
        ),
    ),
    Case(
        "an agent that fell asleep is woken only where the program says so",
        "Agent",
        {**CODER, "paused": False, "idleTimeoutSeconds": 60},
        (
            none({**CODER, "paused": False, "idleTimeoutSeconds": 60}, idle=120, state={"status": "Paused"}),
            update({**CODER, "paused": False, "resumeIdlePaused": True}, RESUME_AGENT, state={"status": "Ready"}),
        ),
    ),
    Case(
        "an agent that keeps its name gives it free first",
        "Agent",
        {**CODER, "name": "kept"},
        (replace({**CODER, "name": "kept", "region": "dev"}, delete_first=True),),
    ),
)

CASES: tuple[Case, ...] = (*SANDBOXES, *FORKS, *POOLS, *SNAPSHOTS, *PORTS, *AGENTS)
