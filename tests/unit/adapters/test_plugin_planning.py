"""Checks, diffs and previews over the wire; a provider that is not configured can send nothing."""

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


def failures_by_property(answer: provider_pb2.CheckResponse) -> dict[str, str]:
    return {failure.property: failure.reason for failure in answer.failures}


def stored_box(inputs: dict[str, Any], **state: Any) -> StoredResource:
    return StoredResource(make_urn("Sandbox"), "id", inputs, {"phase": "Ready", **inputs, **state})


async def test_a_check_gives_secrets_back_where_they_were(unconfigured: FakePulumiEngine) -> None:
    egress = {"mode": "allow_list", "allow": [{"host": secret_value("pypi.org")}, {"host": "example.com"}]}
    inputs = await unconfigured.check_valid("Sandbox", {"name": "box", "cpu": secret_value(2), "egress": egress})
    assert inputs == {"name": "box", "cpu": secret_value(2), "egress": egress}


async def test_a_check_makes_secret_what_is_declared_so(unconfigured: FakePulumiEngine) -> None:
    inputs = await unconfigured.check_valid("Sandbox", {"name": "box", "env": {"A": "b", "C": secret_value("d")}})
    assert inputs["env"] == secret_value({"A": "b", "C": "d"})


async def test_a_check_passes_over_what_is_unknown_and_keeps_it(unconfigured: FakePulumiEngine) -> None:
    egress = {"mode": "allow_list", "allow": [{"host": UNKNOWN, "ports": [UNKNOWN, 443]}]}
    news = {"name": UNKNOWN, "cpu": UNKNOWN, "image": UNKNOWN, "egress": egress, "env": secret_value({"A": UNKNOWN})}
    assert await unconfigured.check_valid("Sandbox", news) == news


async def test_a_check_sees_through_outputs_and_resources_and_drops_nulls(unconfigured: FakePulumiEngine) -> None:
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
async def test_a_check_refuses_what_no_property_takes(unconfigured: FakePulumiEngine, value: Any, reason: str) -> None:
    found = failures_by_property(
        await unconfigured.check("Sandbox", {"image": value, "env": {"A": secret_value(value)}})
    )
    assert set(found) == {"image", ""}
    assert found["image"].startswith(reason)
    assert found[""].startswith(f"env.A: {reason}")


async def test_a_scalar_that_is_a_secret_is_taken_for_what_it_stands_for_and_stays_one(
    unconfigured: FakePulumiEngine,
) -> None:
    answer = await unconfigured.check(
        "Sandbox", {"renewTrigger": secret_value(1234), "image": secret_value(1.5), "env": {"PIN": 1234}}
    )
    inputs = unmarshal(answer.inputs)
    assert (inputs.values["renewTrigger"], inputs.values["env"]) == ("1234", {"PIN": "1234"})
    assert inputs.secrets >= {("renewTrigger",), ("env",)}
    assert "1.5" not in str(answer.failures)


async def test_a_check_takes_bytes_that_are_text(unconfigured: FakePulumiEngine) -> None:
    text = {SIGNATURE: "803fd3297a5875dc03ca845dda5d2a98", "value": "Ym94"}
    assert (await unconfigured.check_valid("Sandbox", {"name": text}))["name"] == "box"


async def test_a_check_names_the_property_and_what_is_allowed_but_never_a_secret(
    unconfigured: FakePulumiEngine,
) -> None:
    news = {"cpu": 0.7, "name": "Not A Name", "env": {"A": [1]}}
    found = failures_by_property(await unconfigured.check("Sandbox", news))
    assert found["cpu"] == "must be a multiple of 0.5 (is 0.7)"
    # the engine shows the value at the path of a failure, so that of a secret has none
    assert found[""] == "env.A: must be a string"
    assert set(found) == {"cpu", "name", ""}


@pytest.mark.parametrize("name", ["evn", "my-token"])
async def test_the_value_of_a_name_that_is_no_property_is_not_shown(unconfigured: FakePulumiEngine, name: str) -> None:
    """What was meant may be a secret."""
    for value in ("hunter2", {"TOKEN": "hunter2"}, {"TOKEN": secret_value("hunter2")}):
        [failure] = (await unconfigured.check("Sandbox", {"name": "box", name: value})).failures
        assert failure.property == ""
        assert failure.reason.startswith(f"{format_path([name])}: is not a property")
        assert "hunter2" not in failure.reason


async def test_a_failure_of_what_the_program_made_secret_shows_no_value(unconfigured: FakePulumiEngine) -> None:
    answer = await unconfigured.check(
        "Sandbox", {"name": secret_value("Hunter2"), "image": {"x": secret_value("hunter3")}}
    )
    assert {failure.property for failure in answer.failures} == {""}
    reasons = " ".join(failure.reason for failure in answer.failures)
    assert "name: must be at most 63" in reasons
    assert "image: must be a string" in reasons
    assert "unter" not in reasons


async def test_not_even_a_secret_that_reads_like_a_reason_is_shown(unconfigured: FakePulumiEngine) -> None:
    answer = await unconfigured.check("Sandbox", {"name": secret_value("Hunter2 (is 3)")})
    [failure] = answer.failures
    assert failure.reason.startswith("name: ")
    assert "unter2" not in failure.reason


async def test_a_made_name_is_the_same_for_the_same_seed_and_kept_from_then_on(unconfigured: FakePulumiEngine) -> None:
    first = await unconfigured.check_valid("Sandbox", {})
    assert first == {"name": f"box-{RANDOM_SEED.hex()[:7]}", "__autonamed": True}
    assert await unconfigured.check_valid("Sandbox", {}) == first
    later = await unconfigured.check("Sandbox", {}, first, randomSeed=b"another seed")
    assert from_struct(later.inputs) == first


async def test_without_a_seed_a_made_name_is_random(unconfigured: FakePulumiEngine) -> None:
    names = {from_struct((await unconfigured.check("Sandbox", {}, randomSeed=b"")).inputs)["name"] for _ in range(3)}
    assert len(names) == 3


async def test_a_proposed_name_is_made_to_fit(unconfigured: FakePulumiEngine) -> None:
    proposed = Naming(mode=Naming.PROPOSE, proposed_name="Acme_Story-box")
    answer = await unconfigured.check("Sandbox", {}, autonaming=proposed)
    assert from_struct(answer.inputs) == {"name": "acme-story-box", "__autonamed": True}


async def test_a_name_that_is_made_leaves_what_its_kind_needs(unconfigured: FakePulumiEngine) -> None:
    proposed = Naming(mode=Naming.PROPOSE, proposed_name="f" * 60)
    for options in ({"autonaming": proposed}, {"name": "f" * 60}):
        answer = await unconfigured.check("SandboxPool", {"replicas": 1}, None, **options)
        assert not failures_by_property(answer)
        assert len(from_struct(answer.inputs)["name"]) == 51
    enforced = Naming(mode=Naming.ENFORCE, proposed_name="f" * 60)
    assert set(failures_by_property(await unconfigured.check("SandboxPool", {"replicas": 1}, autonaming=enforced))) == {
        "name"
    }


async def test_an_enforced_name_is_taken_as_it_is_or_refused(unconfigured: FakePulumiEngine) -> None:
    fits = await unconfigured.check("Sandbox", {}, autonaming=Naming(mode=Naming.ENFORCE, proposed_name="box"))
    assert from_struct(fits.inputs)["name"] == "box"
    answer = await unconfigured.check("Sandbox", {}, autonaming=Naming(mode=Naming.ENFORCE, proposed_name="My_Box"))
    assert set(failures_by_property(answer)) == {"name"}


async def test_where_names_are_not_made_one_has_to_be_given(unconfigured: FakePulumiEngine) -> None:
    disabled = Naming(mode=Naming.DISABLE)
    assert list(failures_by_property(await unconfigured.check("Sandbox", {}, autonaming=disabled))) == ["name"]
    assert not failures_by_property(await unconfigured.check("Sandbox", {"name": "box"}, autonaming=disabled))
    assert not failures_by_property(await unconfigured.check("Sandbox", {}, {"name": "box"}, autonaming=disabled))


async def test_a_diff_names_paths_kinds_and_what_replaces(unconfigured: FakePulumiEngine) -> None:
    egress = {"mode": "allow_list", "allow": [{"host": "a.com"}, {"host": "b.com"}]}
    kept = stored_box({"name": "box", "cpu": 1, "egress": egress, "env": secret_value({"A": "b"})})
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


async def test_a_diff_without_a_change_says_so(unconfigured: FakePulumiEngine) -> None:
    kept = stored_box({"name": "box", "cpu": 1, "env": secret_value({"A": "b"})}, memoryGb=2)
    answer = await unconfigured.diff(kept, {"name": "box", "cpu": 1.0, "memoryGb": 2, "env": {"A": "b"}})
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert not answer.diffs


async def test_a_replacement_with_a_made_name_comes_up_beside_the_old_one(unconfigured: FakePulumiEngine) -> None:
    kept = stored_box({"name": "box-1234567", "__autonamed": True, "region": "dev"})
    answer = await unconfigured.diff(kept, {"region": "as-south-1"})
    assert list(answer.replaces) == ["region"]
    assert not answer.deleteBeforeReplace


async def test_an_output_that_says_the_thing_is_useless_replaces_it(unconfigured: FakePulumiEngine) -> None:
    inputs = {"sandboxId": "id", "name": "kept"}
    kept = StoredResource(make_urn("Snapshot"), "id", inputs, {**inputs, "status": "Failed"})
    answer = await unconfigured.diff(kept, inputs)
    assert {path: (value.kind, value.inputDiff) for path, value in answer.detailedDiff.items()} == {
        "status": (Kind.UPDATE_REPLACE, False)
    }


async def test_a_preview_knows_what_is_known_and_keeps_secrets(unconfigured: FakePulumiEngine) -> None:
    inputs = await unconfigured.check_valid("Sandbox", {"name": "box", "cpu": UNKNOWN, "env": {"A": UNKNOWN}})
    request = provider_pb2.CreateRequest(urn=make_urn("Sandbox"), properties=to_struct(inputs), preview=True)
    state = from_struct((await unconfigured.call("Create", request)).properties)
    assert state["name"] == "box"
    assert state["env"] == secret_value({"A": UNKNOWN})
    assert {state[name] for name in ("cpu", "memoryGb", "phase", "createdAt")} == {UNKNOWN}


async def test_a_preview_of_an_update_keeps_what_an_update_cannot_change(unconfigured: FakePulumiEngine) -> None:
    kept = stored_box({"name": "box", "cpu": 1}, createdAt="then", memoryGb=2)
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


async def test_cancel_ends_the_reading_of_a_large_source_and_nobody_waits_for_it(
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


async def test_a_source_that_never_ends_is_refused_by_the_check(unconfigured: FakePulumiEngine, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for kind in ("File", "Directory"):
        inputs = {"sandboxId": "box", "path": "x", "sourcePath": str(tmp_path / "pipe")}
        found = failures_by_property(await unconfigured.check(kind, inputs))
        assert found == {"sourcePath": f"{tmp_path / 'pipe'} is not a regular file"}


async def test_a_check_rejects_what_the_same_program_declares_already(plugin: FakePulumiEngine) -> None:
    async def find_failures(name: str) -> dict[str, str]:
        rule = {"sandboxId": "the-id", "host": "pypi.org"}
        return failures_by_property(await plugin.check("EgressRule", rule, urn=make_urn("EgressRule", name)))

    assert await find_failures("first") == {}
    already = f"the-id/pypi.org is declared already: {make_urn('EgressRule', 'first')}"
    assert await find_failures("second") == {"": already}
    await plugin.configure()  # another run of the program
    assert await find_failures("second") == {}


async def test_an_egress_rule_beside_the_policy_of_its_new_sandbox_is_refused_before_it_is_created(
    plugin: FakePulumiEngine,
) -> None:
    rule = {"sandboxId": UNKNOWN, "host": "pypi.org"}
    assert failures_by_property(await plugin.check("EgressRule", rule)) == {}  # the first preview cannot know
    sandbox = await plugin.create("Sandbox", {"name": "box", "egress": {"mode": "deny_all"}})
    agent = await plugin.create(
        "Agent", {"name": "helper", "agentTemplate": "claude-code", "egress": {"mode": "deny_all"}}
    )
    for id in (sandbox.id, agent.state["sandboxId"]):
        assert list(failures_by_property(await plugin.check("EgressRule", {**rule, "sandboxId": id}))) == ["sandboxId"]
