"""The members of a pool and the plan of their changes. This module neither waits nor sends requests."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from neev_provider.core.resource import Observation
from neev_provider.core.validation import parse
from neev_provider.resources.egress import Egress
from neev_provider.resources.pausable import PAUSED
from neev_provider.resources.pool.inputs import PoolMember, SandboxPoolInputs
from neev_provider.resources.sandbox import base
from neev_provider.resources.sandbox.base import (
    PENDING,
    RESTORE_FAILED,
    SandboxBase,
    SandboxBaseOutputs,
    UpdatableInputs,
)
from neev_provider.resources.sandbox.sandbox import SandboxInputs, SandboxResource
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkInputs, SandboxForkResource

DELETING_PHASES = ("Terminating", "Deleting")
MISSING_PHASE = "Missing"
UPDATABLE_FIELDS = frozenset(UpdatableInputs.model_fields)
"""Inputs of a member that are updated without a replacement."""
MemberTemplate = SandboxInputs | SandboxForkInputs
AnySandboxResource = SandboxBase[Any, Any]
SandboxObservation = Observation[SandboxBaseOutputs]


@dataclass(frozen=True, slots=True)
class DesiredPool:
    """The desired pool."""

    pool: str
    template_hash: str
    replicas: int
    resource: AnySandboxResource
    """Resource that manages each member."""
    template: MemberTemplate
    """Inputs of each member, except its name."""
    resumes_members: bool = False
    """Whether to resume also members that the API paused. True if `paused` has just become `false`."""


@dataclass(frozen=True, slots=True)
class Member:
    """One sandbox of the pool, and its problem, if it has one."""

    name: str
    template_hash: str
    index: int
    observation: SandboxObservation
    problem: str | None = None

    @property
    def needs_replacement(self) -> bool:
        """Return whether the member can only be replaced."""
        return self.observation.outputs.phase in (RESTORE_FAILED, *DELETING_PHASES)


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes of members, each kind in the order of execution."""

    create: tuple[str, ...]
    """Names of missing members."""
    recreate: tuple[Member, ...]
    """Members to recreate under the same name."""
    update: tuple[Member, ...]
    delete: tuple[Member, ...]


def desired_pool(
    inputs: SandboxPoolInputs, template_hash: str, old_inputs: SandboxPoolInputs | None = None
) -> DesiredPool:
    """Return the pool that the inputs describe."""
    template = _member_template(inputs, old_inputs)
    resource: AnySandboxResource = (
        SandboxForkResource() if isinstance(template, SandboxForkInputs) else SandboxResource()
    )
    resumes_members = old_inputs is not None and inputs.paused is False and old_inputs.paused is not False
    return DesiredPool(inputs.name or "", template_hash, inputs.replicas, resource, template, resumes_members)


def format_member_name(pool: str, template_hash: str, index: int) -> str:
    """Return the name of a member."""
    return f"{pool}-{template_hash}-{index}"


def is_member(pool: str, name: str) -> bool:
    """Return whether the name has the form of a member's name. A common prefix is not enough."""
    return _match_member_name(pool, name) is not None


def members_from_state(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the members in the state. Skip malformed entries."""
    return [member for member in state.get("members") or () if isinstance(member, Mapping)]


def parse_template_hash(pool: str, name: str) -> str | None:
    """Return the template hash in a member's name, or ``None`` for any other name."""
    match = _match_member_name(pool, name)
    return match[1] if match else None


def parse_members(pool: str, observations: Iterable[SandboxObservation]) -> list[Member]:
    """Return the members among the sandboxes."""
    matches = ((observation, _match_member_name(pool, str(observation.inputs["name"]))) for observation in observations)
    return [Member(match[0], match[1], int(match[2]), observation) for observation, match in matches if match]


def assess_members(desired: DesiredPool, observations: Iterable[SandboxObservation]) -> list[Member]:
    """Return the members with their problems. The desired members come first."""
    members = [_assess_member(desired, member) for member in parse_members(desired.pool, observations)]
    return sorted(members, key=lambda item: (not is_desired(desired, item), item.index, item.template_hash))


def is_desired(desired: DesiredPool, member: Member) -> bool:
    """Return whether the member has a desired template hash and index."""
    return member.template_hash == desired.template_hash and member.index < desired.replicas


def plan(desired: DesiredPool, members: Collection[Member]) -> Plan:
    """Return the changes that turn the current members into the desired members."""
    staying = [member for member in members if is_desired(desired, member)]
    indexes = {member.index for member in staying}
    missing = (index for index in range(desired.replicas) if index not in indexes)
    return Plan(
        create=tuple(format_member_name(desired.pool, desired.template_hash, index) for index in missing),
        recreate=tuple(member for member in staying if member.needs_replacement),
        update=tuple(member for member in staying if member.problem and not member.needs_replacement),
        delete=tuple(
            sorted(
                (member for member in members if not is_desired(desired, member)),
                key=lambda member: _update_order(desired, member),
            )
        ),
    )


def member_outputs(
    desired: DesiredPool, members: Iterable[Member], taken_names: Collection[str] = ()
) -> list[PoolMember]:
    """Return the members for the outputs: one for each index, then surplus members.

    Foreign sandboxes have the `taken_names`.
    """
    names = [format_member_name(desired.pool, desired.template_hash, index) for index in range(desired.replicas)]
    problems = {name: "another sandbox has its name" if name in taken_names else "it is missing" for name in names}
    outputs_by_name = {
        name: PoolMember(name=name, phase=MISSING_PHASE, problem=problem) for name, problem in problems.items()
    }
    for member in members:
        outputs = member.observation.outputs
        outputs_by_name[member.name] = PoolMember(
            name=member.name,
            id=member.observation.id,
            phase=outputs.phase,
            connect_url=outputs.connect_url,
            problem=member.problem,
        )
    return list(outputs_by_name.values())


def common_labels(desired: DesiredPool, members: Iterable[Member]) -> dict[str, str] | None:
    """Return the labels that all members have; ``None`` without members, for forks, and from an API without labels."""
    labels = [member.observation.outputs.effective_labels for member in members]
    if not labels or None in labels or isinstance(desired.template, SandboxForkInputs):
        return None
    return dict(sorted(set.intersection(*(set((item or {}).items()) for item in labels))))


def is_ready(observation: SandboxObservation) -> bool:
    """Return whether the member is ready and reachable."""
    return base.is_ready(observation.outputs)


def is_in_service(observation: SandboxObservation) -> bool:
    """Return whether the member is ready or paused. A pause is intended, so it is not an outage."""
    return observation.outputs.phase == PAUSED or is_ready(observation)


def majority_inputs(observations: Collection[SandboxObservation], *, include_all: bool = False) -> dict[str, Any]:
    """Return the most common value of each updatable input, or of every input with `include_all`."""
    names = SandboxPoolInputs.properties if include_all else UpdatableInputs.properties
    return {name: _most_common(observation.inputs.get(name) for observation in observations) for name in names}


def default_quarter(replicas: int) -> int:
    """Return a quarter of the replicas, at least 1: the default limit of simultaneous changes."""
    return max(1, ceil(replicas / 4))


def new_member_inputs(template: MemberTemplate, state: Mapping[str, Any]) -> MemberTemplate:
    """Return the inputs of a new member. Take updatable inputs that the program leaves unset from the state."""
    stored_inputs = {
        name: value for name, value in state.items() if name in UpdatableInputs.properties and value is not None
    }
    return parse(type(template), {**stored_inputs, **template.to_properties()})


def _member_template(inputs: SandboxPoolInputs, old_inputs: SandboxPoolInputs | None) -> MemberTemplate:
    is_fork = inputs.source_sandbox_id is not None
    model: type[MemberTemplate] = SandboxForkInputs if is_fork else SandboxInputs
    values = inputs.model_dump(include=set(model.model_fields) - {"name", "egress"}, exclude_none=True)
    was_removed = old_inputs is not None and old_inputs.egress is not None
    egress = inputs.egress or (Egress() if was_removed or not is_fork else None)
    return parse(model, {**values, "egress": egress})


def _match_member_name(pool: str, name: str) -> re.Match[str] | None:
    return re.fullmatch(rf"{re.escape(pool)}-([0-9a-f]{{6}})-(0|[1-9][0-9]{{0,3}})", name)


def _assess_member(desired: DesiredPool, member: Member) -> Member:
    return Member(member.name, member.template_hash, member.index, member.observation, _problem(desired, member))


def _problem(desired: DesiredPool, member: Member) -> str | None:
    phase = member.observation.outputs.phase
    if member.index >= desired.replicas:
        return "it is one too many"
    if member.template_hash != desired.template_hash:
        return "it is made from another source"
    if phase in DELETING_PHASES:
        return "it is being deleted"
    if phase == RESTORE_FAILED:
        return f"it failed ({RESTORE_FAILED})"
    if phase == PENDING:
        return "it is not ready yet"
    differing = _differing_inputs(desired, member.observation)
    return f"not as asked for: {', '.join(differing)}" if differing else None


def _differing_inputs(desired: DesiredPool, observation: SandboxObservation) -> list[str]:
    raw_inputs = desired.template.model_dump(
        mode="json", by_alias=True, include=set(UPDATABLE_FIELDS), exclude_none=True
    )
    observed_inputs = desired.resource.refreshed_inputs(raw_inputs, observation)
    differing = [name for name in raw_inputs if observed_inputs.get(name) != raw_inputs[name]]
    is_paused = desired.resumes_members and observation.outputs.phase == PAUSED and "paused" not in differing
    return [*differing, "paused"] if is_paused else differing


def _update_order(desired: DesiredPool, member: Member) -> tuple[bool, bool, int]:
    """Return the sort key: members out of service first, then surplus members by descending index, then others."""
    surplus = member.index >= desired.replicas
    return is_in_service(member.observation), not surplus, -member.index if surplus else member.index


def _most_common(values: Iterable[Any]) -> Any:
    counts = Counter(json.dumps(value, sort_keys=True) for value in values)
    return json.loads(counts.most_common(1)[0][0]) if counts else None
