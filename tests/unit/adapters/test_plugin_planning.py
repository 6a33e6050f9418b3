"""Checks, diffs and previews through the plugin protocol; an unconfigured provider cannot send a request."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2
from tests.unit.adapters.fake_pulumi_engine import (
    RANDOM_SEED,
    SIGNATURE,
    UNKNOWN,
    FakePulumiEngine,
    RpcFailure,
    StoredResource,
    from_struct,
    make_urn,
    secret_value,
    to_struct,
)

from neev_provider.adapters.pulumi.marshal import unmarshal
from neev_provider.core.validation import format_path

Naming = provider_pb2.CheckRequest.AutonamingOptions
Kind = provider_pb2.PropertyDiff


def list_failures(answer: provider_pb2.CheckResponse) -> dict[str, str]:
    return {failure.property: failure.reason for failure in answer.failures}


def build_stored_box(inputs: dict[str, Any], **state: Any) -> StoredResource:
    return StoredResource(make_urn("Sandbox"), "id", inputs, {"phase": "Ready", **inputs, **state})


async def test_a_check_keeps_secrets_at_their_paths(unconfigured: FakePulumiEngine) -> None:
    egress = {"mode": "allow_list", "allow": [{"host": secret_value("pypi.org")}, {"host": "example.com"}]}
    inputs = await unconfigured.check_valid("Sandbox", {"name": "box", "cpu": secret_value(2), "egress": egress})
    assert inputs == {"name": "box", "cpu": secret_value(2), "egress": egress}


async def test_a_check_marks_declared_secrets(unconfigured: FakePulumiEngine) -> None:
    inputs = await unconfigured.check_valid("Sandbox", {"name": "box", "env": {"A": "b", "C": secret_value("d")}})
    assert inputs["env"] == secret_value({"A": "b", "C": "d"})


async def test_a_check_keeps_unknown_values(unconfigured: FakePulumiEngine) -> None:
    egress = {"mode": "allow_list", "allow": [{"host": UNKNOWN, "ports": [UNKNOWN, 443]}]}
    news = {"name": UNKNOWN, "cpu": UNKNOWN, "image": UNKNOWN, "egress": egress, "env": secret_value({"A": UNKNOWN})}
    assert await unconfigured.check_valid("Sandbox", news) == news


async def test_a_check_unwraps_outputs_and_resource_references_and_drops_nulls(unconfigured: FakePulumiEngine) -> None:
    output = {SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "dependencies": []}
    reference = {SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": make_urn("Sandbox")}
    news = {
        "name": "copy",
        "sourceSandboxId": {**reference, "id": "the-id"},
        "cpu": {**output, "value": 2},
        "memoryGb": {**output, "value": 4, "secret": True},
        "paused": output,
        "onIdle": None,
        "rollbackToSnapshotId": {**reference, "id": ""},
    }
    assert await unconfigured.check_valid("SandboxFork", news) == {
        "name": "copy",
        "sourceSandboxId": "the-id",
        "cpu": 2,
        "memoryGb": secret_value(4),
        "paused": UNKNOWN,
        "rollbackToSnapshotId": UNKNOWN,
    }


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "a"}, "is an asset or archive"),
        ({SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7", "path": "a"}, "is an asset or archive"),
        ({SIGNATURE: "803fd3297a5875dc03ca845dda5d2a98", "value": "//8="}, "holds bytes"),
        ({SIGNATURE: "5cf8f73096256a8f31e491e813e4eb8e", "urn": "urn:x"}, "is a component"),
        ({SIGNATURE: "of tomorrow"}, "is a special value"),
    ],
)
async def test_a_check_rejects_values_of_unsupported_types(
    unconfigured: FakePulumiEngine, value: Any, reason: str
) -> None:
    found = list_failures(await unconfigured.check("Sandbox", {"image": value, "env": {"A": secret_value(value)}}))
    assert set(found) == {"image", ""}
    assert found["image"].startswith(reason)
    assert found[""].startswith(f"env.A: {reason}")


async def test_a_secret_scalar_is_converted_and_stays_secret(
    unconfigured: FakePulumiEngine,
) -> None:
    answer = await unconfigured.check(
        "Sandbox", {"renewTrigger": secret_value(1234), "image": secret_value(1.5), "env": {"PIN": 1234}}
    )
    inputs = unmarshal(answer.inputs)
    assert (inputs.values["renewTrigger"], inputs.values["env"]) == ("1234", {"PIN": "1234"})
    assert inputs.secrets >= {("renewTrigger",), ("env",)}
    assert "1.5" not in str(answer.failures)


async def test_a_check_accepts_bytes_that_are_text(unconfigured: FakePulumiEngine) -> None:
    text = {SIGNATURE: "803fd3297a5875dc03ca845dda5d2a98", "value": "Ym94"}
    assert (await unconfigured.check_valid("Sandbox", {"name": text}))["name"] == "box"


async def test_a_check_failure_names_the_property_and_the_limit_but_no_secret(
    unconfigured: FakePulumiEngine,
) -> None:
    news = {"cpu": 0.7, "name": "Not A Name", "env": {"A": [1]}}
    found = list_failures(await unconfigured.check("Sandbox", news))
    assert found["cpu"] == "must be a multiple of 0.5 (is 0.7)"
    # the engine shows the value at the path of a failure, so the failure of a secret has no path
    assert found[""] == "env.A: must be a string"
    assert set(found) == {"cpu", "name", ""}


@pytest.mark.parametrize("name", ["evn", "my-token"])
async def test_the_value_of_an_unknown_property_is_not_shown(unconfigured: FakePulumiEngine, name: str) -> None:
    """The intended property may be secret."""
    for value in ("hunter2", {"TOKEN": "hunter2"}, {"TOKEN": secret_value("hunter2")}):
        [failure] = (await unconfigured.check("Sandbox", {"name": "box", name: value})).failures
        assert failure.property == ""
        assert failure.reason.startswith(f"{format_path([name])}: is not a property")
        assert "hunter2" not in failure.reason


async def test_the_check_failure_of_a_secret_input_redacts_its_value(unconfigured: FakePulumiEngine) -> None:
    answer = await unconfigured.check(
        "Sandbox", {"name": secret_value("Hunter2"), "image": {"x": secret_value("hunter3")}}
    )
    assert {failure.property for failure in answer.failures} == {""}
    reasons = " ".join(failure.reason for failure in answer.failures)
    assert "name: must be at most 63" in reasons
    assert "image: must be a string" in reasons
    assert "unter" not in reasons


async def test_a_secret_that_resembles_a_failure_reason_is_redacted(unconfigured: FakePulumiEngine) -> None:
    answer = await unconfigured.check("Sandbox", {"name": secret_value("Hunter2 (is 3)")})
    [failure] = answer.failures
    assert failure.reason.startswith("name: ")
    assert "unter2" not in failure.reason


async def test_a_generated_name_depends_on_the_seed_and_is_kept(unconfigured: FakePulumiEngine) -> None:
    first = await unconfigured.check_valid("Sandbox", {})
    assert first == {"name": f"box-{RANDOM_SEED.hex()[:7]}", "__autonamed": True}
    assert await unconfigured.check_valid("Sandbox", {}) == first
    later = await unconfigured.check("Sandbox", {}, first, randomSeed=b"another seed")
    assert from_struct(later.inputs) == first


async def test_a_generated_name_is_random_without_a_seed(unconfigured: FakePulumiEngine) -> None:
    names = {from_struct((await unconfigured.check("Sandbox", {}, randomSeed=b"")).inputs)["name"] for _ in range(3)}
    assert len(names) == 3


async def test_a_proposed_name_is_normalized(unconfigured: FakePulumiEngine) -> None:
    proposed = Naming(mode=Naming.PROPOSE, proposed_name="Acme_Story-box")
    answer = await unconfigured.check("Sandbox", {}, autonaming=proposed)
    assert from_struct(answer.inputs) == {"name": "acme-story-box", "__autonamed": True}


async def test_a_generated_name_is_truncated_to_the_limit_of_its_kind(unconfigured: FakePulumiEngine) -> None:
    proposed = Naming(mode=Naming.PROPOSE, proposed_name="f" * 60)
    for options in ({"autonaming": proposed}, {"name": "f" * 60}):
        answer = await unconfigured.check("SandboxPool", {"replicas": 1}, None, **options)
        assert not list_failures(answer)
        assert len(from_struct(answer.inputs)["name"]) == 51
    enforced = Naming(mode=Naming.ENFORCE, proposed_name="f" * 60)
    assert set(list_failures(await unconfigured.check("SandboxPool", {"replicas": 1}, autonaming=enforced))) == {"name"}


async def test_an_enforced_name_is_used_unchanged_or_rejected(unconfigured: FakePulumiEngine) -> None:
    fits = await unconfigured.check("Sandbox", {}, autonaming=Naming(mode=Naming.ENFORCE, proposed_name="box"))
    assert from_struct(fits.inputs)["name"] == "box"
    answer = await unconfigured.check("Sandbox", {}, autonaming=Naming(mode=Naming.ENFORCE, proposed_name="My_Box"))
    assert set(list_failures(answer)) == {"name"}


async def test_a_name_is_required_if_autonaming_is_disabled(unconfigured: FakePulumiEngine) -> None:
    disabled = Naming(mode=Naming.DISABLE)
    assert list(list_failures(await unconfigured.check("Sandbox", {}, autonaming=disabled))) == ["name"]
    assert not list_failures(await unconfigured.check("Sandbox", {"name": "box"}, autonaming=disabled))
    assert not list_failures(await unconfigured.check("Sandbox", {}, {"name": "box"}, autonaming=disabled))


async def test_a_detailed_diff_has_paths_kinds_and_replaces(unconfigured: FakePulumiEngine) -> None:
    egress = {"mode": "allow_list", "allow": [{"host": "a.com"}, {"host": "b.com"}]}
    kept = build_stored_box({"name": "box", "cpu": 1, "egress": egress, "env": secret_value({"A": "b"})})
    changed = {"mode": "allow_list", "allow": [{"host": "b.com"}, {"host": "c.com"}]}
    news = {"name": "box", "cpu": 2, "egress": changed, "env": {"A": "c"}, "paused": True}
    answer = await unconfigured.diff(kept, news)
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert answer.hasDetailedDiff
    assert {path: (value.kind, value.inputDiff) for path, value in answer.detailedDiff.items()} == {
        "cpu": (Kind.UPDATE, True),
        "egress.allow[1].host": (Kind.UPDATE, True),
        "env.A": (Kind.UPDATE_REPLACE, True),
        "paused": (Kind.ADD, True),
    }
    assert sorted(answer.diffs) == ["cpu", "egress", "env", "paused"]
    assert list(answer.replaces) == ["env"]
    assert answer.deleteBeforeReplace
    assert "createdAt" in answer.stables


async def test_a_diff_of_equal_inputs_reports_no_changes(unconfigured: FakePulumiEngine) -> None:
    kept = build_stored_box({"name": "box", "cpu": 1, "env": secret_value({"A": "b"})}, memoryGb=2)
    answer = await unconfigured.diff(kept, {"name": "box", "cpu": 1.0, "memoryGb": 2, "env": {"A": "b"}})
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert not answer.diffs


async def test_a_replacement_with_a_generated_name_is_created_before_the_delete(unconfigured: FakePulumiEngine) -> None:
    kept = build_stored_box({"name": "box-1234567", "__autonamed": True, "region": "dev"})
    answer = await unconfigured.diff(kept, {"region": "as-south-1"})
    assert list(answer.replaces) == ["region"]
    assert not answer.deleteBeforeReplace


async def test_a_failed_status_replaces_the_resource(unconfigured: FakePulumiEngine) -> None:
    inputs = {"sandboxId": "id", "name": "kept"}
    kept = StoredResource(make_urn("Snapshot"), "id", inputs, {**inputs, "status": "Failed"})
    answer = await unconfigured.diff(kept, inputs)
    assert {path: (value.kind, value.inputDiff) for path, value in answer.detailedDiff.items()} == {
        "status": (Kind.UPDATE_REPLACE, False)
    }


async def test_a_preview_of_a_create_has_the_known_inputs_and_keeps_secrets(unconfigured: FakePulumiEngine) -> None:
    inputs = await unconfigured.check_valid("Sandbox", {"name": "box", "cpu": UNKNOWN, "env": {"A": UNKNOWN}})
    request = provider_pb2.CreateRequest(urn=make_urn("Sandbox"), properties=to_struct(inputs), preview=True)
    state = from_struct((await unconfigured.call("Create", request)).properties)
    assert state["name"] == "box"
    assert state["env"] == secret_value({"A": UNKNOWN})
    assert {state[name] for name in ("cpu", "memoryGb", "phase", "createdAt")} == {UNKNOWN}


async def test_a_preview_of_an_update_keeps_stable_outputs(unconfigured: FakePulumiEngine) -> None:
    kept = build_stored_box({"name": "box", "cpu": 1}, createdAt="then", memoryGb=2)
    request = provider_pb2.UpdateRequest(
        id="id",
        urn=kept.urn,
        olds=to_struct(kept.state),
        old_inputs=to_struct(kept.inputs),
        news=to_struct({"name": "box", "cpu": 2}),
        preview=True,
    )
    state = from_struct((await unconfigured.call("Update", request)).properties)
    assert (state["cpu"], state["memoryGb"], state["createdAt"], state["phase"]) == (2, 2, "then", UNKNOWN)


async def test_cancel_ends_a_diff_of_a_large_source_without_blocking_others(
    unconfigured: FakePulumiEngine, tmp_path: Path
) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(1 << 40)
    inputs = {"sandboxId": "box", "path": "x", "sourcePath": str(tmp_path / "large")}
    kept = StoredResource(make_urn("File"), "box/x", inputs, {**inputs, "sha256": "0" * 64})
    reading = asyncio.ensure_future(unconfigured.diff(kept, inputs))
    await unconfigured.check_valid("File", {"sandboxId": "box", "path": "y", "sourcePath": str(tmp_path / "large")})
    assert not reading.done()
    await unconfigured.call("Cancel", empty_pb2.Empty())
    with pytest.raises(RpcFailure) as caught:
        await reading
    assert caught.value.code == grpc.StatusCode.CANCELLED


async def test_a_check_rejects_a_source_that_is_a_pipe(unconfigured: FakePulumiEngine, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for kind in ("File", "Directory"):
        inputs = {"sandboxId": "box", "path": "x", "sourcePath": str(tmp_path / "pipe")}
        found = list_failures(await unconfigured.check(kind, inputs))
        assert found == {"sourcePath": f"{tmp_path / 'pipe'} is not a regular file"}


async def test_a_check_rejects_a_duplicate_egress_rule(plugin: FakePulumiEngine) -> None:
    async def find_failures(name: str) -> dict[str, str]:
        rule = {"sandboxId": "the-id", "host": "pypi.org"}
        return list_failures(await plugin.check("EgressRule", rule, urn=make_urn("EgressRule", name)))

    assert await find_failures("first") == {}
    already = f"the-id/pypi.org is declared already: {make_urn('EgressRule', 'first')}"
    assert await find_failures("second") == {"": already}
    await plugin.configure()  # another run of the program
    assert await find_failures("second") == {}


async def test_an_egress_rule_is_rejected_before_its_create_if_the_new_sandbox_has_a_policy(
    plugin: FakePulumiEngine,
) -> None:
    rule = {"sandboxId": UNKNOWN, "host": "pypi.org"}
    assert list_failures(await plugin.check("EgressRule", rule)) == {}  # the id is unknown in the first preview
    sandbox = await plugin.create("Sandbox", {"name": "box", "egress": {"mode": "deny_all"}})
    agent = await plugin.create(
        "Agent", {"name": "helper", "agentTemplate": "claude-code", "egress": {"mode": "deny_all"}}
    )
    for id in (sandbox.id, agent.state["sandboxId"]):
        assert list(list_failures(await plugin.check("EgressRule", {**rule, "sandboxId": id}))) == ["sandboxId"]
