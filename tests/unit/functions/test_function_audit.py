"""The audit events of a sandbox: getSandboxAudit."""

from typing import Any

import pytest
from tests.fakes.scripted_transport import ScriptedTransport, json_response

from neev_emulator import Emulator
from neev_provider.client import Api, Settings, connect
from neev_provider.client.runtime import ExecRequest
from neev_provider.core.errors import InputError
from neev_provider.functions.audit import AuditOutcome, AuditQuery, GetSandboxAudit

RANGE = {"from": "2026-11-29T00:00:00Z", "to": "2026-11-30T00:00:00Z", "retention_days": 30}


def make_event(number: int, **parts: Any) -> dict[str, Any]:
    return {"metadata": {"uid": f"event-{number}"}, "time": 1796000000000 - number, "status": "Success", **parts}


async def read_scripted(query: AuditQuery, *pages: dict[str, Any]) -> tuple[Any, ScriptedTransport]:
    """Call the function with these pages of the newer format; return the result and the transport."""
    script = ScriptedTransport(*(json_response(json={**RANGE, **page}) for page in pages))
    async with connect(Settings("http://127.0.0.1:1", "key", "org", "project"), transport=script) as api:
        return await GetSandboxAudit().call(api, query), script


async def test_audit_events_are_returned_and_filtered_by_outcome_and_operation(api: Api, emulator: Emulator) -> None:
    created = await api.sandboxes.create({"name": "box"})
    emulator.advance(5)
    sandbox = await api.sandboxes.get(created.id)
    session = api.runtime.session(sandbox)
    await session.exec(ExecRequest(["true"]), lambda _stream, _text: None, read_timeout=10)
    assert await session.stat("missing") is None
    found = await GetSandboxAudit().call(api, AuditQuery(sandbox_id="box"))
    operations = [(item.operation, item.outcome, item.command) for item in found.events if item.operation]
    assert operations == [("fs.stat", "error", None), ("exec", "success", "true")]
    (program,) = (item for item in found.events if not item.operation)
    assert (program.event_class, program.command) == ("Process Activity", "true")
    assert found.truncated is False
    failed = await GetSandboxAudit().call(api, AuditQuery(sandbox_id=sandbox.id, outcome=AuditOutcome.ERROR))
    assert [item.operation for item in failed.events] == ["fs.stat"]
    runs = await GetSandboxAudit().call(api, AuditQuery(sandbox_id=sandbox.id, operation="exec"))
    assert [item.operation for item in runs.events] == ["exec"]


async def test_the_older_api_reports_the_same_operations(api: Api, emulator: Emulator) -> None:
    emulator.change_settings(api="0.8")
    created = await api.sandboxes.create({"name": "box"})
    emulator.advance(5)
    session = api.runtime.session(await api.sandboxes.get(created.id))
    await session.exec(ExecRequest(["true"]), lambda _stream, _text: None, read_timeout=10)
    (event,) = (await GetSandboxAudit().call(api, AuditQuery(sandbox_id="box"))).events
    assert (event.operation, event.outcome, event.command, event.event_class) == ("exec", "success", "true", None)


async def test_every_page_of_the_newer_response_format_is_requested() -> None:
    found, script = await read_scripted(
        AuditQuery(sandbox_id="box"),
        {"data": [make_event(1, api={"operation": "exec"})], "next_cursor": "second"},
        {"data": [make_event(2)]},
    )
    assert [(item.id, item.operation) for item in found.events] == [("event-1", "exec"), ("event-2", None)]
    assert (found.start, found.end, found.retention_days, found.truncated) == (*RANGE.values(), False)
    assert [request.url.params.get("cursor") for request in script.sent] == [None, "second"]


async def test_max_events_limits_the_number_of_requested_events() -> None:
    pages = [{"data": [make_event(number)], "next_cursor": str(number)} for number in range(3)]
    found, script = await read_scripted(AuditQuery(sandbox_id="box", max_events=2), *pages)
    assert [item.id for item in found.events] == ["event-0", "event-1"]
    assert [request.url.params["limit"] for request in script.sent] == ["2", "1"]
    assert found.truncated


async def test_an_empty_cursor_ends_the_list() -> None:
    found, _ = await read_scripted(AuditQuery(sandbox_id="box"), {"data": [make_event(1)], "next_cursor": ""})
    assert found.truncated is False


async def test_a_range_beyond_the_retention_of_the_api_is_truncated() -> None:
    found, _ = await read_scripted(AuditQuery(sandbox_id="box"), {"records": [], "window_truncated": True})
    assert found.truncated
    assert found.events == []


async def test_a_missing_sandbox_is_an_error(api: Api) -> None:
    with pytest.raises(InputError, match="sandboxId: there is no sandbox 'none' in the project project-emulator"):
        await GetSandboxAudit().call(api, AuditQuery(sandbox_id="none"))
