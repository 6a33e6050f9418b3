"""The command `pulumi-neev recover` imports only objects that a create of the stack has created."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from tests.engine.project import out_of_band_request
from tests.unit.cli.conftest import FakePulumiCli
from typer.testing import CliRunner

from neev_emulator import Emulator
from neev_provider.adapters.pulumi.ownership import owner_of_urn
from neev_provider.cli.app import app
from neev_provider.client import Settings, connect

HOUR = 3600
TYPE_PREFIXES = ("neev:index:", "pulumi-python:dynamic/neev:")
Inputs = dict[str, Any]
Labels = dict[str, str]


def format_time_before_now(seconds_ago: float = 0) -> str:
    return datetime.fromtimestamp(time.time() - seconds_ago, UTC).isoformat()


def make_urn(kind: str, name: str = "it") -> str:
    return f"urn:pulumi:dev::story::{kind}::{name}"


def make_stack_entry(since: float) -> dict[str, Any]:
    kind = "pulumi:pulumi:Stack"
    return {"urn": make_urn(kind), "type": kind, "created": format_time_before_now(since)}


def make_pending_create(kind: str, inputs: Inputs) -> dict[str, Any]:
    provider = {"__provider": "pickled"} if kind.startswith("pulumi-python") else {}
    return {
        "resource": {"urn": make_urn(kind), "type": kind, "custom": True, "inputs": {**inputs, **provider}},
        "type": "creating",
    }


def recover_one(
    pulumi_cli: FakePulumiCli, kind: str, inputs: Inputs, since: float, *resources: dict[str, Any]
) -> dict[str, Any]:
    """Recover a stack of this age in seconds with one pending create, and return the step for it."""
    pulumi_cli.set_state(make_pending_create(kind, inputs), resources=(make_stack_entry(since), *resources))
    done = CliRunner().invoke(app, ["recover", "--yes", "--json"])
    assert done.exit_code == 0, done.output
    (step,) = json.loads(done.stdout)["steps"]
    found: dict[str, Any] = step
    held_ids = [resource.get("id") for resource in pulumi_cli.state["deployment"]["resources"]]
    held_now = found["id"] is not None and found["id"] in held_ids
    assert held_now is (found["action"] == "import")
    assert pulumi_cli.state["deployment"]["pending_operations"] == []
    return found


def make_owner_labels(kind: str, name: str = "it") -> Labels:
    owner = owner_of_urn(make_urn(kind, name))
    assert owner is not None
    return owner.to_labels()


def create_sandbox(neev_emulator: Emulator, labels: Labels) -> Inputs:
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "shared", "labels": labels})
    return {"name": "shared"}


def create_fork(neev_emulator: Emulator, _labels: Labels) -> Inputs:
    source = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "source", "labels": {"of": "a-source"}})
    neev_emulator.advance(5)
    out_of_band_request(neev_emulator, "POST", f"/sandboxes/{source['id']}/fork", {"name": "shared"})
    return {"name": "shared", "sourceSandboxId": source["id"]}


def create_agent(neev_emulator: Emulator, _labels: Labels) -> Inputs:
    out_of_band_request(neev_emulator, "POST", "/agents", {"name": "shared", "agent_template": "claude-code"})
    return {"name": "shared", "agentTemplate": "claude-code"}


def create_snapshot(neev_emulator: Emulator, _labels: Labels) -> Inputs:
    source = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "source"})
    neev_emulator.advance(5)
    out_of_band_request(neev_emulator, "POST", f"/sandboxes/{source['id']}/snapshots", {"name": "shared"})
    return {"name": "shared", "sandboxId": source["id"]}


def create_pool(neev_emulator: Emulator, labels: Labels) -> Inputs:
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "shared-0a1b2c-0", "labels": labels})
    return {"name": "shared", "replicas": 1}


def create_pool_of_forks(neev_emulator: Emulator, _labels: Labels) -> Inputs:
    source = out_of_band_request(
        neev_emulator, "POST", "/sandboxes", {"name": "source", "labels": {"managed-by": "another"}}
    )
    neev_emulator.advance(5)
    out_of_band_request(neev_emulator, "POST", f"/sandboxes/{source['id']}/fork", {"name": "shared-0a1b2c-0"})
    return {"name": "shared", "replicas": 1, "sourceSandboxId": source["id"]}


def create_image(neev_emulator: Emulator, labels: Labels) -> Inputs:
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "shared-0123456789ab", "labels": labels})
    return {"name": "shared", "steps": [{"run": ["true"]}]}


InputsFactory = Callable[[Emulator, Labels], Inputs]
KINDS: tuple[tuple[str, InputsFactory], ...] = (
    ("Sandbox", create_sandbox),
    ("SandboxFork", create_fork),
    ("Agent", create_agent),
    ("Snapshot", create_snapshot),
    ("SandboxPool", create_pool),
    ("SandboxPool", create_pool_of_forks),
    ("GoldenImage", create_image),
)
FACTORIES = dict(reversed(KINDS))
STACK_CREATED_LATER = -60
"""The age of a stack that is a minute younger than the objects."""


@pytest.fixture(params=["0.9", "0.8"])
def any_emulator(neev_emulator: Emulator, request: pytest.FixtureRequest) -> Emulator:
    """Return an emulator of an API with labels, and of one without."""
    neev_emulator.change_settings(api=request.param)
    return neev_emulator


@pytest.mark.parametrize("adapter", TYPE_PREFIXES)
@pytest.mark.parametrize(("kind", "make"), KINDS)
def test_an_object_created_after_the_create_began_is_imported(
    pulumi_cli: FakePulumiCli, any_emulator: Emulator, kind: str, make: InputsFactory, adapter: str
) -> None:
    step = recover_one(pulumi_cli, adapter + kind, make(any_emulator, make_owner_labels(adapter + kind)), HOUR)
    assert step["action"] == "import", step


@pytest.mark.parametrize("adapter", TYPE_PREFIXES)
@pytest.mark.parametrize(("kind", "make"), KINDS)
def test_an_object_created_before_the_create_began_is_not_imported(
    pulumi_cli: FakePulumiCli, any_emulator: Emulator, kind: str, make: InputsFactory, adapter: str
) -> None:
    inputs = make(any_emulator, make_owner_labels(adapter + kind))
    step = recover_one(pulumi_cli, adapter + kind, inputs, STACK_CREATED_LATER)
    assert step["action"] == "leave", step
    assert "before this create began" in step["why"]
    way = f"`pulumi import {adapter + kind} it {step['id']}`" if adapter == TYPE_PREFIXES[0] else "delete it"
    assert way in step["why"]


@pytest.mark.parametrize("kind", ["Sandbox", "SandboxPool"])
def test_an_object_in_the_state_of_another_stack_is_not_imported(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, kind: str
) -> None:
    inputs = FACTORIES[kind](neev_emulator, make_owner_labels(f"neev:index:{kind}"))
    (there,) = out_of_band_request(neev_emulator, "GET", "/sandboxes")["items"]
    theirs = {"urn": "urn:pulumi:prod::story::neev:index:Sandbox::box", "type": "neev:index:Sandbox", "id": there["id"]}
    pulumi_cli.set_other_state("prod", theirs)
    step = recover_one(pulumi_cli, TYPE_PREFIXES[0] + kind, inputs, HOUR)
    assert (step["action"], "the stack prod contains it" in step["why"]) == ("leave", True), step


def test_an_object_with_a_generated_name_is_imported_without_more_evidence(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    kind = "neev:index:Sandbox"
    inputs = {**create_sandbox(neev_emulator, make_owner_labels(kind)), "__autonamed": True}
    step = recover_one(pulumi_cli, kind, inputs, STACK_CREATED_LATER)
    assert step["action"] == "import", step
    assert "stack history" not in pulumi_cli.commands


@pytest.mark.parametrize(
    ("kind", "make", "other"),
    [("Sandbox", create_sandbox, {"cpu": 4}), ("Agent", create_agent, {"idleTimeoutSeconds": 777})],
)
def test_an_object_with_the_name_but_other_inputs_is_not_imported(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, kind: str, make: InputsFactory, other: Inputs
) -> None:
    inputs = make(neev_emulator, make_owner_labels(f"neev:index:{kind}"))
    step = recover_one(pulumi_cli, f"neev:index:{kind}", {**inputs, **other}, HOUR)
    assert (step["action"], bool(step["id"])) == ("leave", True)
    assert step["why"].startswith("it has the name, but not the inputs of the program; if it is this stack's")


@pytest.mark.parametrize(
    ("kind", "other"), [("SandboxPool", "shared-ffffff-0"), ("GoldenImage", "shared-ffffffffffff")]
)
def test_ambiguous_matches_are_not_imported(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, kind: str, other: str
) -> None:
    labels = make_owner_labels(f"neev:index:{kind}")
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": other, "labels": labels})
    step = recover_one(pulumi_cli, f"neev:index:{kind}", FACTORIES[kind](neev_emulator, labels), HOUR)
    assert (step["action"], step["id"]) == ("leave", "shared"), step
    assert step["why"].startswith("there are sandboxes with matching names, without evidence of their creator")


def create_port(neev_emulator: Emulator, id: str) -> Inputs:
    out_of_band_request(neev_emulator, "POST", f"/sandboxes/{id}/ports", {"port": 8080})
    return {"sandboxId": id, "port": 8080}


def create_egress_rule(neev_emulator: Emulator, id: str) -> Inputs:
    allowed = {"egress": {"mode": "allow_list", "allow": [{"host": "example.com"}]}}
    out_of_band_request(neev_emulator, "PATCH", f"/sandboxes/{id}", allowed)
    return {"sandboxId": id, "host": "example.com"}


def create_file(neev_emulator: Emulator, id: str) -> Inputs:
    async def write() -> None:
        settings = Settings(
            neev_emulator.base_url, neev_emulator.api_key, neev_emulator.org_id, neev_emulator.project_id
        )
        async with connect(settings) as api:
            await api.runtime.session(await api.sandboxes.get(id)).write("note", BytesIO(b"x"))

    neev_emulator.advance(5)
    asyncio.run(write())
    return {"sandboxId": id, "path": "note", "content": "x"}


@pytest.mark.parametrize(
    ("kind", "make"), [("PreviewPort", create_port), ("EgressRule", create_egress_rule), ("File", create_file)]
)
@pytest.mark.parametrize("own", [True, False])
def test_an_object_in_a_sandbox_is_imported_only_if_the_stack_owns_the_sandbox(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, kind: str, make: Callable[[Emulator, str], Inputs], *, own: bool
) -> None:
    box = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "box"})
    type_ = "neev:index:Sandbox"
    held = {"urn": make_urn(type_, "box"), "type": type_, "custom": True, "id": box["id"] if own else "another"}
    step = recover_one(pulumi_cli, f"neev:index:{kind}", make(neev_emulator, box["id"]), HOUR, held)
    assert step["action"] == ("import" if own else "leave"), step
    assert own or "a sandbox that is not in this stack" in step["why"]


def test_recover_fails_if_the_state_of_another_stack_cannot_be_read(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    pulumi_cli.set_other_state("broken")
    (pulumi_cli.directory / "others" / "broken.json").write_text("")
    kind = "neev:index:Sandbox"
    inputs = create_sandbox(neev_emulator, make_owner_labels(kind))
    pulumi_cli.set_state(make_pending_create(kind, inputs), resources=(make_stack_entry(HOUR),))
    refused = CliRunner().invoke(app, ["recover", "--yes"])
    assert refused.exit_code == 1
    assert len(pulumi_cli.state["deployment"]["pending_operations"]) == 1


NAMES = {"Sandbox": "box", "SandboxPool": "box-0a1b2c-0", "GoldenImage": "box-0123456789ab"}


@pytest.mark.parametrize("adapter", TYPE_PREFIXES)
@pytest.mark.parametrize(("kind", "name"), NAMES.items())
def test_sandboxes_without_the_labels_of_the_create_are_not_reported(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, adapter: str, kind: str, name: str
) -> None:
    inputs: Inputs = {"name": "box", **({"replicas": 1} if kind == "SandboxPool" else {})}
    owner = owner_of_urn(make_urn(adapter + kind))
    assert owner is not None
    others = (replace(owner, stack="prod"), replace(owner, address="another resource"))
    for labels in (*(other.to_labels() for other in others), {"managed-by": "another"}, {}):
        foreign = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": name, "labels": labels})
        step = recover_one(pulumi_cli, adapter + kind, inputs, HOUR)
        assert (step["action"], step["id"]) == ("drop", None)
        assert "nothing of it is there" in step["why"]
        out_of_band_request(neev_emulator, "DELETE", f"/sandboxes/{foreign['id']}")
        neev_emulator.advance(60)
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": name, "labels": owner.to_labels()})
    assert recover_one(pulumi_cli, adapter + kind, inputs, HOUR)["action"] == "import"


def test_name_and_inputs_must_match_if_ownership_labels_are_disabled(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    pulumi_cli.set_config(ownershipLabels={"value": "false"})
    inputs = create_sandbox(neev_emulator, {"team": "search"})
    assert recover_one(pulumi_cli, "neev:index:Sandbox", inputs, HOUR)["action"] == "import"


def test_several_interrupted_creates_are_recovered_with_one_list_request(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    kind, names = "neev:index:Sandbox", ("one", "two", "three")
    pending = []
    for name in names:
        out_of_band_request(
            neev_emulator, "POST", "/sandboxes", {"name": name, "labels": make_owner_labels(kind, name)}
        )
        operation = make_pending_create(kind, {"name": name})
        pending.append({**operation, "resource": {**operation["resource"], "urn": make_urn(kind, name)}})
    pulumi_cli.set_state(*pending, resources=(make_stack_entry(HOUR),))
    neev_emulator.clear_log()
    done = CliRunner().invoke(app, ["recover", "--yes", "--json"])
    assert [step["action"] for step in json.loads(done.stdout)["steps"]] == ["import"] * len(names)
    assert [request["template"] for request in neev_emulator.requests] == ["/sandboxes"]
