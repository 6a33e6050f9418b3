"""Operations on sandboxes. Each returns the record after the change."""

import secrets
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

from neev_emulator.api.requests import (
    CreateSandbox,
    EnvVar,
    ExpirationUpdate,
    ResourcesUpdate,
    UpdateAgent,
    UpdateSandbox,
)
from neev_emulator.errors import conflict, invalid
from neev_emulator.state import egress
from neev_emulator.state.backend import Backend
from neev_emulator.state.catalog import DEFAULT_TEMPLATE, REGIONS, SandboxTemplate, list_sandbox_templates
from neev_emulator.state.records import ExpirationPolicy, Resources, SandboxRecord, SnapshotRecord, phase_schedule
from neev_emulator.state.snapshots import require_restorable

_DEFAULT_COMMAND = ["sleep", "infinity"]
_MIN_ROOTFS_GB = 4


async def create(backend: Backend, project_id: str, body: CreateSandbox) -> SandboxRecord:
    """Create a sandbox that becomes Ready, then addressable."""
    name = body.name or f"sandbox-{secrets.token_hex(4)}"
    snapshot = require_restorable(backend, project_id, body.snapshot_id) if body.snapshot_id else None
    region = resolve_region(backend, body.region, snapshot)
    template = _find_template(backend, body.sandbox_template_id)
    resources = _require_same_size(body.resources, snapshot) if snapshot else with_default_size(body.resources)
    with reserve(backend, project_id, name):
        key = str(uuid4())
        if snapshot:
            await backend.storage.clone(snapshot, key)
        sandbox = SandboxRecord(
            **initial_fields(backend, key, project_id, backend.settings.durations.create),
            name=name,
            region=region,
            image=body.image or (snapshot or template or DEFAULT_TEMPLATE).image,
            command=body.command or (_DEFAULT_COMMAND if body.image else snapshot and snapshot.command),
            env=env_mapping(body.env),
            resources=resources,
            egress=body.egress.with_defaults() if body.egress else egress.Policy(),
            lifecycle=(body.lifecycle or ExpirationUpdate()).merge_into(ExpirationPolicy()),
            template_id=body.sandbox_template_id,
            labels=body.labels or {},
            execution_trace=body.execution_trace is not False,
        )
        backend.save(sandbox)
        if snapshot:
            backend.storage.start_processes(sandbox, snapshot.processes)
    return sandbox


async def fork(backend: Backend, source: SandboxRecord, name: str) -> SandboxRecord:
    """Create a sandbox with the source's current files, processes, size, egress, environment and expiration policy."""
    require_not_deleting(source)
    with reserve(backend, source.project_id, name):
        key = str(uuid4())
        capture = await backend.storage.capture(source, key)
        fields = initial_fields(backend, key, source.project_id, backend.settings.durations.fork)
        fields |= {"name": name, "ports": {}, "paused_at": None, "idle_deadline": None}
        sandbox = source.with_changes(**fields)
        backend.save(sandbox)
        backend.storage.start_processes(sandbox, capture.processes)
    return sandbox


def update(backend: Backend, sandbox: SandboxRecord, body: UpdateSandbox | UpdateAgent) -> SandboxRecord:
    """Change cpu, memory or egress of the sandbox, running or not."""
    require_not_deleting(sandbox)
    changed = sandbox.with_changes(
        resources=_resize(sandbox.resources, body.resources),
        egress=_update_egress(sandbox.egress, body),
        updated_at=backend.clock.now(),
    )
    backend.save(changed)
    return changed


async def pause(backend: Backend, sandbox: SandboxRecord) -> SandboxRecord:
    """Start pausing the sandbox, unless it is paused."""
    require_not_deleting(sandbox)
    if sandbox.paused_at is not None:
        return sandbox
    return await stop(backend, sandbox, backend.clock.now())


async def stop(backend: Backend, sandbox: SandboxRecord, moment: float) -> SandboxRecord:
    """Pause the sandbox as of this time, for a caller or because it expired."""
    paused = sandbox.with_changes(
        phase_schedule=phase_schedule(moment, "Pausing", backend.settings.durations.pause, "Paused"),
        idle_deadline=backend.idle_expires_at(sandbox),
        paused_at=moment,
        updated_at=moment,
    )
    backend.save(paused)
    await backend.storage.pause(paused)
    return paused


async def resume(backend: Backend, sandbox: SandboxRecord) -> SandboxRecord:
    """Start resuming the sandbox, if it is paused.

    A used up lifetime starts again; otherwise the sandbox would stop at once.
    """
    require_not_deleting(sandbox)
    if sandbox.paused_at is None:
        return sandbox
    now = backend.clock.now()
    ready = now + backend.settings.durations.resume
    lifetime_end = backend.hard_expires_at(sandbox)
    resumed = sandbox.with_changes(
        phase_schedule=phase_schedule(now, "Resuming", backend.settings.durations.resume, "Ready"),
        paused_at=None,
        idle_deadline=None,
        active_from=ready,
        ready_from=sandbox.ready_from or ready,
        addressable_from=max(ready, sandbox.addressable_from or ready),
        lifetime_from=now if lifetime_end is not None and lifetime_end <= now else sandbox.lifetime_from,
        updated_at=now,
    )
    backend.save(resumed)
    await backend.storage.resume(resumed)
    return resumed


def keepalive(backend: Backend, sandbox: SandboxRecord) -> SandboxRecord:
    """Restart the idle timeout, unless the sandbox is paused."""
    require_not_deleting(sandbox)
    if sandbox.paused_at is not None or sandbox.active_from is None:
        return sandbox
    now = backend.clock.now()
    changed = sandbox.with_changes(active_from=max(now, sandbox.active_from), updated_at=now)
    backend.save(changed)
    return changed


def set_expiration(backend: Backend, sandbox: SandboxRecord, expiration: ExpirationUpdate) -> SandboxRecord:
    """Change the given parts of the expiration policy."""
    require_not_deleting(sandbox)
    changed = sandbox.with_changes(lifecycle=expiration.merge_into(sandbox.lifecycle), updated_at=backend.clock.now())
    backend.save(changed)
    return changed


async def rollback(backend: Backend, sandbox: SandboxRecord, snapshot_id: str) -> SandboxRecord:
    """Restore the snapshot's files and processes: NotReady, then Ready, or Paused if the sandbox was paused."""
    require_not_deleting(sandbox)
    snapshot = require_restorable(backend, sandbox.project_id, snapshot_id)
    await backend.storage.restore(snapshot, sandbox)
    sandbox = backend.sandboxes.find(sandbox.project_id, sandbox.id)
    now = backend.clock.now()
    ready = now + backend.settings.durations.rollback
    paused = sandbox.paused_at is not None
    restored = sandbox.with_changes(
        phase_schedule=phase_schedule(
            now, "NotReady", backend.settings.durations.rollback, "Paused" if paused else "Ready"
        ),
        active_from=sandbox.active_from if paused else ready,
        ready_from=sandbox.ready_from or ready,
        addressable_from=sandbox.addressable_from or ready,
        updated_at=now,
    )
    backend.save(restored)
    return restored


def delete(backend: Backend, sandbox: SandboxRecord) -> None:
    """Start deleting the sandbox and its snapshots."""
    agent = backend.find_agent(sandbox.id)
    if agent is not None and agent.gone_at is None:
        raise conflict(f"sandbox {sandbox.name!r} runs agent {agent.name!r}; delete the agent instead")
    terminate(backend, sandbox, backend.clock.now())


def terminate(backend: Backend, sandbox: SandboxRecord, moment: float) -> None:
    """Start deleting the sandbox, and its agent, as of this time."""
    if sandbox.gone_at is not None:
        return
    gone_at = moment + backend.settings.durations.delete
    changes = {"gone_at": gone_at, "updated_at": moment}
    backend.save(sandbox.with_changes(phase_schedule=phase_schedule(moment, "Terminating"), **changes))
    if agent := backend.find_agent(sandbox.id):
        backend.save(agent.with_changes(**changes))


def reserve(backend: Backend, project_id: str, name: str) -> AbstractContextManager[None]:
    """Reserve the name and a place in the quota while the sandbox is created."""
    settings = backend.settings
    return backend.sandboxes.reserve(
        project_id, name, quota=settings.sandbox_quota, error_code="sandbox_quota_exceeded", scope=settings.quota_scope
    )


def require_not_deleting(sandbox: SandboxRecord) -> None:
    """Raise an error if the sandbox is being deleted."""
    if sandbox.gone_at is not None:
        raise conflict(f"sandbox {sandbox.name!r} is being deleted")


def resolve_region(backend: Backend, region: str | None, snapshot: SnapshotRecord | None = None) -> str:
    """Return the requested region, that of the snapshot, or the default."""
    if region is not None and region not in REGIONS:
        raise invalid("region", f"must be one of {', '.join(REGIONS)}")
    if snapshot and region not in (None, snapshot.region):
        raise invalid("region", f"must be that of the snapshot's origin, {snapshot.region}")
    return region or (snapshot.region if snapshot else backend.region)


def with_default_size(requested: ResourcesUpdate | None, base: Resources | None = None) -> Resources:
    """Return the size of a new sandbox; the root file system is a fifth of the disk unless given."""
    requested = requested or ResourcesUpdate()
    base = base or Resources()
    disk = requested.disk_gb or base.disk_gb
    rootfs = requested.rootfs_disk_gb or max(_MIN_ROOTFS_GB, disk // 5)
    if rootfs >= disk:
        raise invalid("resources.rootfs_disk_gb", f"must be less than disk_gb, which is {disk}")
    return requested.merge_into(base).model_copy(update={"rootfs_disk_gb": rootfs})


def env_mapping(env: list[EnvVar] | None) -> dict[str, str]:
    """Return the variables by name; the last value of a name wins."""
    return {variable.name: variable.value for variable in env or []}


def initial_fields(backend: Backend, sandbox_id: str, project_id: str, seconds: float) -> dict[str, Any]:
    """Return the fields of a new sandbox that is Ready after these seconds."""
    now = backend.clock.now()
    ready = now + seconds
    return {
        "id": sandbox_id,
        "org_id": backend.org_id,
        "project_id": project_id,
        "created_by": backend.caller,
        "created_at": now,
        "updated_at": now,
        "phase_schedule": phase_schedule(now, "Pending", seconds, "Ready"),
        "ready_from": ready,
        "addressable_from": ready + backend.settings.durations.addressable,
        "active_from": ready,
        "lifetime_from": now,
    }


def _find_template(backend: Backend, template_id: str | None) -> SandboxTemplate | None:
    if template_id is None:
        return None
    for template in list_sandbox_templates(backend.settings.api):
        if template.id == template_id and template.status != "disabled":
            return template
    raise invalid("sandbox_template_id", f"no template {template_id!r} is offered")


def _require_same_size(requested: ResourcesUpdate | None, snapshot: SnapshotRecord) -> Resources:
    resources = requested.merge_into(snapshot.resources) if requested else snapshot.resources
    if resources != snapshot.resources:
        raise invalid("resources", "must match those of the snapshot's origin")
    return resources


def _resize(current: Resources, requested: ResourcesUpdate | None) -> Resources:
    if requested is None:
        return current
    resources = requested.merge_into(current)
    for field in ("disk_gb", "rootfs_disk_gb"):
        if getattr(resources, field) != getattr(current, field):
            raise invalid(f"resources.{field}", f"cannot be changed after create; it is {getattr(current, field)}")
    return resources


def _update_egress(policy: egress.Policy, body: UpdateSandbox | UpdateAgent) -> egress.Policy:
    if body.egress:
        return body.egress.with_defaults()
    if not body.egress_add and not body.egress_remove:
        return policy
    if policy.mode == "deny_all":
        raise conflict("egress_add and egress_remove need mode allow_list; switch the mode with egress first")
    return egress.apply_edits(policy, add=body.egress_add, remove=body.egress_remove)
