"""The list of a stack's sandboxes."""

from __future__ import annotations

from tests.fakes.scripted_transport import ScriptedTransport, json_response

from neev_provider.cli.recover.stack_sandboxes import StackSandboxes
from neev_provider.client import Settings, connect

LABELS = {"managed-by": "tool", "managed-by.stack": "dev"}


async def test_the_sandboxes_of_a_stack_are_listed_by_label_with_one_request() -> None:
    items = [
        {"id": "1", "name": "box", "phase": "Ready", "labels": {**LABELS, "team": "search"}},
        {"id": "2", "name": "box-2", "phase": "Ready", "labels": None},
        {"id": "3", "name": "box-3", "phase": "Ready", "labels": {"managed-by": "tool"}},
    ]
    script = ScriptedTransport(json_response(json={"items": items, "total": 3, "page": 1, "limit": 100}))
    async with connect(Settings("https://api.example", "key", "org", "project"), transport=script) as api:
        sandboxes = StackSandboxes(api, LABELS)
        found = await sandboxes.find("box")
        assert found is not None
        assert found.id == "1"
        assert await sandboxes.find("bo") is None
        assert [item.id for item in await sandboxes.list(name="box")] == ["1", "2"]
    (request,) = script.sent
    assert request.url.params.get_list("label") == ["managed-by=tool", "managed-by.stack=dev"]
