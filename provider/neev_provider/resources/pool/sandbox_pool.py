"""A pool of equal sandboxes, managed as one resource."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core import lifecycle
from neev_provider.core.diff import Change, ChangeKind, Diff, changed_inputs, semantically_equal
from neev_provider.core.errors import InputError, OperationFailed
from neev_provider.core.hints import Hint
from neev_provider.core.labels import Owner, is_foreign
from neev_provider.core.markers import Computed
from neev_provider.core.model import UNKNOWN, Property
from neev_provider.core.plurals import count_noun
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Resource, Timeouts
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import format_path, parse
from neev_provider.core.wait import Deadline
from neev_provider.resources.egress import Egress
from neev_provider.resources.pool import plan
from neev_provider.resources.pool.errors import aggregate_error
from neev_provider.resources.pool.inputs import (
    MAX_NAME_LENGTH,
    TEMPLATE_INPUTS,
    SandboxPoolInputs,
    SandboxPoolOutputs,
    template_digest,
)
from neev_provider.resources.pool.ownership import (
    PoolOwnership,
    foreign_sandboxes_message,
    generate_uid,
    is_imported_from,
)
from neev_provider.resources.pool.plan import AnySandboxResource, DesiredPool, Member, SandboxObservation
from neev_provider.resources.pool.rollout import Rollout, RolloutLimits
from neev_provider.resources.references import require_sandbox, require_snapshot, require_template
from neev_provider.resources.sandbox.sandbox import API_FIELD_NAMES, SandboxResource, drop_default_labels

MEMBER_RESOURCE: AnySandboxResource = SandboxResource()
"""Resource for members of a pool whose inputs are unknown."""
MAX_NAMED_MEMBERS = 20
"""Maximum number of members named in a diff. The diff only counts the others."""


class SandboxPoolResource(Resource[Api, SandboxPoolInputs, SandboxPoolOutputs]):
    """Any number of equal sandboxes from one source, managed as one resource.

    The members are created concurrently. After creation all members are `Ready`, or `Paused` if `paused` is `true`.
    Scaling, resizing and pausing happen in place. If the source changes, the members are replaced a few at a time. A
    refresh detects members that are missing or failed, and the next update recreates only those.
    """

    name = "SandboxPool"
    inputs = SandboxPoolInputs
    outputs = SandboxPoolOutputs
    api_field_names = API_FIELD_NAMES
    references = MappingProxyType(
        {"template_id": require_template, "snapshot_id": require_snapshot, "source_sandbox_id": require_sandbox}
    )
    timeouts = Timeouts(create=1800, update=3600, delete=1800)
    max_name_length = MAX_NAME_LENGTH

    @override
    def diff(self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> Diff:
        changed = super().diff(old_inputs, state, new_inputs)
        problem_names = [str(member.get("name")) for member in plan.members_from_state(state) if member.get("problem")]
        if changed.requires_replacement or not problem_names:
            return changed
        others = len(problem_names) - MAX_NAMED_MEMBERS
        shown_names = [*problem_names[:MAX_NAMED_MEMBERS], *([f"{others} more members"] if others > 0 else [])]
        # the engine shows an addition by name; it shows a changed output as a deletion of the whole output
        repairs = (Change(format_path((name,)), ChangeKind.ADD, requires_replacement=False) for name in shown_names)
        return Diff((*changed.changes, *repairs), changed.delete_before_replace)

    @override
    def preview_update(self, state: Mapping[str, Any], raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
        planned = super().preview_update(state, raw_inputs)
        is_rebuilt = bool(changed_inputs(self.inputs, state, raw_inputs) & TEMPLATE_INPUTS)
        # an import has no uid, and the next update generates it
        kept = ("uid",) if is_rebuilt else ("uid", "templateHash", "templateDigest")
        planned |= {name: state[name] for name in kept if name in state}
        if not is_rebuilt and 0 not in (state.get("replicas"), raw_inputs.get("replicas")):
            return planned
        # what the program leaves out is the API's choice for new members, and nothing without members
        chosen = {prop.name for prop in self.inputs.properties_with(Computed)} - raw_inputs.keys()
        return planned | dict.fromkeys(chosen, UNKNOWN)

    @override
    async def create(self, inputs: SandboxPoolInputs, context: OperationContext) -> Observation[SandboxPoolOutputs]:
        name = inputs.name or ""
        if existing := await _list_members(self.api, name):
            message = (
                f"there are sandboxes that are called like its members, such as {existing[0].name} (of {len(existing)})"
            )
            raise OperationFailed(message, action=f"the pool {name}", hint=Hint.POOL_NAME_TAKEN)
        ownership = PoolOwnership.new(await run_in_thread(template_digest, inputs))
        return _to_observation(plan.desired_pool(inputs, ownership.template_hash), inputs, (), ownership)

    @override
    async def reconcile(
        self, id: str, inputs: SandboxPoolInputs, context: OperationContext
    ) -> Observation[SandboxPoolOutputs]:
        return await self._roll_out(inputs, None, context)

    @override
    async def update(
        self, id: str, old_inputs: SandboxPoolInputs, new_inputs: SandboxPoolInputs, context: OperationContext
    ) -> Observation[SandboxPoolOutputs]:
        return await self._roll_out(new_inputs, old_inputs, context)

    async def _roll_out(
        self, inputs: SandboxPoolInputs, old_inputs: SandboxPoolInputs | None, context: OperationContext
    ) -> Observation[SandboxPoolOutputs]:
        """Bring the pool to the inputs.

        Raises:
            PartialFailure: a member failed. It contains all existing members.
        """
        digest, stored = await run_in_thread(template_digest, inputs), {"uid": generate_uid(), **context.state}
        ownership = PoolOwnership.from_state(stored, digest, same_template=is_imported_from(stored, old_inputs, inputs))
        desired = plan.desired_pool(inputs, ownership.template_hash, old_inputs)
        # `create` has just checked that no sandbox has a member's name
        own, others = ownership.split(
            desired.pool, () if context.just_created else await _list_members(self.api, desired.pool)
        )
        if others:
            context.log(foreign_sandboxes_message(desired.pool, others))
        observations = _to_observations(self.api, desired, own)
        kept = stored if observations and ownership.template_hash == stored.get("templateHash") else {}
        members = plan.assess_members(desired, observations)
        new_member_inputs = plan.new_member_inputs(desired.template, kept)
        rollout = Rollout(
            self.api,
            desired,
            members,
            own,
            new_member_inputs=new_member_inputs,
            limits=RolloutLimits.from_inputs(inputs),
            context=context,
        )
        await rollout.run()
        observation = _to_observation(
            replace(desired, resumes_members=False), inputs, rollout.observations.values(), ownership, others
        )
        if rollout.failures:
            nothing = context.just_created and not rollout.observations
            if nothing and (rejected := await lifecycle.find_rejected_input(self, inputs.to_properties())):
                raise rejected
            error = aggregate_error(rollout.failures, f"of {count_noun(inputs.replicas, 'member')} failed")
            raise PartialFailure(observation) from error
        return observation

    @override
    async def read(self, id: str, inputs: SandboxPoolInputs | None) -> Observation[SandboxPoolOutputs] | None:
        if len(id) > MAX_NAME_LENGTH:
            raise InputError("id", "must be the name of the pool")
        resource = MEMBER_RESOURCE.connect(self.api)
        members = plan.parse_members(
            id, (resource.to_observation(member, None) for member in await _list_members(self.api, id))
        )
        if not members:
            return None
        # members with another template hash may belong to another pool
        (template_hash, _), *_rest = Counter(member.template_hash for member in members).most_common(1)
        return _observe_import(
            id, template_hash, [member for member in members if member.template_hash == template_hash]
        )

    @override
    async def find_created(
        self, inputs: SandboxPoolInputs, owner: Owner | None = None
    ) -> Observation[SandboxPoolOutputs] | None:
        members = await _list_members(self.api, inputs.name or "")
        listed = [item for item in members if not is_foreign(item.labels, owner)]
        template_hashes = {plan.parse_template_hash(inputs.name or "", sandbox.name) for sandbox in listed}
        if len(template_hashes) != 1:
            return None  # there are no members, or members of two pools, of which the right one is unknown
        ownership = replace(
            PoolOwnership.from_state({}, await run_in_thread(template_digest, inputs)),
            template_hash=str(template_hashes.pop()),
        )
        desired = plan.desired_pool(inputs, ownership.template_hash)
        return _to_observation(desired, inputs, _to_observations(self.api, desired, listed), ownership)

    @override
    async def refresh(
        self, id: str, inputs: SandboxPoolInputs, state: Mapping[str, Any]
    ) -> Observation[SandboxPoolOutputs] | None:
        ownership = PoolOwnership.from_state(state, await run_in_thread(template_digest, inputs))
        own, others = ownership.split(id, await _list_members(self.api, id))
        desired = plan.desired_pool(inputs, ownership.template_hash)
        # a pool with 0 replicas exists as long as it is declared; a pool whose members are all gone is gone
        return (
            None
            if inputs.replicas and not own
            else _to_observation(desired, inputs, _to_observations(self.api, desired, own), ownership, others)
        )

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        ownership = PoolOwnership.from_state(context.state)
        own, others = ownership.split(id, await _list_members(self.api, id))
        if others:
            context.log(foreign_sandboxes_message(id, others))
        names = {**ownership.member_names, **{item.id: item.name for item in own}}
        deleted = 0
        remaining = context.deadline.remaining
        deadline = Deadline(remaining, context.deadline.clock, context.deadline.cancelled)

        async def delete(member: str) -> None:
            nonlocal deleted
            await MEMBER_RESOURCE.connect(self.api).delete(member, replace(context, deadline=deadline))
            deleted += 1
            context.deadline.on_progress(f"{deleted} of {len(names)} gone, {context.deadline.elapsed:.0f} s")

        results = await asyncio.gather(*map(delete, names), return_exceptions=True)
        failures = {
            name: error for name, error in zip(names.values(), results, strict=True) if isinstance(error, Exception)
        }
        if failures:
            raise aggregate_error(failures, "could not be deleted")

    @override
    def import_state(self, observation: Observation[SandboxPoolOutputs]) -> tuple[dict[str, Any], dict[str, Any]]:
        inputs, state = super().import_state(drop_default_labels(observation, self.api.settings.labels))
        # the imported inputs count as the template of the existing members, because their real template is unknown
        return inputs, {**state, "templateDigest": template_digest(parse(self.inputs, inputs))}

    @override
    def _omit_on_import(self, prop: Property, value: Any) -> bool:
        # the egress policy of a fork's source is unknown, so the import includes any policy but the default
        return prop.resets_to is not None and semantically_equal(prop, None, value)


async def _list_members(api: Api, pool: str) -> list[Sandbox]:
    """Return the sandboxes whose names have the form of a member's name."""
    return [sandbox for sandbox in await api.sandboxes.list(name=f"{pool}-") if plan.is_member(pool, sandbox.name)]


def _to_observations(api: Api, desired: DesiredPool, sandboxes: Iterable[Sandbox]) -> list[SandboxObservation]:
    resource = desired.resource.connect(api)
    return [resource.to_observation(sandbox, desired.template) for sandbox in sandboxes]


def _to_observation(
    desired: DesiredPool,
    inputs: SandboxPoolInputs,
    observations: Iterable[SandboxObservation],
    ownership: PoolOwnership,
    others: Iterable[Sandbox] = (),
) -> Observation[SandboxPoolOutputs]:
    """Return an observation of the pool. For an unset input, use the most common value of the members."""
    members = plan.assess_members(desired, observations)
    staying = [member.observation for member in members if plan.is_desired(desired, member)]
    raw_inputs = inputs.to_properties()
    observed_inputs = {name: value for name, value in plan.majority_inputs(staying).items() if name not in raw_inputs}
    if not staying and inputs.egress is None:
        observed_inputs["egress"] = Egress().to_properties()
    return Observation(
        desired.pool, observed_inputs, _build_outputs(desired, members, ownership, [item.name for item in others])
    )


def _observe_import(pool: str, template_hash: str, members: list[Member]) -> Observation[SandboxPoolOutputs]:
    """Return an observation of an imported pool, with the most common value of each input."""
    replicas = 1 + max(member.index for member in members)
    observations = [member.observation for member in members]
    observed_inputs = {**plan.majority_inputs(observations, include_all=True), "name": pool, "replicas": replicas}
    if observed_inputs.get("templateId"):
        # image and command come from the template, so they are not inputs
        observed_inputs |= {"image": None, "command": None}
    desired = plan.desired_pool(parse(SandboxPoolInputs, observed_inputs), template_hash)
    ownership = PoolOwnership.from_state({"templateHash": template_hash}, template_hash)
    return Observation(
        pool, observed_inputs, _build_outputs(desired, plan.assess_members(desired, observations), ownership)
    )


def _build_outputs(
    desired: DesiredPool, members: list[Member], ownership: PoolOwnership, taken_names: Collection[str] = ()
) -> SandboxPoolOutputs:
    return SandboxPoolOutputs(
        members=plan.member_outputs(desired, members, taken_names),
        ready_replicas=sum(plan.is_ready(member.observation) for member in members if plan.is_desired(desired, member)),
        effective_labels=plan.common_labels(desired, members),
        template_hash=desired.template_hash,
        template_digest=ownership.template_digest,
        uid=ownership.uid,
    )
