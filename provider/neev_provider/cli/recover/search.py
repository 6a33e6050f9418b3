"""Lookup of what interrupted creates made. An object without evidence of its creator is left alone."""

from __future__ import annotations

import json
import os
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import cached_property

from neev_provider.cli import accounts, recorded_accounts
from neev_provider.cli.pulumi_cli import Deployment, PulumiCli
from neev_provider.cli.recover import ownership
from neev_provider.cli.recover.ownership import IMAGE_TYPE, POOL_TYPE, SANDBOX_CHILD_TYPES, UnverifiedMatch
from neev_provider.cli.recover.plan import (
    StateEntry,
    list_pending_operations,
    list_state_resources,
    resource_for_lookup,
)
from neev_provider.cli.recover.stack_sandboxes import StackSandboxes
from neev_provider.client import Api, Settings, connect
from neev_provider.client.agents import Agent
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core import lifecycle
from neev_provider.core.errors import InputError
from neev_provider.core.labels import Owner, is_foreign
from neev_provider.core.lifecycle import AnyResource, StoredResource

DIFFERENT_INPUTS_REASON = "it has the name, but not the inputs of the program"
SIMILAR_NAMES_REASON = "there are sandboxes with matching names, without evidence of their creator"
FOREIGN_SANDBOX_REASON = "it is in a sandbox that is not in this stack, so it may be foreign"


class OperationLookup:
    """Looks up the operations of one stack, with one client for each account."""

    def __init__(self, pulumi_cli: PulumiCli, stack: str, state: Deployment) -> None:
        self._pulumi_cli, self._stack, self._state = pulumi_cli, stack, state
        self._clients: dict[Settings, Api] = {}
        self._stack_apis: dict[Settings, Api] = {}

    async def find(self, operation: StateEntry, exit_stack: AsyncExitStack) -> StoredResource | UnverifiedMatch | None:
        """Return what the operation created, or a match without evidence, or `None`."""
        resource, pending = resource_for_lookup(operation), operation["resource"]
        if resource is None:
            return None
        recorded_accounts.require_matching_account(list_state_resources(self._state), self._stack_config, os.environ)
        owner = ownership.find_owner(pending)
        api = self._limit_to_stack(self._client_for(pending, exit_stack), owner)
        try:
            created = await lifecycle.find_created(resource.connect(api), ownership.decode_inputs(pending), owner)
        except InputError as error:
            raise InputError(pending["urn"], f"its stored inputs cannot be used: {error.summary}") from error
        if created is None:
            return await _find_by_name(api, resource, pending)
        reason = await self._explain_mismatch(api, resource, pending, created)
        return created if reason is None else UnverifiedMatch(created.id, reason)

    def _client_for(self, pending: StateEntry, exit_stack: AsyncExitStack) -> Api:
        settings = accounts.resolve_resource_settings(
            pending, list_state_resources(self._state), self._stack_config, os.environ
        )
        if settings not in self._clients:
            self._clients[settings] = connect(settings)
            exit_stack.push_async_callback(self._clients[settings].aclose)
        return self._clients[settings]

    def _limit_to_stack(self, api: Api, owner: Owner | None) -> Api:
        """Return the client that lists only sandboxes with the labels of the stack, if the settings add them."""
        if owner is None or not api.settings.labels.names_owner:
            return api
        if api.settings not in self._stack_apis:
            sandboxes = StackSandboxes(api, owner.stack_labels())
            self._stack_apis[api.settings] = replace(api, sandboxes=sandboxes)
        return self._stack_apis[api.settings]

    async def _explain_mismatch(
        self, api: Api, resource: AnyResource, pending: StateEntry, candidate: StoredResource
    ) -> str | None:
        """Return why the object may be foreign, or `None` if this create made it."""
        if ownership.has_generated_name(pending):
            return None
        if resource.name in SANDBOX_CHILD_TYPES:
            own = ownership.own_sandbox_ids(list_state_resources(self._state))
            return None if ownership.decode_inputs(pending).get("sandboxId") in own else FOREIGN_SANDBOX_REASON
        clock_lead = api.transport.server_clock.now() - api.clock.now()
        time_range = ownership.compute_create_time_range(self._state, pending, resource, self._updates)
        created_objects = await ownership.list_created_objects(api, resource, candidate, ownership.find_owner(pending))
        for created_at in created_objects.values():
            if (reason := time_range.explain_mismatch(created_at, clock_lead)) is not None:
                return reason
        owner = next(
            (name for name, state in self._other_states.items() if any(id in state for id in created_objects)), None
        )
        return None if owner is None else f"the stack {owner} contains it"

    @cached_property
    def _stack_config(self) -> dict[str, object]:
        return self._pulumi_cli.read_config(self._stack)

    @cached_property
    def _updates(self) -> list[StateEntry]:
        return self._pulumi_cli.list_updates(self._stack)

    @cached_property
    def _other_states(self) -> dict[str, str]:
        """Return the resources of each other stack of the backend as JSON, with encrypted secrets."""
        own = self._urn_prefix(self._state)
        states = {name: self._pulumi_cli.export(name) for name in self._pulumi_cli.list_stacks()}
        return {
            name: json.dumps(list_state_resources(value))
            for name, value in states.items()
            if self._urn_prefix(value) != own
        }

    @staticmethod
    def _urn_prefix(state: Deployment) -> tuple[str, ...]:
        """Return the stack and the project in the URNs of the state, or an empty tuple."""
        named = [*list_state_resources(state), *(operation["resource"] for operation in list_pending_operations(state))]
        return next((tuple(item["urn"].split("::")[:2]) for item in named), ())


async def _find_by_name(api: Api, resource: AnyResource, pending: StateEntry) -> UnverifiedMatch | None:
    """Return another object with the same name, for types that the API can find by name."""
    name, owner = str(ownership.decode_inputs(pending).get("name")), ownership.find_owner(pending)
    if resource.name in (POOL_TYPE, IMAGE_TYPE) and await ownership.list_created_objects(
        api, resource, StoredResource(name, {}, {}), owner
    ):
        return UnverifiedMatch(name, SIMILAR_NAMES_REASON)
    namesake: Sandbox | Agent | None = None
    if resource.name == "Sandbox":
        namesake = await api.sandboxes.find(name)
        namesake = namesake if namesake and not is_foreign(namesake.labels, owner) else None
    elif resource.name == "Agent":
        namesake = await api.agents.find(name)
    return None if namesake is None else UnverifiedMatch(namesake.id, DIFFERENT_INPUTS_REASON)
