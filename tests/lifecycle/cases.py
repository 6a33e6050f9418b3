"""The table: the inputs of each resource, how they change, and the kind of each change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

ExpectedChange = Literal["none", "update", "replace"]


@dataclass(frozen=True)
class ScenarioStep:
    """One run of the program with other inputs."""

    change: ExpectedChange
    inputs: dict[str, Any]
    deletes_before_replace: bool = False
    requests: tuple[str, ...] | None = None
    """The mutating requests. The default is none for the change ``none``; for the others they are not compared."""
    state: dict[str, Any] = field(default_factory=dict)
    """The properties that the state contains afterwards, among others."""
    idle_seconds: float = 0
    """The seconds before the step in which the sandbox is idle. A refresh follows them."""


@dataclass(frozen=True)
class ScenarioCase:
    """The lifecycle of one resource."""

    title: str
    resource: str
    create: dict[str, Any]
    steps: tuple[ScenarioStep, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)
    """The properties that the state contains after the create, among others."""


def no_change_step(inputs: dict[str, Any], **more: Any) -> ScenarioStep:
    """Return a step in which nothing changes and no mutating request is sent."""
    return ScenarioStep("none", inputs, **more)


def update_step(inputs: dict[str, Any], *sends: str, **more: Any) -> ScenarioStep:
    """Return a step that updates the resource in place with these requests."""
    return ScenarioStep("update", inputs, requests=sends, **more)


def replace_step(inputs: dict[str, Any], *, deletes_before_replace: bool = False, **more: Any) -> ScenarioStep:
    """Return a step that replaces the resource, before or after the old one is deleted."""
    return ScenarioStep("replace", inputs, deletes_before_replace=deletes_before_replace, **more)


PATCH = "PATCH /sandboxes/{id}"
TIMEOUT = "PUT /sandboxes/{id}/timeout"
KEEPALIVE = "POST /sandboxes/{id}/keepalive"
PAUSE = "POST /sandboxes/{id}/pause"
RESUME = "POST /sandboxes/{id}/resume"
ROLLBACK = "POST /sandboxes/{id}/rollback"
ROLLBACK_AGENT = "POST /agents/{id}/rollback"
PYTHON = {"image": "docker.io/library/python:3.12"}
NODE = {"image": "docker.io/library/node:22"}
UBUNTU = {"templateId": "sb-ubuntu-26-04-minimal"}
PYPI_RULE, PRIVATE_RULE = {"host": "pypi.org", "ports": [443, 80]}, {"host": "10.0.0.0/8"}
DENY_ALL_POLICY = {"mode": "deny_all", "allowInternet": False, "allow": []}


def allow_policy(*rules: dict[str, Any]) -> dict[str, Any]:
    """Return an egress policy that allows these destinations."""
    return {"egress": {"mode": "allow_list", "allow": list(rules)}}


SANDBOXES = (
    ScenarioCase(
        "paused and size are updated in place",
        "Sandbox",
        {"paused": True, "cpu": 1},
        (
            update_step({"paused": False, "cpu": 1}, RESUME, state={"phase": "Ready"}),
            update_step({"paused": False, "cpu": 2, "memoryGb": 4}, PATCH, state={"cpu": 2, "memoryGb": 4}),
            update_step({"paused": True, "cpu": 2}, PAUSE, state={"phase": "Paused"}),
            update_step({"paused": True, "cpu": 4}, PATCH, state={"phase": "Paused", "cpu": 4}),
            no_change_step({}),
            update_step({"paused": True}, state={"phase": "Paused"}),
        ),
        state={"phase": "Paused"},
    ),
    ScenarioCase("another image replaces the sandbox", "Sandbox", PYTHON, (replace_step(NODE), no_change_step(NODE))),
    ScenarioCase(
        "a sandbox with an unchanged name is deleted before its replacement",
        "Sandbox",
        {"name": "kept", **PYTHON},
        (
            replace_step({"name": "kept", **NODE}, deletes_before_replace=True),
            replace_step({"name": "changed", **NODE}),
            no_change_step(NODE),
            replace_step(PYTHON),
        ),
    ),
    ScenarioCase(
        "each change of the environment replaces the sandbox",
        "Sandbox",
        {"env": {"A": "1"}},
        (
            no_change_step({"env": {"A": "1"}}),
            replace_step({"env": {"A": "2"}}, state={"env": {"A": "2"}}),
            replace_step({"env": {"A": "2", "B": ""}}),
            replace_step({}),
        ),
    ),
    ScenarioCase(
        "each change of the labels replaces the sandbox",
        "Sandbox",
        {"labels": {"team": "search"}},
        (
            no_change_step({"labels": {"team": "search"}}),
            replace_step({"labels": {"team": "shop"}}, state={"labels": {"team": "shop"}}),
            replace_step({"labels": {"team": "shop", "role": "worker"}}),
            replace_step({}),
            no_change_step({"labels": {}}),
        ),
        state={"labels": {"team": "search"}},
    ),
    ScenarioCase(
        "another template, image or command replaces the sandbox",
        "Sandbox",
        UBUNTU,
        (
            no_change_step({}),
            replace_step({"templateId": "sb-node-24"}),
            replace_step(PYTHON),
            replace_step({**PYTHON, "command": ["sleep", "60"]}),
            replace_step({**PYTHON, "command": ["sleep", "61"]}),
            replace_step(UBUNTU),
        ),
    ),
    ScenarioCase(
        "an added input with the current value changes nothing",
        "Sandbox",
        {},
        (
            no_change_step({"region": "as-south-1", "diskGb": 10, "cpu": 1, "egress": DENY_ALL_POLICY}),
            no_change_step({}),
            replace_step({"region": "dev"}, state={"region": "dev"}),
        ),
    ),
    ScenarioCase(
        "another disk size replaces the sandbox",
        "Sandbox",
        {"diskGb": 20, "rootfsDiskGb": 8},
        (
            replace_step({"diskGb": 30, "rootfsDiskGb": 8}, state={"diskGb": 30}),
            replace_step({"diskGb": 30, "rootfsDiskGb": 10}, state={"rootfsDiskGb": 10}),
        ),
    ),
    ScenarioCase(
        "egress is updated in place",
        "Sandbox",
        {},
        (
            update_step(allow_policy(PYPI_RULE, PRIVATE_RULE), PATCH),
            no_change_step(allow_policy(PRIVATE_RULE, {"host": "pypi.org", "ports": [80, 443]})),
            update_step(allow_policy({"host": "pypi.org", "ports": [443]}, PRIVATE_RULE), PATCH),
            update_step(allow_policy({"host": "pypi.org", "ports": [443], "protocol": "UDP"}), PATCH),
            update_step({"egress": {"mode": "allow_list", "allowInternet": True}}, PATCH),
            update_step({}, PATCH, state={"egress": DENY_ALL_POLICY}),
            no_change_step({"egress": {}}),
        ),
    ),
    ScenarioCase(
        "timeouts are updated in place and unchanged if the inputs are removed",
        "Sandbox",
        {"maxLifetimeSeconds": 3600},
        (
            update_step({"maxLifetimeSeconds": 3600, "idleTimeoutSeconds": 60, "onIdle": "delete"}, TIMEOUT),
            update_step({"maxLifetimeSeconds": 7200, "idleTimeoutSeconds": 60}, TIMEOUT),
            no_change_step({}, state={"idleTimeoutSeconds": 60, "maxLifetimeSeconds": 7200, "onIdle": "delete"}),
            update_step(
                {"idleTimeoutSeconds": 0}, TIMEOUT, state={"idleTimeoutSeconds": 0, "maxLifetimeSeconds": 7200}
            ),
            update_step({"pausedRetentionSeconds": 60}, TIMEOUT),
        ),
    ),
    ScenarioCase(
        "another renew trigger restarts the timeouts",
        "Sandbox",
        {"maxLifetimeSeconds": 3600, "idleTimeoutSeconds": 600, "renewTrigger": "a"},
        (
            no_change_step({"maxLifetimeSeconds": 3600, "idleTimeoutSeconds": 600, "renewTrigger": "a"}),
            update_step(
                {"maxLifetimeSeconds": 3600, "idleTimeoutSeconds": 600, "renewTrigger": "b"},
                TIMEOUT,
                KEEPALIVE,
                state={"maxLifetimeSeconds": 3600},
            ),
            update_step({"maxLifetimeSeconds": 7200, "renewTrigger": "b"}, TIMEOUT, state={"maxLifetimeSeconds": 7200}),
            no_change_step({"maxLifetimeSeconds": 7200}),
            update_step({"maxLifetimeSeconds": 7200, "renewTrigger": "c"}, TIMEOUT, KEEPALIVE),
            update_step({"renewTrigger": "d"}, KEEPALIVE),
        ),
    ),
    ScenarioCase(
        "a sandbox that was paused when idle is resumed only with resumeIdlePaused",
        "Sandbox",
        {"paused": False, "idleTimeoutSeconds": 60},
        (
            no_change_step({"paused": False, "idleTimeoutSeconds": 60}, idle_seconds=120, state={"phase": "Paused"}),
            update_step({"paused": False, "resumeIdlePaused": True}, RESUME, state={"phase": "Ready"}),
            update_step(
                {"paused": False, "resumeIdlePaused": True}, RESUME, idle_seconds=120, state={"phase": "Ready"}
            ),
        ),
    ),
    ScenarioCase(
        "a rollback is done in place each time the input is set",
        "Sandbox",
        {},
        (
            update_step({"rollbackToSnapshotId": "$own"}, ROLLBACK),
            no_change_step({"rollbackToSnapshotId": "$own"}),
            no_change_step({}),
            update_step({"rollbackToSnapshotId": "$own"}, ROLLBACK),
        ),
    ),
    ScenarioCase(
        "another snapshot replaces the sandbox, and its removal changes nothing",
        "Sandbox",
        {"snapshotId": "$base"},
        (no_change_step({}), replace_step({"snapshotId": "$later"})),
    ),
)

FORKS = (
    ScenarioCase(
        "a fork is updated in place and replaced if its source changes",
        "SandboxFork",
        {"sourceSandboxId": "$source", "cpu": 2, "paused": True, "idleTimeoutSeconds": 600},
        (
            update_step({"sourceSandboxId": "$source", "cpu": 4, "paused": False}, PATCH, RESUME, state={"cpu": 4}),
            update_step({"sourceSandboxId": "$source", **allow_policy(PYPI_RULE)}, PATCH),
            update_step({"sourceSandboxId": "$source"}, PATCH, state={"egress": DENY_ALL_POLICY}),
            replace_step({"sourceSandboxId": "$another"}),
        ),
        state={"cpu": 2, "phase": "Paused", "idleTimeoutSeconds": 600},
    ),
    ScenarioCase(
        "another renew trigger restarts the timeouts of a fork",
        "SandboxFork",
        {"sourceSandboxId": "$source", "maxLifetimeSeconds": 3600, "renewTrigger": "a"},
        (update_step({"sourceSandboxId": "$source", "maxLifetimeSeconds": 3600, "renewTrigger": "b"}, TIMEOUT),),
        state={"maxLifetimeSeconds": 3600, "effectiveLifetimeSeconds": None},
    ),
    ScenarioCase(
        "a fork with an unchanged name is deleted before its replacement",
        "SandboxFork",
        {"sourceSandboxId": "$source", "name": "kept"},
        (replace_step({"sourceSandboxId": "$another", "name": "kept"}, deletes_before_replace=True),),
    ),
)

SNAPSHOTS = (
    ScenarioCase(
        "other triggers, retention or sandbox replace the snapshot",
        "Snapshot",
        {"sandboxId": "$source", "triggers": ["v1", {"commit": 1}]},
        (
            no_change_step({"sandboxId": "$source", "triggers": ["v1", {"commit": 1.0}]}),
            replace_step({"sandboxId": "$source", "triggers": ["v1", {"commit": 2}]}),
            replace_step({"sandboxId": "$source", "triggers": ["v1"]}),
            replace_step({"sandboxId": "$source"}),
            replace_step({"sandboxId": "$source", "retainFor": "720h"}),
            replace_step({"sandboxId": "$source", "retainFor": "48h"}),
            replace_step({"sandboxId": "$another", "retainFor": "48h"}),
        ),
        state={"status": "Ready"},
    ),
    ScenarioCase(
        "a snapshot with an unchanged name is deleted before its replacement",
        "Snapshot",
        {"sandboxId": "$source", "name": "kept", "triggers": [1]},
        (replace_step({"sandboxId": "$source", "name": "kept", "triggers": [2]}, deletes_before_replace=True),),
    ),
)

CREATE = "POST /sandboxes"
FORK = "POST /sandboxes/{id}/fork"
DELETE = "DELETE /sandboxes/{id}"
ONE_REPLICA: dict[str, Any] = {"replicas": 1}
ONE_AT_A_TIME: dict[str, Any] = {"replicas": 2, "maxSurge": 1, "maxUnavailable": 0}
POOLS = (
    ScenarioCase(
        "replicas, size, timeouts and paused are updated in place",
        "SandboxPool",
        {"replicas": 2, "cpu": 1},
        (
            update_step({"replicas": 3, "cpu": 1}, CREATE, state={"readyReplicas": 3}),
            update_step({"replicas": 1, "cpu": 1}, DELETE, DELETE, state={"readyReplicas": 1}),
            update_step({"replicas": 1, "cpu": 2, "memoryGb": 4}, PATCH, state={"cpu": 2, "memoryGb": 4}),
            no_change_step(ONE_REPLICA, state={"cpu": 2}),
            update_step({**ONE_REPLICA, "idleTimeoutSeconds": 600, "onIdle": "delete"}, TIMEOUT),
            update_step({**ONE_REPLICA, "paused": True}, PAUSE, state={"readyReplicas": 0}),
            update_step({**ONE_REPLICA, "paused": False}, RESUME, state={"readyReplicas": 1}),
            update_step({"replicas": 0}, DELETE, state={"members": []}),
            update_step(ONE_REPLICA, CREATE, state={"readyReplicas": 1}),
        ),
        state={"readyReplicas": 2},
    ),
    ScenarioCase(
        "another source replaces the members one at a time within the surge limits",
        "SandboxPool",
        {**ONE_AT_A_TIME, **PYTHON},
        (
            update_step({**ONE_AT_A_TIME, **NODE}, CREATE, DELETE, CREATE, DELETE, state=NODE),
            update_step({**ONE_AT_A_TIME, **NODE, "env": {"A": "1"}}, CREATE, DELETE, CREATE, DELETE),
            no_change_step({**ONE_AT_A_TIME, **NODE, "env": {"A": "1"}}),
            update_step({**ONE_AT_A_TIME, "snapshotId": "$base"}, CREATE, DELETE, CREATE, DELETE),
            update_step({**ONE_AT_A_TIME, "sourceSandboxId": "$source"}, FORK, DELETE, FORK, DELETE),
            update_step({**ONE_AT_A_TIME, "maxConcurrency": 1}, CREATE, DELETE, CREATE, DELETE),
            update_step(ONE_AT_A_TIME),
            update_step({**ONE_AT_A_TIME, "region": "dev"}, CREATE, DELETE, CREATE, DELETE),
            update_step({**ONE_AT_A_TIME, "diskGb": 20, "rootfsDiskGb": 8}, CREATE, DELETE, CREATE, DELETE),
        ),
    ),
    ScenarioCase(
        "the egress of the members is updated in place",
        "SandboxPool",
        ONE_REPLICA,
        (
            update_step({**ONE_REPLICA, **allow_policy(PYPI_RULE)}, PATCH),
            update_step(ONE_REPLICA, PATCH, state={"egress": DENY_ALL_POLICY}),
        ),
    ),
    ScenarioCase(
        "members that were paused when idle are resumed only with resumeIdlePaused",
        "SandboxPool",
        {**ONE_REPLICA, "paused": False, "idleTimeoutSeconds": 60},
        (
            no_change_step(
                {**ONE_REPLICA, "paused": False, "idleTimeoutSeconds": 60}, idle_seconds=120, state={"readyReplicas": 0}
            ),
            update_step({**ONE_REPLICA, "paused": False, "resumeIdlePaused": True}, RESUME, state={"readyReplicas": 1}),
        ),
    ),
    ScenarioCase(
        "another name replaces the pool",
        "SandboxPool",
        {**ONE_REPLICA, "name": "kept"},
        (replace_step({**ONE_REPLICA, "name": "changed"}),),
    ),
)

EXPOSE = "POST /sandboxes/{id}/ports"
PORTS = (
    ScenarioCase(
        "another slug is updated in place, and another port or sandbox replaces it",
        "PreviewPort",
        {"sandboxId": "$source", "port": 8080},
        (
            update_step({"sandboxId": "$source", "port": 8080, "slug": "abcd1234"}, EXPOSE, state={"slug": "abcd1234"}),
            update_step({"sandboxId": "$source", "port": 8080, "slug": "wxyz9876"}, EXPOSE, state={"slug": "wxyz9876"}),
            no_change_step({"sandboxId": "$source", "port": 8080}),
            no_change_step({"sandboxId": "$source", "port": 8080, "slug": "wxyz9876"}),
            update_step({"sandboxId": "$source", "port": 8080, "waitUntilServed": False}),
            replace_step({"sandboxId": "$source", "port": 8081, "slug": "qqqq0000"}),
            replace_step({"sandboxId": "$another", "port": 8081}),
        ),
    ),
)

RULES = (
    ScenarioCase(
        "a rule is updated in place and replaced if its host changes",
        "EgressRule",
        {"sandboxId": "$source", "host": "pypi.org", "ports": [443]},
        (
            no_change_step({"sandboxId": "$source", "host": "pypi.org", "ports": [443]}),
            update_step({"sandboxId": "$source", "host": "pypi.org", "ports": [443, 80]}, PATCH),
            no_change_step({"sandboxId": "$source", "host": "pypi.org", "ports": [80, 443]}),
            update_step({"sandboxId": "$source", "host": "pypi.org", "protocol": "UDP"}, PATCH),
            replace_step({"sandboxId": "$source", "host": "github.com"}),
            replace_step({"sandboxId": "$another", "host": "github.com"}),
        ),
    ),
)

PATCH_AGENT = "PATCH /agents/{id}"
PAUSE_AGENT = "POST /agents/{id}/pause"
RESUME_AGENT = "POST /agents/{id}/resume"
CODER: dict[str, Any] = {"agentTemplate": "claude-code"}
AGENTS = (
    ScenarioCase(
        "size, egress and paused are updated in place",
        "Agent",
        {**CODER, "paused": True, "cpu": 1},
        (
            update_step({**CODER, "paused": False, "cpu": 1}, PATCH_AGENT, RESUME_AGENT, state={"status": "Ready"}),
            update_step({**CODER, "cpu": 2, "memoryGb": 8}, PATCH_AGENT, state={"cpu": 2, "memoryGb": 8}),
            no_change_step(CODER),
            update_step(
                {**CODER, **allow_policy(PYPI_RULE), "idleTimeoutSeconds": 60},
                PATCH_AGENT,
                state={"idleTimeoutSeconds": 60},
            ),
            update_step(CODER, PATCH_AGENT, state={"egress": DENY_ALL_POLICY}),
            update_step({**CODER, "paused": True}, PAUSE_AGENT, state={"status": "Paused"}),
            no_change_step(CODER),
        ),
        state={"status": "Paused"},
    ),
    ScenarioCase(
        "another template, configuration, environment or disk replaces the agent",
        "Agent",
        {**CODER, "config": {"model": "fast", "limits": {"turns": 3}}},
        (
            no_change_step({**CODER, "config": {"model": "fast", "limits": {"turns": 3.0}}}),
            replace_step({**CODER, "config": {"model": "slow", "limits": {"turns": 3}}}),
            replace_step({**CODER, "env": {"A": "1"}}, state={"env": {"A": "1"}}),
            replace_step({**CODER, "diskGb": 40}),
            no_change_step(CODER),
            replace_step({"agentTemplate": "batch-runner"}, state={"driveMode": "exec"}),
        ),
    ),
    ScenarioCase(
        "an agent that was paused when idle is resumed only with resumeIdlePaused",
        "Agent",
        {**CODER, "paused": False, "idleTimeoutSeconds": 60},
        (
            no_change_step(
                {**CODER, "paused": False, "idleTimeoutSeconds": 60}, idle_seconds=120, state={"status": "Paused"}
            ),
            update_step({**CODER, "paused": False, "resumeIdlePaused": True}, RESUME_AGENT, state={"status": "Ready"}),
        ),
    ),
    ScenarioCase(
        "an agent is rolled back once to each snapshot",
        "Agent",
        {**CODER, "rollbackToSnapshotId": "$base"},
        (
            no_change_step({**CODER, "rollbackToSnapshotId": "$base"}),
            update_step({**CODER, "rollbackToSnapshotId": "$later"}, ROLLBACK_AGENT, state={"status": "Ready"}),
            no_change_step({**CODER, "rollbackToSnapshotId": "$later"}),
            no_change_step(CODER),
        ),
    ),
    ScenarioCase(
        "an agent with an unchanged name is deleted before its replacement",
        "Agent",
        {**CODER, "name": "kept"},
        (replace_step({**CODER, "name": "kept", "region": "dev"}, deletes_before_replace=True),),
    ),
)

CASES: tuple[ScenarioCase, ...] = (*SANDBOXES, *FORKS, *POOLS, *SNAPSHOTS, *PORTS, *RULES, *AGENTS)
