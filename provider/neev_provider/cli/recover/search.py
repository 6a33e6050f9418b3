"""What interrupted creates have made, looked for at the platform and judged: proven to be theirs, or left alone."""

from __future__ import annotations

import json
import os
from contextlib import AsyncExitStack
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
from neev_provider.client import Api, Settings, connect
from neev_provider.core import lifecycle
from neev_provider.core.errors import InputError
from neev_provider.core.lifecycle import AnyResource, StoredResource

DIFFERENT_INPUTS_REASON = "it has the name and is not as the program asks"
SIMILAR_NAMES_REASON = "sandboxes are called like its own, and nothing tells whose they are"
FOREIGN_SANDBOX_REASON = "it is in a sandbox that this stack does not hold, so it may be another's"


class OperationLookup:
    """The search for one stack, with one client for each account."""

    def __init__(self, pulumi_cli: PulumiCli, stack: str, state: Deployment) -> None:
        self._pulumi_cli, self._stack, self._state = pulumi_cli, stack, state
        self._clients: dict[Settings, Api] = {}

    async def find(self, operation: StateEntry, exit_stack: AsyncExitStack) -> StoredResource | UnverifiedMatch | None:
        """Return what the operation made, or what has its place and may be another's; None where nothing is there."""
        resource, begun = resource_for_lookup(operation), operation["resource"]
        if resource is None:
            return None
        recorded_accounts.require_matching_account(list_state_resources(self._state), self._stack_config, os.environ)
        api = self._client_for(begun, exit_stack)
        try:
            made = await lifecycle.find_created(resource, api, ownership.decode_inputs(begun))
        except InputError as error:
            raise InputError(begun["urn"], f"its stored inputs cannot be used: {error.summary}") from error
        if made is None:
            return await _find_by_name(api, resource, begun)
        why = await self._explain_mismatch(api, resource, begun, made)
        return made if why is None else UnverifiedMatch(made.id, why)

    def _client_for(self, pending: StateEntry, exit_stack: AsyncExitStack) -> Api:
        settings = accounts.resolve_resource_settings(
            pending, list_state_resources(self._state), self._stack_config, os.environ
        )
        if settings not in self._clients:
            self._clients[settings] = connect(settings)
            exit_stack.push_async_callback(self._clients[settings].aclose)
        return self._clients[settings]

    async def _explain_mismatch(
        self, api: Api, resource: AnyResource, pending: StateEntry, candidate: StoredResource
    ) -> str | None:
        """Why the thing may be another's; None where it is this create's beyond doubt."""
        if ownership.has_generated_name(pending):
            return None
        if resource.name in SANDBOX_CHILD_TYPES:
            own = ownership.own_sandbox_ids(list_state_resources(self._state))
            return None if ownership.decode_inputs(pending).get("sandboxId") in own else FOREIGN_SANDBOX_REASON
        ahead = api.transport.server_clock.now() - api.clock.now()
        window = ownership.compute_create_time_range(self._state, pending, resource, self._updates)
        parts = await ownership.list_created_objects(api, resource, candidate)
        for created in parts.values():
            if (why := window.explain_mismatch(created, ahead)) is not None:
                return why
        holder = next((name for name, said in self._other_states.items() if any(id in said for id in parts)), None)
        return None if holder is None else f"the stack {holder} holds it"

    @cached_property
    def _stack_config(self) -> dict[str, object]:
        return self._pulumi_cli.read_config(self._stack)

    @cached_property
    def _updates(self) -> list[StateEntry]:
        return self._pulumi_cli.list_updates(self._stack)

    @cached_property
    def _other_states(self) -> dict[str, str]:
        """What each other stack of the backend holds, as text in which an id can be looked up; secrets stay closed."""
        own = self._urn_prefix(self._state)
        states = {name: self._pulumi_cli.export(name) for name in self._pulumi_cli.list_stacks()}
        return {
            name: json.dumps(list_state_resources(each))
            for name, each in states.items()
            if self._urn_prefix(each) != own
        }

    @staticmethod
    def _urn_prefix(state: Deployment) -> tuple[str, ...]:
        """The stack and the project that the state's URNs name; nothing where the state is empty."""
        named = [*list_state_resources(state), *(each["resource"] for each in list_pending_operations(state))]
        return next((tuple(each["urn"].split("::")[:2]) for each in named), ())


async def _find_by_name(api: Api, resource: AnyResource, pending: StateEntry) -> UnverifiedMatch | None:
    """Something else that has the name, where the platform knows things of this kind by it."""
    name = str(ownership.decode_inputs(pending).get("name"))
    if resource.name in (POOL_TYPE, IMAGE_TYPE) and await ownership.list_created_objects(
        api, resource, StoredResource(name, {}, {})
    ):
        return UnverifiedMatch(name, SIMILAR_NAMES_REASON)
    finders = {"Sandbox": api.sandboxes.find, "Agent": api.agents.find}
    if resource.name not in finders:
        return None
    seen = await finders[resource.name](name)
    return None if seen is None else UnverifiedMatch(seen.id, DIFFERENT_INPUTS_REASON)
