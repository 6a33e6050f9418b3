"""Agents: what the API says of them, and the calls for their paths."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import Field

from neev_provider.client.http.idempotency import do_once, make_once
from neev_provider.client.http.pagination import PAGE_SIZE, read_all
from neev_provider.client.models import Item, Page, nothing, parser
from neev_provider.client.polling.batch_reader import Sweeper
from neev_provider.client.polling.shared_poller import Watcher
from neev_provider.client.sandboxes import LastCrash
from neev_provider.core.clock import Clock
from neev_provider.core.errors import NotFound

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport


class Agent(Item):
    """An agent as the API shows it; times are kept as they were sent."""

    name: str
    status: str
    sandbox_id: str | None = None
    agent_template_id: str | None = None
    drive_mode: str | None = None
    config: Mapping[str, Any] | None = Field(default=None, repr=False)
    web_ui_url: str | None = Field(default=None, repr=False)
    metrics_url: str | None = None
    gateway_token: str | None = Field(default=None, repr=False)
    egress: Mapping[str, Any] | None = None
    idle_timeout_seconds: int | None = None
    org_id: str | None = None
    project_id: str | None = None
    last_crash: LastCrash | None = None
    created_at: str | None = None
    updated_at: str | None = None


_agent = parser(Agent)
_page = parser(Page[Agent])


class Agents:
    """The calls for agents of one project."""

    def __init__(self, transport: "Transport", *, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._root = f"{transport.project}/agents"
        self._watcher = Watcher(Sweeper(read_one=self.get, read_page=self._read_page), clock=clock)

    async def create(self, body: Mapping[str, Any]) -> Agent:
        """Return the new agent; after an unclear answer, the one that turns out to have been made.

        Raises:
            OutcomeUnknown: it could not be found out.
        """
        name = str(body["name"])

        async def make() -> Agent:
            return await self._transport.request("POST", self._root, parse=_agent, json=dict(body))

        async def candidates() -> Iterable[Agent]:
            found = await self.find(name)
            return [] if found is None else [found]

        return await make_once(
            make,
            candidates,
            what=f"the agent {name}",
            clock=self._clock,
            server_clock=self._transport.server_clock,
            fits=lambda found: _is_as_asked(found, body),
        )

    async def get(self, id_or_name: str) -> Agent:
        """Return the agent."""
        return await self._transport.request("GET", self._at(id_or_name), parse=_agent)

    async def find(self, name: str) -> Agent | None:
        """Return the agent with exactly this name, or None."""
        try:
            found = await self.get(name)
        except NotFound:
            return None
        return found if found.name == name else None

    async def find_made(self, body: Mapping[str, Any]) -> Agent | None:
        """Return what a create with this body made, as far as its name and what it shows tell, or None."""
        found = await self.find(str(body["name"]))
        return found if found is not None and _is_as_asked(found, body) else None

    async def patch(self, id: str, body: Mapping[str, Any]) -> Agent:
        """Return the agent with its size, egress or idle window changed in place."""
        return await self._transport.request("PATCH", self._at(id), parse=_agent, json=dict(body))

    async def pause(self, id: str) -> Agent:
        """Return the agent, on its way to Paused."""
        return await self._move(id, "pause", towards=("Pausing", "Paused"))

    async def resume(self, id: str) -> Agent:
        """Return the agent, on its way to Ready."""
        return await self._move(id, "resume", towards=("Resuming", "Provisioning", "Ready"))

    async def delete(self, id: str) -> None:
        """Return once the agent is being deleted, or is gone already."""
        try:
            await self._transport.request("DELETE", self._at(id), parse=nothing)
        except NotFound:
            return

    async def list(self) -> tuple[Agent, ...]:
        """Return every agent."""
        return await read_all(self._read_page)

    async def observe(self, id: str, within: float) -> Agent | None:
        """Return the agent as seen at most about `within` seconds from now; None when it is gone."""
        return await self._watcher.observe(id, within)

    async def observe_gone(self, id: str, within: float) -> bool:
        """Return whether the agent is gone, as seen at most about `within` seconds from now."""
        return await self._watcher.observe_gone(id, within)

    async def aclose(self) -> None:
        """End every observation."""
        await self._watcher.aclose()

    async def _move(self, id: str, verb: str, *, towards: Collection[str]) -> Agent:
        """Return the agent once it is on its way to where one POST moves it; after an unclear answer, look."""

        async def act() -> Agent:
            return await self._transport.request("POST", self._at(id, verb), parse=_agent, json={})

        async def look() -> Agent | None:
            found = await self.get(id)
            return found if found.status in towards else None

        return await do_once(act, look, clock=self._clock)

    async def _read_page(self, number: int) -> Page[Agent]:
        """Return one page of the list."""
        params = {"page": number, "limit": PAGE_SIZE}
        return await self._transport.request("GET", self._root, parse=_page, params=params)

    def _at(self, id: str, *rest: str) -> str:
        """Return the path of an agent, or of something below it."""
        return "/".join((self._root, quote(id, safe=""), *rest))


def _is_as_asked(found: Agent, body: Mapping[str, Any]) -> bool:
    """Return whether an agent shows what the body of a create asked for, as far as the API tells."""
    config = found.config or {}
    configured = all(config.get(key) == value for key, value in (body.get("config") or {}).items())
    return configured and body.get("idle_timeout_seconds") in (None, found.idle_timeout_seconds)
