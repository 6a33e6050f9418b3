"""Errors for a response without a field that a result or an output requires."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.fakes.scripted_transport import ScriptedTransport, json_response

from neev_provider.client import Api, Settings, connect
from neev_provider.core.errors import UnexpectedResponse
from neev_provider.functions.agents import GetAgent
from neev_provider.functions.arguments import IdOrNameArguments
from neev_provider.functions.sandboxes import GetSandbox, GetSnapshot, GetSnapshots, IdArguments, SandboxIdArguments
from neev_provider.functions.templates import GetSandboxTemplate
from neev_provider.resources.agent import AgentResource
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.snapshot import SnapshotResource

BOX = {"id": "hunter2", "name": "box", "phase": "Ready"}
SNAPSHOT = {"id": "hunter2", "sandbox_id": "hunter2", "status": "Ready"}
AGENT = {"id": "hunter2", "name": "agent", "status": "Ready"}
TEMPLATE = {"id": "hunter2", "name": "template"}
NAMED = IdOrNameArguments(id="hunter2")


@pytest.mark.parametrize(
    ("body", "field", "read"),
    [
        (BOX, "region", lambda api: GetSandbox().call(api, NAMED)),
        (BOX, "created_at", lambda api: SandboxResource().connect(api).read("hunter2", None)),
        (SNAPSHOT, "snapshot_type", lambda api: GetSnapshot().call(api, IdArguments(id="hunter2"))),
        (
            {"items": [SNAPSHOT], "total": 1},
            "snapshots.0.snapshot_type",
            lambda api: GetSnapshots().call(api, SandboxIdArguments(sandbox_id="hunter2")),
        ),
        (SNAPSHOT, "snapshot_type", lambda api: SnapshotResource().connect(api).read("hunter2", None)),
        (AGENT, "agent_template_id", lambda api: GetAgent().call(api, NAMED)),
        (AGENT, "agent_template_id", lambda api: AgentResource().connect(api).read("hunter2", None)),
        ({"items": [TEMPLATE], "total": 1}, "category", lambda api: GetSandboxTemplate().call(api, NAMED)),
    ],
)
async def test_the_error_names_the_missing_field_and_redacts_values(
    body: dict[str, Any], field: str, read: Callable[[Api], Awaitable[object]]
) -> None:
    script = ScriptedTransport(json_response(json=body))
    async with connect(Settings("https://h", "k", "o", "p"), transport=script) as api:
        with pytest.raises(UnexpectedResponse, match=f"with 200: not the documented shape: .*{field}: ") as raised:
            await read(api)
    assert "hunter2" not in str(raised.value)
