"""`pulumi-neev recover` takes only what the stack's own create has made."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from tests.engine.project import outside
from tests.unit.cli.conftest import FakeEngine
from typer.testing import CliRunner

from neev_emulator import Emulator
from neev_provider.cli.app import app
from neev_provider.client import Settings, connect

HOUR = 3600
FACES = ("neev:index:", "pulumi-python:dynamic/neev:")
Inputs = dict[str, Any]


def moment(ago: float = 0) -> str:
    return datetime.fromtimestamp(time.time() - ago, UTC).isoformat()


def urn(kind: str, name: str = "it") -> str:
    return f"urn:pulumi:dev::story::{kind}::{name}"


def stack(since: float) -> dict[str, Any]:
    kind = "pulumi:pulumi:Stack"
    return {"urn": urn(kind), "type": kind, "created": moment(since)}


def creating(kind: str, inputs: Inputs) -> dict[str, Any]:
    provider = {"__provider": "pickled"} if kind.startswith("pulumi-python") else {}
    return {
        "resource": {"urn": urn(kind), "type": kind, "custom": True, "inputs": {**inputs, **provider}},
        "type": "creating",
    }


def recovered(engine: FakeEngine, kind: str, inputs: Inputs, since: float, *held: dict[str, Any]) -> dict[str, Any]:
    """The step for the one operation of a stack that is so many seconds old."""
    engine.hold(creating(kind, inputs), resources=(stack(since), *held))
    done = CliRunner().invoke(app, ["recover", "--yes", "--json"])
    assert done.exit_code == 0, done.output
    (step,) = json.loads(done.stdout)["steps"]
    found: dict[str, Any] = step
    held_now = any(each.get("id") == found["id"] for each in engine.state["deployment"]["resources"])
    assert held_now is (found["action"] == "import")
    assert engine.state["deployment"]["pending_operations"] == []
    return found


def sandbox(platform: Emulator) -> Inputs:
    outside(platform, "POST", "/sandboxes", {"name": "shared"})
    return {"name": "shared"}


def fork(platform: Emulator) -> Inputs:
    source = outside(platform, "POST", "/sandboxes", {"name": "source"})
    platform.advance(5)
    outside(platform, "POST", f"/sandboxes/{source['id']}/fork", {"name": "shared"})
    return {"name": "shared", "sourceSandboxId": source["id"]}


def agent(platform: Emulator) -> Inputs:
    outside(platform, "POST", "/agents", {"name": "shared", "agent_template": "claude-code"})
    return {"name": "shared", "agentTemplate": "claude-code"}


def snapshot(platform: Emulator) -> Inputs:
    source = outside(platform, "POST", "/sandboxes", {"name": "source"})
    platform.advance(5)
    outside(platform, "POST", f"/sandboxes/{source['id']}/snapshots", {"name": "shared"})
    return {"name": "shared", "sandboxId": source["id"]}


def pool(platform: Emulator) -> Inputs:
    outside(platform, "POST", "/sandboxes", {"name": "shared-0a1b2c-0"})
    return {"name": "shared", "replicas": 1}


def image(platform: Emulator) -> Inputs:
    outside(platform, "POST", "/sandboxes", {"name": "shared-0123456789ab"})
    return {"name": "shared", "steps": [{"run": ["true"]}]}


Make = Callable[[Emulator], Inputs]
KINDS: dict[str, Make] = {
    "Sandbox": sandbox,
    "SandboxFork": fork,
    "Agent": agent,
    "Snapshot": snapshot,
    "SandboxPool": pool,
    "GoldenImage": image,
}
LATER = -60
"""The stack is a minute younger than what is there."""


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_made_since_the_create_began_is_taken(
    engine: FakeEngine, platform: Emulator, kind: str, face: str
) -> None:
    step = recovered(engine, face + kind, KINDS[kind](platform), HOUR)
    assert step["action"] == "import", step


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_there_before_is_left_alone(engine: FakeEngine, platform: Emulator, kind: str, face: str) -> None:
    step = recovered(engine, face + kind, KINDS[kind](platform), LATER)
    assert step["action"] == "leave", step
    assert "and this create began after" in step["why"]
    way = f"`pulumi import {face + kind} it {step['id']}`" if face == FACES[0] else "delete it"
    assert way in step["why"]


@pytest.mark.parametrize("kind", ["Sandbox", "SandboxPool"])
def test_what_another_stack_holds_is_left_alone(engine: FakeEngine, platform: Emulator, kind: str) -> None:
    inputs = KINDS[kind](platform)
    (there,) = outside(platform, "GET", "/sandboxes")["items"]
    theirs = {"urn": "urn:pulumi:prod::story::neev:index:Sandbox::box", "type": "neev:index:Sandbox", "id": there["id"]}
    engine.hold_elsewhere("prod", theirs)
    step = recovered(engine, FACES[0] + kind, inputs, HOUR)
    assert (step["action"], "the stack prod holds it" in step["why"]) == ("leave", True), step


def test_a_name_that_was_made_for_the_create_needs_no_other_proof(engine: FakeEngine, platform: Emulator) -> None:
    step = recovered(engine, "neev:index:Sandbox", {**sandbox(platform), "__autonamed": True}, LATER)
    assert step["action"] == "import", step
    assert "stack history" not in engine.asked


@pytest.mark.parametrize(
    ("kind", "make", "other"), [("Sandbox", sandbox, {"cpu": 4}), ("Agent", agent, {"idleTimeoutSeconds": 777})]
)
def test_what_has_the_name_and_is_not_as_asked_is_named(
    engine: FakeEngine, platform: Emulator, kind: str, make: Make, other: Inputs
) -> None:
    step = recovered(engine, f"neev:index:{kind}", {**make(platform), **other}, HOUR)
    assert (step["action"], bool(step["id"])) == ("leave", True)
    assert step["why"].startswith("it has the name and is not as the program asks; if it is this stack's")


@pytest.mark.parametrize(
    ("kind", "other"), [("SandboxPool", "shared-ffffff-0"), ("GoldenImage", "shared-ffffffffffff")]
)
def test_of_two_that_have_one_name_neither_is_taken(
    engine: FakeEngine, platform: Emulator, kind: str, other: str
) -> None:
    outside(platform, "POST", "/sandboxes", {"name": other})
    step = recovered(engine, f"neev:index:{kind}", KINDS[kind](platform), HOUR)
    assert (step["action"], step["id"]) == ("leave", "shared"), step
    assert step["why"].startswith("sandboxes are called like its own, and nothing tells whose they are")


def port(platform: Emulator, id: str) -> Inputs:
    outside(platform, "POST", f"/sandboxes/{id}/ports", {"port": 8080})
    return {"sandboxId": id, "port": 8080}


def file(platform: Emulator, id: str) -> Inputs:
    async def write() -> None:
        settings = Settings(platform.base_url, platform.api_key, platform.org_id, platform.project_id)
        async with connect(settings) as api:
            await api.runtime.session(await api.sandboxes.get(id)).write("note", BytesIO(b"x"))

    platform.advance(5)
    asyncio.run(write())
    return {"sandboxId": id, "path": "note", "content": "x"}


@pytest.mark.parametrize(("kind", "make"), [("PreviewPort", port), ("File", file)])
@pytest.mark.parametrize("own", [True, False])
def test_what_is_inside_belongs_to_whom_the_sandbox_belongs(
    engine: FakeEngine, platform: Emulator, kind: str, make: Callable[[Emulator, str], Inputs], *, own: bool
) -> None:
    box = outside(platform, "POST", "/sandboxes", {"name": "box"})
    type_ = "neev:index:Sandbox"
    held = {"urn": urn(type_, "box"), "type": type_, "custom": True, "id": box["id"] if own else "another"}
    step = recovered(engine, f"neev:index:{kind}", make(platform, box["id"]), HOUR, held)
    assert step["action"] == ("import" if own else "leave"), step
    assert own or "a sandbox that this stack does not hold" in step["why"]


def test_a_stack_that_cannot_be_read_may_hold_it(engine: FakeEngine, platform: Emulator) -> None:
    engine.hold_elsewhere("broken")
    (engine.directory / "others" / "broken.json").write_text("")
    engine.hold(creating("neev:index:Sandbox", sandbox(platform)), resources=(stack(HOUR),))
    refused = CliRunner().invoke(app, ["recover", "--yes"])
    assert refused.exit_code == 1
    assert len(engine.state["deployment"]["pending_operations"]) == 1
