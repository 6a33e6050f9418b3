"""The audit trail in the formats of both versions of the API."""

from typing import Any

import pytest

from helpers.emulator_harness import START, ApiDriver, require_success
from neev_emulator import Backend, Settings

TIME = "2026-05-28T20:26:51.000000Z"


async def call(api: ApiDriver, sandbox: str, endpoint: str, /, **body: Any) -> None:
    key = (await api.read(f"/sandboxes/{sandbox}"))["id"]
    headers = {"x-sandbox-id": key}
    await api.client.post(f"/sandboxes-runtime/v1{endpoint}", headers=headers, json=body)


async def read_events(api: ApiDriver, sandbox: str = "web") -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = (await api.read(f"/sandboxes/{sandbox}/audit"))["data"]
    return events


async def test_a_command_creates_an_operation_event_and_a_program_event(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await call(api, "web", "/exec", command="true")
    operation, program = sorted(await read_events(api), key=lambda event: "api" not in event)
    uid = operation["metadata"]["uid"]
    assert operation.pop("duration") >= 0
    common = {
        "severity_id": 1,
        "time": int((START + 11) * 1000),
        "time_dt": TIME,
        "status_id": 1,
        "status": "Success",
        "status_code": "ok",
        "actor": {"user": {"credential_uid": backend.caller}},
        "process": {"name": "true"},
    }
    assert operation == {
        **common,
        "category_uid": 6,
        "class_uid": 6003,
        "class_name": "API Activity",
        "activity_id": 99,
        "activity_name": "exec",
        "type_uid": 600399,
        "metadata": {"uid": uid, "version": "1.5.0"},
        "api": {"operation": "exec"},
    }
    assert program == {
        **common,
        "category_uid": 1,
        "class_uid": 1007,
        "class_name": "Process Activity",
        "activity_id": 1,
        "activity_name": "Launch",
        "type_uid": 100701,
        "metadata": {"uid": f"{uid}-program", "version": "1.5.0"},
    }


@pytest.mark.parametrize(
    ("path", "body", "target"),
    [
        ("/files/read", {"path": "missing"}, {"file": {"path": "missing"}}),
        ("/processes/get", {"process_id": "proc-1"}, {"process": {"uid": "proc-1"}}),
    ],
)
async def test_a_failed_operation_has_a_status_code_and_a_target(
    api: ApiDriver, path: str, body: dict[str, str], target: dict[str, Any]
) -> None:
    await api.create_ready(name="web")
    await call(api, "web", path, **body)
    (event,) = await read_events(api)
    assert (event["status_id"], event["status"], event["status_code"]) == (2, "Failure", "not_found")
    assert {name: event[name] for name in ("file", "process") if name in event} == target


async def test_the_event_of_an_operation_without_a_target_omits_the_target(api: ApiDriver) -> None:
    await api.create_ready(name="web")
    await call(api, "web", "/processes/list")
    (event,) = await read_events(api)
    assert event["api"] == {"operation": "process.list"}
    assert not event.keys() & {"file", "process"}


async def test_no_program_events_are_recorded_without_execution_trace(api: ApiDriver) -> None:
    await api.create_ready(name="web", execution_trace=False)
    await call(api, "web", "/exec", command="true")
    assert [event["class_name"] for event in await read_events(api)] == ["API Activity"]


async def test_program_events_count_towards_the_page_limit(api: ApiDriver) -> None:
    await api.create_ready(name="web")
    await call(api, "web", "/exec", command="true")
    page = await api.read("/sandboxes/web/audit?limit=1")
    rest = await api.read(f"/sandboxes/web/audit?limit=1&cursor={page['next_cursor']}")
    assert len({event["metadata"]["uid"] for event in page["data"] + rest["data"]}) == 2
    assert "next_cursor" not in rest


async def test_api_0_8_returns_records_instead_of_events(api: ApiDriver, backend: Backend) -> None:
    sandbox = await api.create_ready(name="web")
    await call(api, "web", "/exec", command="true")
    await call(api, "web", "/files/exists", path="page")
    backend.change_settings(Settings(api="0.8"))
    trail = await api.read("/sandboxes/web/audit")
    assert trail["sandbox_id"] == sandbox["id"]
    assert "data" not in trail
    records = sorted(trail["records"], key=lambda record: record["tool"])
    assert [(record["tool"], record.get("command"), record.get("target")) for record in records] == [
        ("exec", "true", None),
        ("fs.exists", None, "page"),
    ]


async def test_the_audit_trail_of_an_agent_is_that_of_its_sandbox(api: ApiDriver, backend: Backend) -> None:
    agent = await api.create("/agents", name="coder", agent_template="claude-code")
    backend.advance(11)
    headers = {"x-sandbox-id": agent["sandbox_id"]}
    require_success(await api.client.post("/sandboxes-runtime/v1/files/exists", headers=headers, json={"path": "page"}))
    assert [event["api"]["operation"] for event in (await api.read("/agents/coder/audit"))["data"]] == ["fs.exists"]
