"""The audit trail in both formats of the API."""

from typing import Any

import pytest

from neev_provider.client.audit import AuditEvent, parse_audit_page

PAGE = {"from": "2026-11-29T00:00:00Z", "to": "2026-11-30T00:00:00Z"}
OPERATION = {
    "metadata": {"uid": "event-1", "version": "1.5.0"},
    "time": 1796000000123,
    "class_name": "API Activity",
    "activity_name": "Create",
    "api": {"operation": "exec", "request": {"uid": "request-1"}},
    "actor": {"user": {"credential_uid": "key-1"}},
    "process": {"name": "git"},
    "status": "Failure",
    "status_code": "permission_denied",
    "duration": 12,
}


def parse_event(event: Any, name: str = "data") -> AuditEvent:
    (parsed,) = parse_audit_page({**PAGE, name: [event]}).events
    return parsed


def test_a_record_of_the_older_format_is_parsed() -> None:
    record = {
        "at": "2026-11-29T10:00:00Z",
        "id": "record-1",
        "tool": "fs.read",
        "target": "/workspace/a",
        "outcome": "success",
        "reason_code": "ok",
        "caller_source": "key-1",
        "duration_ms": 3,
    }
    event = parse_event(record, "records")
    assert (event.id, event.at, event.operation) == ("record-1", "2026-11-29T10:00:00Z", "fs.read")
    assert (event.target, event.outcome, event.reason) == ("/workspace/a", "success", "ok")
    assert (event.caller_source, event.duration_ms) == ("key-1", 3)
    assert (event.event_class, event.command) == (None, None)


def test_an_event_of_the_newer_format_is_parsed_to_the_same_fields() -> None:
    event = parse_event(OPERATION)
    assert (event.id, event.at) == ("event-1", "2026-11-30T00:53:20.123Z")
    assert (event.event_class, event.activity) == ("API Activity", "Create")
    assert (event.operation, event.command, event.request_id) == ("exec", "git", "request-1")
    assert (event.outcome, event.reason) == ("error", "permission_denied")
    assert (event.caller_source, event.duration_ms) == ("key-1", 12)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"dst_endpoint": {"hostname": "pypi.org", "port": 443}}, "pypi.org:443"),
        ({"dst_endpoint": {"ip": "192.0.2.1"}}, "192.0.2.1"),
        ({"file": {"path": "/workspace/a"}}, "/workspace/a"),
        ({}, None),
    ],
)
def test_the_target_is_a_destination_or_a_file(part: dict[str, Any], expected: str | None) -> None:
    event = {"metadata": {"uid": "event-2"}, "time_dt": "2026-11-29T10:00:00Z", "class_name": "Network Activity"}
    parsed = parse_event({**event, **part})
    assert parsed.target == expected
    assert (parsed.at, parsed.operation, parsed.outcome) == ("2026-11-29T10:00:00Z", None, None)


def test_an_event_without_id_or_time_is_parsed_and_its_duration_is_rounded() -> None:
    event = parse_event({"class_name": "Network Activity", "duration": 1.6})
    assert (event.id, event.at, event.duration_ms) == (None, None, 2)


def test_a_page_without_events_is_parsed_as_empty() -> None:
    assert parse_audit_page(PAGE).events == ()


def test_an_invalid_event_is_rejected_without_showing_its_content() -> None:
    with pytest.raises(ValueError, match=r"data\.0") as caught:
        parse_event("hunter2")
    assert "hunter2" not in str(caught.value)
