"""The audit log: operations are recorded without their content."""

import pytest

from helpers.runtime_harness import ManualClock
from neev_emulator.runtime.audit import AuditLog
from neev_emulator.runtime.errors import RuntimeApiError, runtime_error


@pytest.fixture
def audit(clock: ManualClock) -> AuditLog:
    return AuditLog(clock)


def test_an_operation_is_recorded_with_its_start_time_and_outcome(audit: AuditLog, clock: ManualClock) -> None:
    started_at = clock.seconds
    with audit.record_operation("fs.read", target="a"):
        clock.seconds += 5
    (record,) = audit.records
    assert (record.at, record.tool, record.target, record.command) == (started_at, "fs.read", "a", None)
    assert (record.outcome, record.reason_code) == ("success", "ok")


def test_a_rejected_operation_is_recorded_with_its_reason_code(audit: AuditLog) -> None:
    with pytest.raises(RuntimeApiError), audit.record_operation("fs.read"):
        raise runtime_error("not_found", "no")
    assert (audit.records[0].outcome, audit.records[0].reason_code) == ("error", "not_found")


def test_an_unexpected_exception_is_recorded_as_internal(audit: AuditLog) -> None:
    with pytest.raises(ZeroDivisionError), audit.record_operation("fs.read"):
        raise ZeroDivisionError
    assert audit.records[0].reason_code == "internal"


@pytest.mark.parametrize(
    ("command", "shown"), [("/bin/sh", "/bin/sh"), ("curl -H token", "[redacted]"), ("x" * 600, "x" * 512 + "...")]
)
def test_a_recorded_command_is_redacted_or_truncated(audit: AuditLog, command: str, shown: str) -> None:
    with audit.record_operation("exec", command=command):
        pass
    assert audit.records[0].command == shown


def test_the_audit_log_keeps_the_latest_1000_records(audit: AuditLog) -> None:
    for index in range(1005):
        with audit.record_operation("exec", target=str(index)):
            pass
    assert (len(audit.records), audit.records[0].target, audit.records[-1].target) == (1000, "5", "1004")


def test_touched_at_is_the_current_time_while_an_operation_runs(audit: AuditLog, clock: ManualClock) -> None:
    started_at = clock.seconds
    assert audit.touched_at == started_at
    with audit.record_operation("exec"):
        clock.seconds += 60
        assert audit.touched_at == started_at + 60
    clock.seconds += 60
    assert audit.touched_at == started_at + 60
    audit.touch()
    assert audit.touched_at == started_at + 120
