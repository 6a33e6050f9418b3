"""What a sandbox and a fork have in common: the inputs that change in place, the outputs, and the verbs."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar, cast

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox as Seen
from neev_provider.core.errors import InvalidRequest, NotFound
from neev_provider.core.markers import Stable, Update, Computed
from neev_provider.core.model import Boolean, Integer, Model, Number, Outputs
from neev_provider.core.resource import OperationContext, Observation, Resource
from neev_provider.core.wait import Done, Failed, InProgress, WaitStatus, wait_until
from neev_provider.resources import egress
from neev_provider.resources.references import require_snapshot
from neev_provider.resources.sandbox import expiration
from neev_provider.resources.sandbox.expiration import RENEWED, Renewable, Timed

READY, PAUSED, PAUSING, PENDING, RESTORE_FAILED = "Ready", "Paused", "Pausing", "Pending", "RestoreFailed"
SETTLED = (READY, PAUSED)
TROUBLES = {
    PENDING: "it has not been ready yet; the next `pulumi up` waits for it",
    RESTORE_FAILED: "the last rollback failed: roll back again, or replace it",
}
SOON = 0.02
"""Seconds that a read waits for others, so that a refresh of many is one list."""


class Alterable(Timed):
    """What can be changed in place, of one sandbox and of many alike."""

    cpu: Annotated[Number | None, Field(ge=0.5, le=8, multiple_of=0.5), Update(), Computed()] = None
    """vCPUs, 0.5 to 8 in steps of 0.5. Changed in place, without a restart."""
    memory_gb: Annotated[Integer | None, Field(ge=1, le=16), Update(), Computed()] = None
    """Memory in GB, 1 to 16. Changed in place, without a restart."""
    paused: Annotated[Boolean | None, Update()] = None
    """Whether the sandbox is paused. Unset: it starts running and is then left alone.

    A change acts at once. A pause that the platform made because of the idle window is no drift.
    """
    resume_idle_paused: Annotated[Boolean | None, Update()] = None
    """Whether an update resumes a sandbox that the platform paused because it was idle, where `paused` is false."""


class MachineInputs(Alterable, Renewable):
    """What can be changed in place of one sandbox."""

    rollback_to: Annotated[str | None, Update()] = None
    """Id of a snapshot: a change of it puts the sandbox's files back in place, destructively.

    Id, name and URLs stay. Set when the sandbox is created, it is only recorded.
    """


class LastCrash(Model):
    """Why and when a sandbox last stopped by itself."""

    reason: str
    """Such as `OOMKilled`."""
    at: str | None = None
    """When the stop was detected (RFC 3339)."""
    storage_reset: bool | None = None
    """Whether it restarted with an empty file system."""


class MachineOutputs(Outputs):
    """What the platform says of a sandbox that others can be built on; `getSandbox` tells the rest."""

    phase: str
    """`Ready`, `Paused`, `Pending`, `Pausing`, `Resuming`, `NotReady`, `RestoreFailed` or `Unknown`."""
    addressable: bool | None = None
    """Whether it can be reached by now; briefly not after it was made."""
    connect_url: Annotated[str | None, Stable()] = None
    """Where commands and files of the sandbox are served; useless without an API key."""
    created_at: Annotated[str, Stable()]
    """When it was made (RFC 3339)."""
    idle_expires_at: str | None = None
    """When it will be stopped if it stays idle until then (RFC 3339); absent where no idle window applies."""
    hard_expires_at: str | None = None
    """When it will be stopped, used or not (RFC 3339); absent where no lifetime applies."""
    last_crash: LastCrash | None = None
    """Its last crash, where it had one."""


T = TypeVar("T")
M = TypeVar("M", bound=MachineInputs)
O = TypeVar("O", bound=MachineOutputs)  # noqa: E741


class Machine(Resource[M, O]):
    """The verbs of everything that is a sandbox; how it is made is said by its kind."""

    @override
    async def reconcile(self, api: Api, id: str, inputs: M, call: OperationContext) -> Observation[O]:
        return await self.matched(api, await steady(api, id, call), inputs, call)

    @override
    async def read(self, api: Api, id: str, inputs: M | None) -> Observation[O] | None:
        # an import may give the name, which only the path of one sandbox understands
        seen = await (found(api.sandboxes.get(id)) if inputs is None else api.sandboxes.observe(id, SOON))
        return None if seen is None else self.live(seen, inputs)

    @override
    async def refresh(self, api: Api, id: str, inputs: M, state: Mapping[str, Any]) -> Observation[O] | None:
        seen = await api.sandboxes.observe(id, SOON)
        return None if seen is None else self.live(seen, inputs, renewed=state.get(RENEWED))

    @override
    async def update(self, api: Api, id: str, old: M, new: M, call: OperationContext) -> Observation[O]:
        if new.rollback_to is not None and new.rollback_to != old.rollback_to:
            try:
                await api.sandboxes.rollback(id, new.rollback_to)
            except (InvalidRequest, NotFound):
                await require_snapshot(api, "rollbackTo", new.rollback_to)
                raise
        return await self.matched(api, await steady(api, id, call), new, call, was=old)

    @override
    async def find_id_by_name(self, api: Api, name: str) -> str | None:
        seen = await api.sandboxes.find(name)
        return seen.id if seen else None

    @override
    async def delete(self, api: Api, id: str, call: OperationContext) -> None:
        await api.sandboxes.delete(id)
        await wait_until(
            lambda within: api.sandboxes.observe_gone(id, within),
            lambda gone: Done() if gone else InProgress("Deleting"),
            deadline=call.deadline,
            action="waiting until it is gone",
        )

    async def matched(
        self, api: Api, seen: Seen, inputs: M, call: OperationContext, was: M | None = None
    ) -> Observation[O]:
        """The sandbox, which was seen Ready or paused just now, is as the inputs say."""
        seen = await _match(api, seen, inputs, call, was)
        return self.live(seen, inputs, renewed=seen.max_lifetime_seconds)

    def live(self, seen: Seen, inputs: M | None, *, renewed: int | None = None) -> Observation[O]:
        """The sandbox as a program sees it; ``renewed`` is the lifetime that a renewal is known to have set."""
        answered = observed(seen)
        if inputs is not None and inputs.paused is not None:
            answered["paused"] = _counts_as_paused(seen, inputs)
        if inputs is not None and expiration.lifetime(seen, inputs, renewed) != seen.max_lifetime_seconds:
            answered |= {"maxLifetimeSeconds": inputs.max_lifetime_seconds, RENEWED: seen.max_lifetime_seconds}
        outputs = cast("O", self.outputs.model_validate(seen.model_dump() | answered))
        return Observation(seen.id, answered, outputs, TROUBLES.get(seen.phase))


async def found(asked: Awaitable[T]) -> T | None:
    """The answer, or ``None`` where there is no such thing."""
    try:
        return await asked
    except NotFound:
        return None


def observed(seen: Seen) -> dict[str, Any]:
    """The inputs that the API answers, by their outside names."""
    resources = seen.resources
    return {
        "name": seen.name,
        "region": seen.region,
        "image": seen.image,
        "templateId": seen.sandbox_template_id,
        "command": None if seen.command is None else list(seen.command),
        "cpu": resources.cpu if resources else None,
        "memoryGb": resources.memory_gb if resources else None,
        "diskGb": resources.disk_gb if resources else None,
        "rootfsDiskGb": resources.rootfs_disk_gb if resources else None,
        "egress": egress.answered(seen.egress),
        "idleTimeoutSeconds": seen.idle_timeout_seconds,
        "maxLifetimeSeconds": seen.max_lifetime_seconds,
        "pausedRetentionSeconds": seen.paused_retention_seconds,
        "onIdle": seen.on_idle,
    }


def idle_paused(seen: Seen) -> bool:
    """Whether it was the platform that paused the sandbox: a window of it had run out when that happened.

    The API does not say who paused a sandbox; a pause before a window's end was somebody's decision.
    """
    if not _is_paused(seen) or seen.updated_at is None:
        return False
    ends = [end for end in (seen.idle_expires_at, seen.hard_expires_at) if end is not None]
    return any(datetime.fromisoformat(end) <= datetime.fromisoformat(seen.updated_at) for end in ends)


def _is_paused(seen: Seen) -> bool:
    return seen.phase in (PAUSED, PAUSING)


def _counts_as_paused(seen: Seen, inputs: MachineInputs) -> bool:
    left_alone = inputs.paused is False and not inputs.resume_idle_paused and idle_paused(seen)
    return _is_paused(seen) and not left_alone


async def steady(api: Api, id: str, call: OperationContext, *, wanted: tuple[str, ...] = SETTLED) -> Seen:
    """The sandbox is in one of the wanted phases, and reachable where it runs."""
    seen = await wait_until(
        lambda within: api.sandboxes.observe(id, within),
        lambda each: verdict(each, wanted),
        deadline=call.deadline,
        action=f"waiting until it is {' or '.join(wanted)}",
    )
    if seen is None:
        raise AssertionError("a sandbox that is gone is not steady")
    return seen


def verdict(seen: Seen | None, wanted: tuple[str, ...]) -> WaitStatus:
    """Whether the sandbox is in one of the wanted phases, and reachable where it runs."""
    if seen is None:
        return Failed("it is gone: it was deleted elsewhere, or its lifetime ended; run `pulumi up --refresh`")
    if seen.phase == RESTORE_FAILED:
        return Failed("the platform could not restore the snapshot (phase RestoreFailed)")
    if seen.phase not in wanted:
        return InProgress(seen.phase)
    return InProgress("Ready, not yet addressable") if seen.phase == READY and not is_ready(seen) else Done()


def is_ready(seen: Seen | MachineOutputs) -> bool:
    """Whether the sandbox runs and can be reached."""
    # an older platform does not say whether it is addressable: Ready is then all there is to go by
    return seen.phase == READY and seen.addressable is not False


async def _match(
    api: Api, seen: Seen, inputs: MachineInputs, call: OperationContext, was: MachineInputs | None = None
) -> Seen:
    """The sandbox is sized, guarded, timed and paused as the inputs say; only what differs is sent."""
    seen = await _match_size_and_egress(api, seen, inputs, was)
    seen = await expiration.match(api, seen, inputs, call, was)
    if expiration.renews(inputs, was) and seen.phase == READY and seen.idle_expires_at is not None:
        seen = await api.sandboxes.keepalive(seen.id)
    return await _match_power(api, seen, inputs, call, was)


async def _match_size_and_egress(api: Api, seen: Seen, inputs: MachineInputs, was: MachineInputs | None) -> Seen:
    has = observed(seen)
    wanted = {"cpu": (inputs.cpu, has["cpu"]), "memory_gb": (inputs.memory_gb, has["memoryGb"])}
    size = {field: value for field, (value, now) in wanted.items() if value is not None and value != now}
    body: dict[str, Any] = {"resources": size} if size else {}
    if policy := egress.differing(seen.egress, inputs, was):
        body["egress"] = egress.body(policy)
    return await api.sandboxes.patch(seen.id, body) if body else seen


async def _match_power(
    api: Api, seen: Seen, inputs: MachineInputs, call: OperationContext, was: MachineInputs | None
) -> Seen:
    if inputs.paused is None or _is_paused(seen) == inputs.paused:
        return seen
    if inputs.paused:
        await api.sandboxes.pause(seen.id)
        return await steady(api, seen.id, call, wanted=(PAUSED,))
    asked_now = was is None or was.paused is not inputs.paused
    if idle_paused(seen) and not asked_now and not inputs.resume_idle_paused:
        return seen
    await api.sandboxes.resume(seen.id)
    return await steady(api, seen.id, call, wanted=(READY,))
