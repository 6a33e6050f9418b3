"""Operations on snapshots."""

from uuid import uuid4

from neev_emulator.api.requests import CreateSnapshot
from neev_emulator.errors import conflict
from neev_emulator.state.backend import Backend
from neev_emulator.state.records import SandboxRecord, SnapshotRecord, phase_schedule


async def create(backend: Backend, sandbox: SandboxRecord, body: CreateSnapshot) -> SnapshotRecord:
    """Create a snapshot of the sandbox's current files and processes: Pending, then Running, then Ready."""
    if sandbox.gone_at is not None:
        raise conflict(f"sandbox {sandbox.name!r} is being deleted")
    key = str(uuid4())
    capture = await backend.storage.capture(sandbox, key)
    now = backend.clock.now()
    durations = backend.settings.durations
    retention_seconds = 0 if backend.settings.ignore_retain_for else body.retention_seconds
    snapshot = SnapshotRecord(
        id=key,
        org_id=sandbox.org_id,
        project_id=sandbox.project_id,
        created_by=backend.caller,
        created_at=now,
        updated_at=now,
        phase_schedule=phase_schedule(now, "Pending", durations.snapshot_start, "Running", durations.snapshot, "Ready"),
        name=body.name,
        sandbox_id=sandbox.id,
        region=sandbox.region,
        size_bytes=capture.size_bytes,
        processes=capture.processes,
        expires_at=now + retention_seconds if retention_seconds else None,
        image=sandbox.image,
        command=sandbox.command,
        resources=sandbox.resources,
    )
    if backend.sandboxes.get(sandbox.id) is None:
        backend.storage.discard(key)
        raise conflict(f"sandbox {sandbox.name!r} was deleted")
    backend.save(snapshot)
    return snapshot


def require_restorable(backend: Backend, project_id: str, snapshot_id: str) -> SnapshotRecord:
    """Return the project's snapshot; raise an error unless it is Ready and supported."""
    snapshot = backend.snapshots.find(project_id, snapshot_id)
    status = snapshot.phase(backend.clock.now())
    if status != "Ready":
        raise conflict(f"snapshot {snapshot_id} is {status}, not Ready")
    if backend.settings.restorability == "unsupported":
        raise conflict(f"snapshot {snapshot_id} has a format that is no longer supported")
    return snapshot
