"""Look-ups of sandboxes and snapshots."""

import asyncio
from typing import Any

import pytest

from neev_emulator import Emulator
from neev_provider.client import Api
from neev_provider.core.errors import Forbidden, InputError
from neev_provider.functions.arguments import IdOrNameArguments
from neev_provider.functions.sandboxes import (
    GetSandbox,
    GetSandboxes,
    GetSnapshot,
    GetSnapshots,
    IdArguments,
    SandboxFilter,
    SandboxIdArguments,
    SandboxInfo,
)
from neev_provider.resources.sandbox.sandbox import SandboxInputs
from neev_provider.resources.sandbox.sandbox_fork import FullSandboxOutputs


async def create_ready(api: Api, emulator: Emulator, name: str, **body: Any) -> str:
    """Create a sandbox, wait until it is ready, and return its id."""
    sandbox = await api.sandboxes.create({"name": name, **body})
    emulator.advance(5)
    return sandbox.id


async def test_a_sandbox_is_found_by_id_or_by_exact_name_with_its_outputs(api: Api, emulator: Emulator) -> None:
    id = await create_ready(api, emulator, "box", resources={"cpu": 2})
    for arguments in ({"id": id}, {"name": "box"}):
        found = await GetSandbox().call(api, IdOrNameArguments(**arguments))
        assert (found.id, found.name, found.phase, found.cpu, found.memory_gb) == (id, "box", "Ready", 2, 2)
        assert found.connect_url


async def test_a_look_up_returns_outputs_that_the_resource_does_not_have(api: Api, emulator: Emulator) -> None:
    found = await GetSandbox().call(api, IdOrNameArguments(id=await create_ready(api, emulator, "box")))
    assert (found.org_id, found.project_id) == (emulator.org_id, emulator.project_id)
    assert found.created_by
    assert found.updated_at
    inputs = set(SandboxInputs.model_fields)
    only_output = set(SandboxInfo.model_fields) - set(FullSandboxOutputs.model_fields) - inputs - {"id"}
    assert only_output == {"org_id", "project_id", "created_by", "updated_at"}


async def test_a_look_up_returns_the_egress_policy_and_the_expiration(api: Api, emulator: Emulator) -> None:
    policy = {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}]}
    lifecycle = {"idle_timeout_seconds": 60, "max_lifetime_seconds": 0, "on_idle": "delete"}
    id = await create_ready(api, emulator, "box", egress=policy, lifecycle=lifecycle)
    listed = (await GetSandboxes().call(api, SandboxFilter())).sandboxes
    for found in (await GetSandbox().call(api, IdOrNameArguments(id=id)), *listed):
        assert found.egress.to_properties()["allow"] == policy["allow"]
        assert (found.idle_timeout_seconds, found.max_lifetime_seconds, found.on_idle) == (60, 0, "delete")
        assert found.paused_retention_seconds is None


@pytest.mark.parametrize(
    "arguments", [{"id": "00000000-0000-0000-0000-000000000001"}, {"name": "bo"}, {"name": "id-of"}]
)
async def test_the_error_for_a_missing_sandbox_names_the_id_or_name(
    api: Api, emulator: Emulator, arguments: dict[str, str]
) -> None:
    await create_ready(api, emulator, "box")
    ((path, expected),) = arguments.items()
    with pytest.raises(InputError, match=f"no sandbox of the project has the {path} '{expected}'"):
        await GetSandbox().call(api, IdOrNameArguments(**arguments))


async def test_a_look_up_by_name_does_not_match_an_id(api: Api, emulator: Emulator) -> None:
    """The path of the API accepts both; the look-up by name does not."""
    id = await create_ready(api, emulator, "box")
    with pytest.raises(InputError, match="has the name"):
        await GetSandbox().call(api, IdOrNameArguments(name=id))


async def test_a_forbidden_response_is_not_treated_as_a_missing_sandbox(api: Api, emulator: Emulator) -> None:
    emulator.inject("status", method="GET", path="/sandboxes/{id}", status=403)
    with pytest.raises(Forbidden):
        await GetSandbox().call(api, IdOrNameArguments(name="box"))


async def test_every_page_of_sandboxes_is_read_and_filtered(api: Api, emulator: Emulator) -> None:
    await asyncio.gather(*(api.sandboxes.create({"name": f"box-{number}"}) for number in range(105)))
    other = await create_ready(api, emulator, "other")
    await api.sandboxes.pause(other)
    emulator.advance(5)
    assert len((await GetSandboxes().call(api, SandboxFilter())).sandboxes) == 106
    named = await GetSandboxes().call(api, SandboxFilter(name_contains="BOX-10"))
    assert {sandbox.name for sandbox in named.sandboxes} == {"box-10", *(f"box-10{digit}" for digit in range(5))}
    paused = await GetSandboxes().call(api, SandboxFilter(phase="Paused"))
    assert [sandbox.name for sandbox in paused.sandboxes] == ["other"]


async def test_snapshots_are_found_by_id_and_by_sandbox(api: Api, emulator: Emulator) -> None:
    box, other = await create_ready(api, emulator, "box"), await create_ready(api, emulator, "other")
    ids = [(await api.snapshots.create(box, name=name)).id for name in ("one", "two")]
    await api.snapshots.create(other, name="three")
    emulator.advance(5)
    found = await GetSnapshot().call(api, IdArguments(id=ids[0]))
    assert (found.id, found.sandbox_id, found.name, found.status) == (ids[0], box, "one", "Ready")
    for arguments in (box, "box"):
        listed = await GetSnapshots().call(api, SandboxIdArguments(sandbox_id=arguments))
        assert {snapshot.id for snapshot in listed.snapshots} == set(ids)


async def test_a_missing_snapshot_or_a_missing_sandbox_is_an_error(api: Api) -> None:
    with pytest.raises(InputError, match="no snapshot of the project has the id 'none'"):
        await GetSnapshot().call(api, IdArguments(id="none"))
    with pytest.raises(InputError, match="sandboxId: there is no sandbox 'none' in the project project-emulator"):
        await GetSnapshots().call(api, SandboxIdArguments(sandbox_id="none"))


async def test_the_error_suggests_a_sandbox_with_a_similar_name(api: Api) -> None:
    await api.sandboxes.create({"name": "review-box"})
    with pytest.raises(InputError, match="has the name 'reviewbox'; did you mean `review-box`"):
        await GetSandbox().call(api, IdOrNameArguments(name="reviewbox"))


async def test_sandboxes_are_filtered_by_labels(api: Api, emulator: Emulator) -> None:
    both = await create_ready(api, emulator, "both", labels={"team": "search", "role": "worker"})
    await create_ready(api, emulator, "one", labels={"team": "search"})
    labels = {"team": "search", "role": "worker"}
    found = (await GetSandboxes().call(api, SandboxFilter(labels=labels))).sandboxes
    assert [(item.id, item.effective_labels) for item in found] == [(both, labels)]
    emulator.change_settings(api="0.8")
    assert (await GetSandboxes().call(api, SandboxFilter(labels=labels))).sandboxes == []
