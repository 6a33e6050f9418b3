"""Faults on phase transitions: unknown, stuck, slow and failed phases."""

from collections.abc import Callable

from neev_emulator.state.backend import Backend
from neev_emulator.state.records import SandboxRecord, SnapshotRecord

SandboxOrSnapshot = SandboxRecord | SnapshotRecord
TransitionFault = Callable[[SandboxOrSnapshot, str | None], SandboxOrSnapshot]
_FOREVER_SECONDS = 100 * 365 * 24 * 3600.0


def apply_transition_fault(backend: Backend, ref: str, fault: TransitionFault, argument: str | None) -> None:
    """Apply the fault to the sandbox, snapshot or agent with this id or name."""
    records: list[SandboxOrSnapshot] = [*backend.sandboxes.all(), *backend.snapshots.all()]
    sandbox_ids = {name: agent.sandbox_id for agent in backend.agents.all() for name in (agent.id, agent.name)}
    for record in records:
        if ref in (record.id, record.name) or sandbox_ids.get(ref) == record.id:
            backend.save(fault(record, argument))


def rename_phase(record: SandboxOrSnapshot, phase: str | None) -> SandboxOrSnapshot:
    """Rename the first phase; later phases are unchanged."""
    first = record.phase_schedule[0].model_copy(update={"phase": phase})
    return record.with_changes(phase_schedule=(first, *record.phase_schedule[1:]))


def hold_phase(record: SandboxOrSnapshot, phase: str | None) -> SandboxOrSnapshot:
    """Make the first phase, or the named one, last for good."""
    first = record.phase_schedule[0].model_copy(update={"phase": phase or record.phase_schedule[0].phase})
    changes: dict[str, object] = {"phase_schedule": (first,)}
    if record.gone_at is not None:
        changes["gone_at"] = record.gone_at + _FOREVER_SECONDS
    if isinstance(record, SandboxRecord) and first.at < (record.ready_from or 0.0):
        changes |= {"ready_from": None, "addressable_from": None, "active_from": None}
    return record.with_changes(**changes)


def delay_phase(record: SandboxOrSnapshot, seconds: float) -> SandboxOrSnapshot:
    """Make the first phase longer; later phases are delayed."""
    first = record.phase_schedule[0]
    schedule = (first, *(later.model_copy(update={"at": later.at + seconds}) for later in record.phase_schedule[1:]))
    changes: dict[str, object] = {"phase_schedule": schedule}
    if record.gone_at is not None:
        changes["gone_at"] = record.gone_at + seconds
    if isinstance(record, SandboxRecord):
        for field in ("ready_from", "addressable_from", "active_from"):
            at = getattr(record, field)
            if at is not None and at > first.at:
                changes[field] = at + seconds
    return record.with_changes(**changes)


def fail(record: SandboxOrSnapshot, reason: str | None) -> SandboxOrSnapshot:
    """Make the last phase a failure."""
    failed = "Failed" if isinstance(record, SnapshotRecord) else "RestoreFailed"
    last = record.phase_schedule[-1].model_copy(update={"phase": failed})
    changes: dict[str, object] = {"phase_schedule": (*record.phase_schedule[:-1], last)}
    if isinstance(record, SnapshotRecord):
        changes["error"] = reason
    return record.with_changes(**changes)
