"""What can be done to snapshots."""

from uuid import uuid4

from neev_emulator.api.requests import CreateSnapshot
from neev_emulator.errors import conflict
from neev_emulator.state.backend import World
from neev_emulator.state.records import Sandbox, Snapshot, course


async def create(world: World, sandbox: Sandbox, body: CreateSnapshot) -> Snapshot:
    """A snapshot of the sandbox's files of this moment: Pending, then Running, then Ready."""
    if sandbox.gone_at is not None:
        raise conflict(f"sandbox {sandbox.name!r} is being deleted")
    key = str(uuid4())
    size = await world.files.capture(sandbox, key)
    now = world.clock.now()
    durations = world.settings.durations
    snapshot = Snapshot(
        id=key,
        org_id=sandbox.org_id,
        project_id=sandbox.project_id,
        created_by=world.caller,
        created_at=now,
        updated_at=now,
        course=course(now, "Pending", durations.snapshot_start, "Running", durations.snapshot, "Ready"),
        name=body.name,
        sandbox_id=sandbox.id,
        region=sandbox.region,
        size_bytes=size,
        expires_at=now + body.retention if body.retention else None,
        image=sandbox.image,
        command=sandbox.command,
        resources=sandbox.resources,
    )
    if world.sandboxes.get(sandbox.id) is None:
        world.files.discard(key)
        raise conflict(f"sandbox {sandbox.name!r} was deleted")
    world.save(snapshot)
    return snapshot


def usable(world: World, project_id: str, snapshot_id: str) -> Snapshot:
    """The project's snapshot of this id, which is Ready."""
    snapshot = world.snapshots.find(project_id, snapshot_id)
    status = snapshot.phase(world.clock.now())
    if status != "Ready":
        raise conflict(f"snapshot {snapshot_id} is {status}, not Ready")
    return snapshot
