"""What interrupted creates have made, looked for at the platform and judged: proven to be theirs, or left alone."""

from __future__ import annotations

import json
import os
from contextlib import AsyncExitStack
from functools import cached_property

from neev_provider.cli import accounts, recorded_accounts
from neev_provider.cli.pulumi_cli import Deployment, Engine
from neev_provider.cli.recover import ownership
from neev_provider.cli.recover.ownership import IMAGE, INSIDE, POOL, Unproven
from neev_provider.cli.recover.plan import Entry, operations, resources, searched
from neev_provider.client import Api, Settings, connect
from neev_provider.core import lifecycle
from neev_provider.core.errors import InputError
from neev_provider.core.lifecycle import AnyResource, StoredResource

NOT_AS_ASKED = "it has the name and is not as the program asks"
SEVERAL = "sandboxes are called like its own, and nothing tells whose they are"
NOT_INSIDE = "it is in a sandbox that this stack does not hold, so it may be another's"


class Search:
    """The search for one stack, with one client for each account."""

    def __init__(self, engine: Engine, stack: str, state: Deployment) -> None:
        self._engine, self._stack, self._state = engine, stack, state
        self._connected: dict[Settings, Api] = {}

    async def of(self, operation: Entry, clients: AsyncExitStack) -> StoredResource | Unproven | None:
        """Return what the operation made, or what has its place and may be another's; None where nothing is there."""
        resource, begun = searched(operation), operation["resource"]
        if resource is None:
            return None
        recorded_accounts.require_here(resources(self._state), self._configured, os.environ)
        api = self._api(begun, clients)
        try:
            made = await lifecycle.find_created(resource, api, ownership.inputs_of(begun))
        except InputError as error:
            raise InputError(begun["urn"], f"its stored inputs cannot be used: {error.summary}") from error
        if made is None:
            return await _namesake(api, resource, begun)
        why = await self._doubt(api, resource, begun, made)
        return made if why is None else Unproven(made.id, why)

    def _api(self, begun: Entry, clients: AsyncExitStack) -> Api:
        settings = accounts.of_resource(begun, resources(self._state), self._configured, os.environ)
        if settings not in self._connected:
            self._connected[settings] = connect(settings)
            clients.push_async_callback(self._connected[settings].aclose)
        return self._connected[settings]

    async def _doubt(self, api: Api, resource: AnyResource, begun: Entry, made: StoredResource) -> str | None:
        """Why the thing may be another's; None where it is this create's beyond doubt."""
        if ownership.has_a_name_of_its_own(begun):
            return None
        if resource.name in INSIDE:
            own = ownership.own_sandboxes(resources(self._state))
            return None if ownership.inputs_of(begun).get("sandboxId") in own else NOT_INSIDE
        ahead = api.transport.server_clock.now() - api.clock.now()
        window = ownership.window(self._state, begun, resource, self._updates)
        parts = await ownership.parts(api, resource, made)
        for created in parts.values():
            if (why := window.doubt(created, ahead)) is not None:
                return why
        holder = next((name for name, said in self._others.items() if any(id in said for id in parts)), None)
        return None if holder is None else f"the stack {holder} holds it"

    @cached_property
    def _configured(self) -> dict[str, object]:
        return self._engine.config(self._stack)

    @cached_property
    def _updates(self) -> list[Entry]:
        return self._engine.history(self._stack)

    @cached_property
    def _others(self) -> dict[str, str]:
        """What each other stack of the backend holds, as text in which an id can be looked up; secrets stay closed."""
        own = self._prefix(self._state)
        states = {name: self._engine.export(name) for name in self._engine.stacks()}
        return {name: json.dumps(resources(each)) for name, each in states.items() if self._prefix(each) != own}

    @staticmethod
    def _prefix(state: Deployment) -> tuple[str, ...]:
        """The stack and the project that the state's URNs name; nothing where the state is empty."""
        named = [*resources(state), *(each["resource"] for each in operations(state))]
        return next((tuple(each["urn"].split("::")[:2]) for each in named), ())


async def _namesake(api: Api, resource: AnyResource, begun: Entry) -> Unproven | None:
    """Something else that has the name, where the platform knows things of this kind by it."""
    name = str(ownership.inputs_of(begun).get("name"))
    if resource.name in (POOL, IMAGE) and await ownership.parts(api, resource, StoredResource(name, {}, {})):
        return Unproven(name, SEVERAL)
    finders = {"Sandbox": api.sandboxes.find, "Agent": api.agents.find}
    if resource.name not in finders:
        return None
    seen = await finders[resource.name](name)
    return None if seen is None else Unproven(seen.id, NOT_AS_ASKED)
