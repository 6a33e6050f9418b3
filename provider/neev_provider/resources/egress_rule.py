"""An egress rule: one destination of a sandbox's allow-list, with an owner of its own."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final
from weakref import WeakKeyDictionary

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.errors import InputError, OperationFailed
from neev_provider.core.hints import Hint
from neev_provider.core.labels import Owner
from neev_provider.core.markers import Canonical, Computed, Replace, Unordered, Update
from neev_provider.core.model import Inputs, Outputs, Rule
from neev_provider.core.resource import Observation, OperationContext, Resource
from neev_provider.core.validation import ValidationFailure, WarningHandler
from neev_provider.resources import egress
from neev_provider.resources.egress import (
    PORTS_RULE,
    EgressDestination,
    EgressHost,
    EgressMode,
    EgressPorts,
    Protocol,
)
from neev_provider.resources.lookups import REFRESH_BATCH_DELAY, none_if_not_found
from neev_provider.resources.references import require_sandbox

MANAGED_POLICY_REASON: Final = (
    "`egress` of this sandbox or of its agent is set, which replaces the whole policy: "
    "add the rule to `egress.allow` there, or remove `egress` and then refresh the state: "
    "removing `egress` also removes the rules"
)
_LOCKS: WeakKeyDictionary[Api, defaultdict[str, asyncio.Lock]] = WeakKeyDictionary()


class EgressRuleInputs(Inputs):
    """Inputs of an egress rule."""

    rules: ClassVar[tuple[Rule, ...]] = (PORTS_RULE,)
    unique_together: ClassVar[tuple[str, ...]] = ("sandbox_id", "host")

    sandbox_id: Annotated[str, Replace(), Computed()]
    """Id of the sandbox. Conflicts with `egress` of this sandbox, and of the agent that runs in it."""
    host: Annotated[EgressHost, Replace(), Computed(), Canonical(str.lower)]
    """IP address, CIDR block or domain to allow. Each host has at most one rule in a sandbox."""
    ports: Annotated[EgressPorts | None, Update(on_removal=True), Unordered()] = None
    """Ports. Allowed: `1` to `65535`. Defaults to all ports."""
    protocol: Annotated[Protocol | None, Update(on_removal=True)] = None
    """Transport protocol. Defaults to `TCP` if `ports` is set, otherwise to all protocols."""


class EgressRuleOutputs(Outputs):
    """Outputs of an egress rule."""


class EgressRuleResource(Resource[Api, EgressRuleInputs, EgressRuleOutputs]):
    """One allowed destination of a sandbox's outbound traffic, for a sandbox whose `egress` is not set.

    Several resources, also with different states, can add rules to one sandbox. If the sandbox denies all outbound
    traffic, the first rule changes its policy to an allow-list. A rule for a host that is already allowed is rejected,
    because its owner is unknown. Deleting a rule that was changed elsewhere leaves it as it is.

    If the sandbox exists, the plan reports a rule beside its `egress`, and a second rule for a host.
    Before the sandbox is created, its id is unknown: the update then rejects the rule after it created the sandbox, and
    does not add it.

    Two engines must not create the first rules of one sandbox at the same time: the change to an allow-list replaces
    the policy, so one of the rules can be lost. A refresh finds that, and the next update adds the rule again.
    """

    name = "EgressRule"
    inputs = EgressRuleInputs
    outputs = EgressRuleOutputs
    references = MappingProxyType({"sandbox_id": require_sandbox})
    parent = "sandboxId"

    @override
    def find_failures(self, raw_inputs: Mapping[str, Any], warn: WarningHandler) -> Iterable[ValidationFailure]:
        sandbox_id = raw_inputs.get("sandboxId")
        if isinstance(sandbox_id, str) and sandbox_id in egress.MANAGED_SANDBOXES:
            yield ValidationFailure("sandboxId", MANAGED_POLICY_REASON)

    @override
    def planned_id(self, raw_inputs: Mapping[str, Any]) -> str | None:
        sandbox_id, host = raw_inputs.get("sandboxId"), raw_inputs.get("host")
        return f"{sandbox_id}/{host.lower()}" if isinstance(sandbox_id, str) and isinstance(host, str) else None

    @override
    async def create(self, inputs: EgressRuleInputs, context: OperationContext) -> Observation[EgressRuleOutputs]:
        if inputs.sandbox_id in egress.MANAGED_SANDBOXES:  # a policy that was planned after the check of this rule
            raise InputError("sandboxId", MANAGED_POLICY_REASON)
        async with _locked(self.api, inputs.sandbox_id):
            sandbox, rule = await self.api.sandboxes.get(inputs.sandbox_id), _to_rule(inputs)
            if _find_rules(sandbox, inputs.host):
                raise OperationFailed(f"the sandbox already allows {inputs.host}", hint=Hint.OWNER_UNKNOWN)
            await self._allow(sandbox, rule)
        return _to_observation(inputs.sandbox_id, rule)

    @override
    async def reconcile(
        self, id: str, inputs: EgressRuleInputs, context: OperationContext
    ) -> Observation[EgressRuleOutputs]:
        rule = _to_rule(inputs)
        async with _locked(self.api, inputs.sandbox_id):
            if not context.just_created:
                sandbox = await self.api.sandboxes.get(inputs.sandbox_id)
                if not _is_only_rule(sandbox, rule):
                    await self._allow(sandbox, rule)
        return _to_observation(inputs.sandbox_id, rule)

    @override
    async def read(self, id: str, inputs: EgressRuleInputs | None) -> Observation[EgressRuleOutputs] | None:
        if inputs is not None:
            sandbox = await self.api.sandboxes.observe_recent(inputs.sandbox_id, REFRESH_BATCH_DELAY)
            rule = _to_rule(inputs)
            is_there = sandbox is not None and _is_only_rule(sandbox, rule)
            return _to_observation(inputs.sandbox_id, rule) if is_there else None
        # an import may pass the sandbox's name; only the request for a single sandbox accepts names
        sandbox_id, host = _parse_id(id)
        sandbox = await none_if_not_found(self.api.sandboxes.get(sandbox_id))
        rules = [] if sandbox is None else _find_rules(sandbox, host)
        return _to_observation(sandbox.id, rules[0]) if sandbox is not None and rules else None

    @override
    async def find_created(
        self, inputs: EgressRuleInputs, owner: Owner | None = None
    ) -> Observation[EgressRuleOutputs] | None:
        rule, sandbox = _to_rule(inputs), await none_if_not_found(self.api.sandboxes.get(inputs.sandbox_id))
        is_there = sandbox is not None and _is_only_rule(sandbox, rule)
        return _to_observation(inputs.sandbox_id, rule) if is_there else None

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        sandbox_id, host = _parse_id(id)
        async with _locked(self.api, sandbox_id):
            sandbox = await none_if_not_found(self.api.sandboxes.get(sandbox_id))
            if sandbox is None:
                return
            found = _find_rules(sandbox, host)
            if _allow_exactly(found, context.state.get("ports"), context.state.get("protocol")):
                await self.api.sandboxes.patch(sandbox_id, {"egress_remove": _to_body(*found)})
            elif found:
                context.log(f"the rule for {host} was changed elsewhere since, so it is left as it is.")

    async def _allow(self, sandbox: Sandbox, rule: EgressDestination) -> None:
        """Add the rule and remove those that the host has. A policy that denies everything becomes an allow-list."""
        if egress.parse_policy(sandbox.egress).mode == EgressMode.ALLOW_LIST:
            body = {"egress_add": _to_body(rule)}
            if replaced := _find_rules(sandbox, rule.host):
                body["egress_remove"] = _to_body(*replaced)  # the API removes first
        else:
            # the API edits allow-lists only
            body = {"egress": {"mode": EgressMode.ALLOW_LIST.value, **_to_body(rule)}}
        await self.api.sandboxes.patch(sandbox.id, body)


@asynccontextmanager
async def _locked(api: Api, sandbox_id: str) -> AsyncIterator[None]:
    """Let one operation of this process at a time edit the allow-list of the sandbox."""
    async with _LOCKS.setdefault(api, defaultdict(asyncio.Lock))[sandbox_id]:
        yield


def _find_rules(sandbox: Sandbox, host: str) -> list[EgressDestination]:
    """Return the rules for the host. A policy that denies everything has none."""
    policy = egress.parse_policy(sandbox.egress)
    is_listed = policy.mode == EgressMode.ALLOW_LIST
    return [rule for rule in policy.allow if is_listed and rule.host.lower() == host.lower()]


def _is_only_rule(sandbox: Sandbox, rule: EgressDestination) -> bool:
    """Return whether the host has one rule, which allows exactly what this one does."""
    return _allow_exactly(_find_rules(sandbox, rule.host), rule.ports, rule.protocol)


def _allow_exactly(rules: list[EgressDestination], ports: Iterable[int] | None, protocol: str | None) -> bool:
    """Return whether there is one rule, which allows what a rule with these inputs does."""
    return [_allowed(rule.ports, rule.protocol) for rule in rules] == [_allowed(ports, protocol)]


def _allowed(ports: Iterable[int] | None, protocol: str | None) -> tuple[set[int], str | None]:
    """Return the ports and the protocol that a rule with these inputs allows, with the API's default."""
    return set(ports or ()), protocol or (Protocol.TCP if ports else None)


def _to_rule(inputs: EgressRuleInputs) -> EgressDestination:
    return EgressDestination(host=inputs.host, ports=inputs.ports, protocol=inputs.protocol)


def _to_body(*rules: EgressDestination) -> dict[str, Any]:
    return {"allow": [rule.model_dump(mode="json", exclude_none=True) for rule in rules]}


def _to_observation(sandbox_id: str, rule: EgressDestination) -> Observation[EgressRuleOutputs]:
    inputs = {"sandboxId": sandbox_id, **rule.to_properties()}
    return Observation(f"{sandbox_id}/{rule.host}", inputs, EgressRuleOutputs())


def _parse_id(id: str) -> tuple[str, str]:
    sandbox_id, _, host = id.partition("/")
    if not host:
        raise InputError("id", "must have the form SANDBOX_ID/HOST")
    return sandbox_id, host
