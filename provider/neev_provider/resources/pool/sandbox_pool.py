"""A pool: many sandboxes alike, made, changed and healed as one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox as Seen
from neev_provider.core import lifecycle
from neev_provider.core.diff import Change, Diff, ChangeKind, semantically_equal
from neev_provider.core.errors import OperationFailed, InputError
from neev_provider.core.model import Property
from neev_provider.core.resource import OperationContext, PartialFailure, Observation, Resource, Timeouts
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import parse, format_path
from neev_provider.core.wait import Deadline
from neev_provider.resources.egress import Egress
from neev_provider.resources.pool import plan
from neev_provider.resources.pool.errors import combined
from neev_provider.resources.pool.inputs import LONGEST_NAME, SandboxPoolInputs, SandboxPoolOutputs, digest
from neev_provider.resources.pool.ownership import Owner, imported_as, new_uid, others_left_alone
from neev_provider.resources.pool.plan import AnyLive, AnyMachine, Member, Wanted
from neev_provider.resources.pool.rollout import Bounds, Rollout
from neev_provider.resources.references import require_sandbox, require_snapshot, require_template
from neev_provider.resources.sandbox.sandbox import SENT_AS, Sandbox

MEMBER: AnyMachine = Sandbox()
"""What a member is like whose pool is not known yet."""
NAMED = 20
"""Members that a plan names; what comes after them is counted."""
TAKEN = (
    "They may belong to another stack, so they are left alone. Choose another name. What an interrupted create left is "
    "brought into the state by `pulumi-neev recover`. Otherwise import the pool by its name, or delete them. "
    "Where it is the pool itself that is replaced, set its option `deleteBeforeReplace` (`delete_before_replace` in "
    "Python)."
)


class SandboxPool(Resource[SandboxPoolInputs, SandboxPoolOutputs]):
    """Any number of sandboxes alike, from one source, as one resource.

    They are made side by side, and all are `Ready`, or paused if asked, once the pool is created. Scaling, resizing and
    pausing are done in place; another source makes the members anew, a few at a time. A refresh sees members that are
    gone or have failed, and the next update makes exactly those.

    Where some members fail while the pool is created, the plugin keeps the others. A dynamic resource cannot: all of
    them are deleted again. Use the plugin for a pool that has to survive that.
    """

    name = "SandboxPool"
    inputs = SandboxPoolInputs
    outputs = SandboxPoolOutputs
    api_field_names = SENT_AS
    references = MappingProxyType(
        {"template_id": require_template, "snapshot_id": require_snapshot, "source_sandbox_id": require_sandbox}
    )
    timeouts = Timeouts(create=1800, update=3600, delete=1800)
    max_name_length = LONGEST_NAME

    @override
    def diff(self, old: Mapping[str, Any], state: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        plain = super().diff(old, state, new)
        wrong = [str(each.get("name")) for each in plan.recorded(state) if each.get("problem")]
        if plain.requires_replacement or not wrong:
            return plain
        named = wrong if len(wrong) <= NAMED else [*wrong[:NAMED], f"{len(wrong) - NAMED} more members"]
        # the engine shows what is added, but of an output that differs the whole as if it were deleted
        healed = (Change(format_path((name,)), ChangeKind.ADD, requires_replacement=False) for name in named)
        return Diff((*plain.changes, *healed), plain.delete_before_replace)

    @override
    async def create(
        self, api: Api, inputs: SandboxPoolInputs, call: OperationContext
    ) -> Observation[SandboxPoolOutputs]:
        name = inputs.name or ""
        if there := await _listed(api, name):
            taken = f"there are sandboxes that are called like its members, such as {there[0].name} (of {len(there)})"
            raise OperationFailed(taken, action=f"the pool {name}", hint=TAKEN)
        owner = Owner.new(await run_in_thread(digest, inputs))
        return _live(plan.wanted(inputs, owner.generation), inputs, (), owner)

    @override
    async def reconcile(
        self, api: Api, id: str, inputs: SandboxPoolInputs, call: OperationContext
    ) -> Observation[SandboxPoolOutputs]:
        return await _rolled_out(api, inputs, None, call)

    @override
    async def update(
        self, api: Api, id: str, old: SandboxPoolInputs, new: SandboxPoolInputs, call: OperationContext
    ) -> Observation[SandboxPoolOutputs]:
        return await _rolled_out(api, new, old, call)

    @override
    async def read(self, api: Api, id: str, inputs: SandboxPoolInputs | None) -> Observation[SandboxPoolOutputs] | None:
        if len(id) > LONGEST_NAME:
            raise InputError("id", "a pool is imported by its name")
        members = plan.placed(id, (MEMBER.live(each, None) for each in await _listed(api, id)))
        if not members:
            return None
        # members of another generation may be those of another pool
        (generation, _), *_rest = Counter(each.generation for each in members).most_common(1)
        return _imported(id, generation, [each for each in members if each.generation == generation])

    @override
    async def find_created(self, api: Api, inputs: SandboxPoolInputs) -> Observation[SandboxPoolOutputs] | None:
        listed = await _listed(api, inputs.name or "")
        generations = {plan.generation_of(inputs.name or "", each.name) for each in listed}
        if len(generations) != 1:
            return None  # nothing is there, or two pools are, and nobody can tell which is this one
        owner = replace(Owner.of({}, await run_in_thread(digest, inputs)), generation=str(generations.pop()))
        wanted = plan.wanted(inputs, owner.generation)
        return _live(wanted, inputs, _lives(wanted, listed), owner)

    @override
    async def refresh(
        self, api: Api, id: str, inputs: SandboxPoolInputs, state: Mapping[str, Any]
    ) -> Observation[SandboxPoolOutputs] | None:
        owner = Owner.of(state, await run_in_thread(digest, inputs))
        own, others = owner.split(id, await _listed(api, id))
        wanted = plan.wanted(inputs, owner.generation)
        # a pool of none is there as long as the program says so; one whose every member is gone is gone
        return None if inputs.replicas and not own else _live(wanted, inputs, _lives(wanted, own), owner, others)

    @override
    async def delete(self, api: Api, id: str, call: OperationContext) -> None:
        owner = Owner.of(call.state)
        own, others = owner.split(id, await _listed(api, id))
        if others:
            call.log(others_left_alone(id, others))
        names = {**owner.names, **{each.id: each.name for each in own}}
        gone = 0
        left = call.deadline.timeout - call.deadline.elapsed
        patience = Deadline(left, call.deadline.clock, call.deadline.cancelled)

        async def delete(member: str) -> None:
            nonlocal gone
            await MEMBER.delete(api, member, replace(call, patience=patience))
            gone += 1
            call.deadline.on_progress(f"{gone} of {len(names)} gone, {call.deadline.elapsed:.0f} s")

        ended = await asyncio.gather(*map(delete, names), return_exceptions=True)
        failures = {
            name: error for name, error in zip(names.values(), ended, strict=True) if isinstance(error, Exception)
        }
        if failures:
            raise combined(failures, "could not be deleted")

    @override
    def import_state(self, live: Observation[SandboxPoolOutputs]) -> tuple[dict[str, Any], dict[str, Any]]:
        inputs, state = super().import_state(live)
        # what the program will say counts as the source of the members that there are, whatever they were made from
        return inputs, {**state, "sourceDigest": digest(parse(self.inputs, inputs))}

    @override
    def _omit_on_import(self, declared: Property, value: Any) -> bool:
        # what a fork's source may reach is not known, so a policy that is not the usual one is said
        return declared.resets_to is not None and semantically_equal(declared, None, value)


async def _rolled_out(
    api: Api, inputs: SandboxPoolInputs, was: SandboxPoolInputs | None, call: OperationContext
) -> Observation[SandboxPoolOutputs]:
    """The pool is as the inputs say; raises ``Halfway`` with every member that there is."""
    said, stored = await run_in_thread(digest, inputs), {"uid": new_uid(), **call.state}
    owner = Owner.of(stored, said, same_source=imported_as(stored, was, inputs))
    wanted = plan.wanted(inputs, owner.generation, was)
    # nothing had a member's name when the pool was created, just now
    own, others = owner.split(wanted.pool, () if call.just_created else await _listed(api, wanted.pool))
    if others:
        call.log(others_left_alone(wanted.pool, others))
    lives = _lives(wanted, own)
    kept = stored if lives and owner.generation == stored.get("generation") else {}
    members = plan.survey(wanted, lives)
    new = plan.for_new_ones(wanted.recipe, kept)
    rollout = Rollout(api, wanted, members, own, new=new, bounds=Bounds.of(inputs), call=call)
    await rollout.run()
    live = _live(replace(wanted, wakes=False), inputs, rollout.lives.values(), owner, others)
    if rollout.failures:
        nothing = call.just_created and not rollout.lives
        if nothing and (error := await lifecycle.find_missing_reference(SandboxPool, api, inputs.to_properties())):
            raise error
        raise PartialFailure(live, combined(rollout.failures, f"of {inputs.replicas} members failed"))
    return live


async def _listed(api: Api, pool: str) -> list[Seen]:
    """The sandboxes whose names begin like members' of the pool."""
    return [each for each in await api.sandboxes.list(name=f"{pool}-") if plan.is_member(pool, each.name)]


def _lives(wanted: Wanted, seen: Iterable[Seen]) -> list[AnyLive]:
    return [wanted.kind.live(each, wanted.recipe) for each in seen]


def _live(
    wanted: Wanted, inputs: SandboxPoolInputs, lives: Iterable[AnyLive], owner: Owner, others: Iterable[Seen] = ()
) -> Observation[SandboxPoolOutputs]:
    """The pool as the program sees it; what it does not say is as most members have it."""
    members = plan.survey(wanted, lives)
    staying = [each.live for each in members if plan.stays(wanted, each)]
    asked = inputs.to_properties()
    answered = {name: value for name, value in plan.common(staying).items() if name not in asked}
    if not staying and inputs.egress is None:
        answered["egress"] = Egress().to_properties()
    return Observation(wanted.pool, answered, _outputs(wanted, members, owner, [each.name for each in others]))


def _imported(pool: str, generation: str, members: list[Member]) -> Observation[SandboxPoolOutputs]:
    """The pool as its members show it: it is as most of them are."""
    replicas = 1 + max(each.index for each in members)
    lives = [each.live for each in members]
    answered = {**plan.common(lives, everything=True), "name": pool, "replicas": replicas}
    if answered.get("templateId"):
        # the template's own image and command are not a source of their own
        answered |= {"image": None, "command": None}
    wanted = plan.wanted(parse(SandboxPoolInputs, answered), generation)
    owner = Owner.of({"generation": generation}, generation)
    return Observation(pool, answered, _outputs(wanted, plan.survey(wanted, lives), owner))


def _outputs(wanted: Wanted, members: list[Member], owner: Owner, taken: Collection[str] = ()) -> SandboxPoolOutputs:
    return SandboxPoolOutputs(
        members=plan.shown(wanted, members, taken),
        ready_replicas=sum(plan.is_ready(each.live) for each in members if plan.stays(wanted, each)),
        generation=wanted.generation,
        source_digest=owner.source_digest,
        uid=owner.uid,
    )
