"""What can be done to sandboxes. Each operation answers the record as it is afterwards."""

import secrets
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

from neev_emulator.api.requests import CreateSandbox, EnvVar, GivenResources, GivenWindows, UpdateAgent, UpdateSandbox
from neev_emulator.errors import conflict, invalid
from neev_emulator.state import egress
from neev_emulator.state.backend import World
from neev_emulator.state.catalog import DEFAULT_TEMPLATE, REGIONS, SANDBOX_TEMPLATES, SandboxTemplate
from neev_emulator.state.records import Lifecycle, Resources, Sandbox, Snapshot, course
from neev_emulator.state.snapshots import usable

_DEFAULT_COMMAND = ["sleep", "infinity"]
_SMALLEST_ROOTFS = 4


async def create(world: World, project_id: str, body: CreateSandbox) -> Sandbox:
    """A new sandbox that becomes Ready, and addressable a moment later."""
    name = body.name or f"sandbox-{secrets.token_hex(4)}"
    origin = usable(world, project_id, body.snapshot_id) if body.snapshot_id else None
    region = in_region(world, body.region, origin)
    template = _template(body.sandbox_template_id)
    resources = _same_size(body.resources, origin) if origin else sized(body.resources)
    with reserved(world, project_id, name):
        key = str(uuid4())
        if origin:
            await world.files.seed(origin, key)
        sandbox = Sandbox(
            **birth(world, key, project_id, world.settings.durations.create),
            name=name,
            region=region,
            image=body.image or (origin or template or DEFAULT_TEMPLATE).image,
            command=body.command or (_DEFAULT_COMMAND if body.image else origin and origin.command),
            env=variables(body.env),
            resources=resources,
            egress=body.egress.settled() if body.egress else egress.Policy(),
            lifecycle=(body.lifecycle or GivenWindows()).over(Lifecycle()),
            template_id=body.sandbox_template_id,
        )
        world.save(sandbox)
    return sandbox


async def fork(world: World, source: Sandbox, name: str) -> Sandbox:
    """A new sandbox with the source's files of this moment, its size, egress, env and windows."""
    present(source)
    with reserved(world, source.project_id, name):
        key = str(uuid4())
        await world.files.capture(source, key)
        own = birth(world, key, source.project_id, world.settings.durations.fork)
        own |= {"name": name, "ports": {}, "paused_at": None, "idle_deadline": None}
        sandbox = source.with_changes(**own)
        world.save(sandbox)
    return sandbox


def update(world: World, sandbox: Sandbox, body: UpdateSandbox | UpdateAgent) -> Sandbox:
    """The sandbox with its cpu, memory or egress changed, running or not."""
    present(sandbox)
    changed = sandbox.with_changes(
        resources=_resized(sandbox.resources, body.resources),
        egress=_re_scoped(sandbox.egress, body),
        updated_at=world.clock.now(),
    )
    world.save(changed)
    return changed


async def pause(world: World, sandbox: Sandbox) -> Sandbox:
    """The sandbox on its way to Paused; one that is paused already stays as it is."""
    present(sandbox)
    if sandbox.paused_at is not None:
        return sandbox
    return await stop(world, sandbox, world.clock.now())


async def stop(world: World, sandbox: Sandbox, moment: float) -> Sandbox:
    """The sandbox as it is when it was paused at this moment, by a caller or by the platform."""
    paused = sandbox.with_changes(
        course=course(moment, "Pausing", world.settings.durations.pause, "Paused"),
        idle_deadline=world.idle_expires_at(sandbox),
        paused_at=moment,
        updated_at=moment,
    )
    world.save(paused)
    await world.files.pause(paused)
    return paused


async def resume(world: World, sandbox: Sandbox) -> Sandbox:
    """The sandbox on its way back to Ready; one that is not paused stays as it is.

    A lifetime that is used up starts again, or the sandbox would stop at once.
    """
    present(sandbox)
    if sandbox.paused_at is None:
        return sandbox
    now = world.clock.now()
    ready = now + world.settings.durations.resume
    ends = world.hard_expires_at(sandbox)
    resumed = sandbox.with_changes(
        course=course(now, "Resuming", world.settings.durations.resume, "Ready"),
        paused_at=None,
        idle_deadline=None,
        active_from=ready,
        ready_from=sandbox.ready_from or ready,
        addressable_from=max(ready, sandbox.addressable_from or ready),
        lifetime_from=now if ends is not None and ends <= now else sandbox.lifetime_from,
        updated_at=now,
    )
    world.save(resumed)
    await world.files.resume(resumed)
    return resumed


def keepalive(world: World, sandbox: Sandbox) -> Sandbox:
    """The sandbox with its idle window starting now; a paused one has none to start."""
    present(sandbox)
    if sandbox.paused_at is not None or sandbox.active_from is None:
        return sandbox
    now = world.clock.now()
    kept = sandbox.with_changes(active_from=max(now, sandbox.active_from), updated_at=now)
    world.save(kept)
    return kept


def set_windows(world: World, sandbox: Sandbox, windows: GivenWindows) -> Sandbox:
    """The sandbox with the windows that were given; the others are unchanged."""
    present(sandbox)
    changed = sandbox.with_changes(lifecycle=windows.over(sandbox.lifecycle), updated_at=world.clock.now())
    world.save(changed)
    return changed


async def rollback(world: World, sandbox: Sandbox, snapshot_id: str) -> Sandbox:
    """The same sandbox with the snapshot's files: NotReady, then Ready, or Paused if it was paused."""
    present(sandbox)
    snapshot = usable(world, sandbox.project_id, snapshot_id)
    await world.files.put_back(snapshot, sandbox)
    sandbox = world.sandboxes.find(sandbox.project_id, sandbox.id)
    now = world.clock.now()
    ready = now + world.settings.durations.rollback
    paused = sandbox.paused_at is not None
    restored = sandbox.with_changes(
        course=course(now, "NotReady", world.settings.durations.rollback, "Paused" if paused else "Ready"),
        active_from=sandbox.active_from if paused else ready,
        ready_from=sandbox.ready_from or ready,
        addressable_from=sandbox.addressable_from or ready,
        updated_at=now,
    )
    world.save(restored)
    return restored


def delete(world: World, sandbox: Sandbox) -> None:
    """The sandbox is on its way out; it is gone, its snapshots too, after the time of a delete."""
    agent = world.agent_of(sandbox.id)
    if agent is not None and agent.gone_at is None:
        raise conflict(f"sandbox {sandbox.name!r} runs agent {agent.name!r}; delete the agent instead")
    terminate(world, sandbox, world.clock.now())


def terminate(world: World, sandbox: Sandbox, moment: float) -> None:
    """The sandbox, and an agent that it runs, end from this moment on."""
    if sandbox.gone_at is not None:
        return
    gone_at = moment + world.settings.durations.delete
    ending = {"gone_at": gone_at, "updated_at": moment}
    world.save(sandbox.with_changes(course=course(moment, "Terminating"), **ending))
    if agent := world.agent_of(sandbox.id):
        world.save(agent.with_changes(**ending))


def reserved(world: World, project_id: str, name: str) -> AbstractContextManager[None]:
    """The name and a place in the quota are held while the sandbox is being made."""
    settings = world.settings
    return world.sandboxes.reserved(
        project_id, name, quota=settings.sandbox_quota, over="sandbox_quota_exceeded", scope=settings.quota_scope
    )


def present(sandbox: Sandbox) -> None:
    """The sandbox is not being deleted."""
    if sandbox.gone_at is not None:
        raise conflict(f"sandbox {sandbox.name!r} is being deleted")


def in_region(world: World, region: str | None, origin: Snapshot | None = None) -> str:
    """The region to use: the one asked for, that of the snapshot, or the platform's default."""
    if region is not None and region not in REGIONS:
        raise invalid("region", f"must be one of {', '.join(REGIONS)}")
    if origin and region not in (None, origin.region):
        raise invalid("region", f"must be that of the snapshot's origin, {origin.region}")
    return region or (origin.region if origin else world.region)


def sized(given: GivenResources | None, base: Resources | None = None) -> Resources:
    """The whole size of a new sandbox; the root file system gets a fifth of the disk unless it is given."""
    given = given or GivenResources()
    base = base or Resources()
    disk = given.disk_gb or base.disk_gb
    rootfs = given.rootfs_disk_gb or max(_SMALLEST_ROOTFS, disk // 5)
    if rootfs >= disk:
        raise invalid("resources.rootfs_disk_gb", f"must be less than disk_gb, which is {disk}")
    return given.over(base).model_copy(update={"rootfs_disk_gb": rootfs})


def variables(env: list[EnvVar] | None) -> dict[str, str]:
    """The variables by name; of several with one name the last one holds."""
    return {variable.name: variable.value for variable in env or []}


def birth(world: World, key: str, project_id: str, seconds: float) -> dict[str, Any]:
    """The fields of a sandbox that begins now and is Ready after these seconds."""
    now = world.clock.now()
    ready = now + seconds
    return {
        "id": key,
        "org_id": world.org_id,
        "project_id": project_id,
        "created_by": world.caller,
        "created_at": now,
        "updated_at": now,
        "course": course(now, "Pending", seconds, "Ready"),
        "ready_from": ready,
        "addressable_from": ready + world.settings.durations.addressable,
        "active_from": ready,
        "lifetime_from": now,
    }


def _template(template_id: str | None) -> SandboxTemplate | None:
    if template_id is None:
        return None
    for template in SANDBOX_TEMPLATES:
        if template.id == template_id and template.status != "disabled":
            return template
    raise invalid("sandbox_template_id", f"no template {template_id!r} is offered")


def _same_size(given: GivenResources | None, origin: Snapshot) -> Resources:
    resources = given.over(origin.resources) if given else origin.resources
    if resources != origin.resources:
        raise invalid("resources", "must match those of the snapshot's origin")
    return resources


def _resized(old: Resources, given: GivenResources | None) -> Resources:
    if given is None:
        return old
    new = given.over(old)
    for field in ("disk_gb", "rootfs_disk_gb"):
        if getattr(new, field) != getattr(old, field):
            raise invalid(f"resources.{field}", f"cannot be changed after create; it is {getattr(old, field)}")
    return new


def _re_scoped(policy: egress.Policy, body: UpdateSandbox | UpdateAgent) -> egress.Policy:
    if body.egress:
        return body.egress.settled()
    if not body.egress_add and not body.egress_remove:
        return policy
    if policy.mode == "deny_all":
        raise conflict("egress_add and egress_remove need mode allow_list; switch the mode with egress first")
    return egress.edited(policy, add=body.egress_add, remove=body.egress_remove)
