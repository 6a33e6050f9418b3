"""Agents: what the API says of them, and the calls for their paths."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import Field

from neev_provider.client.http.idempotency import create_or_adopt, perform_or_confirm
from neev_provider.client.http.pagination import PAGE_SIZE, list_all
from neev_provider.client.models import ApiObject, Page, build_parser, ignore_body
from neev_provider.client.polling.batch_reader import BatchReader
from neev_provider.client.polling.shared_poller import SharedPoller
from neev_provider.client.sandboxes import LastCrash
from neev_provider.core.clock import Clock
from neev_provider.core.errors import NotFound

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport


class Agent(ApiObject):
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


_parse_agent = build_parser(Agent)
_parse_page = build_parser(Page[Agent])


class Agents:
    """The calls for agents of one project."""

    def __init__(self, transport: "Transport", *, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._root = f"{transport.project}/agents"
        self._poller = SharedPoller(BatchReader(read_one=self.get, read_page=self._read_page), clock=clock)

    async def create(self, body: Mapping[str, Any]) -> Agent:
        """Return the new agent; after an unclear answer, the one that turns out to have been made.

        Raises:
            OutcomeUnknown: it could not be found out.
        """
        name = str(body["name"])

        async def make() -> Agent:
            return await self._transport.request("POST", self._root, parse=_parse_agent, json=dict(body))

        async def candidates() -> Iterable[Agent]:
            found = await self.find(name)
            return [] if found is None else [found]

        return await create_or_adopt(
            make,
            candidates,
            subject=f"the agent {name}",
            clock=self._clock,
            server_clock=self._transport.server_clock,
            matches=lambda found: _matches_request(found, body),
        )

    async def get(self, id_or_name: str) -> Agent:
        """Return the agent."""
        return await self._transport.request("GET", self._path(id_or_name), parse=_parse_agent)

    async def find(self, name: str) -> Agent | None:
        """Return the agent with exactly this name, or None."""
        try:
            found = await self.get(name)
        except NotFound:
            return None
        return found if found.name == name else None

    async def find_created(self, body: Mapping[str, Any]) -> Agent | None:
        """Return what a create with this body made, as far as its name and what it shows tell, or None."""
        found = await self.find(str(body["name"]))
        return found if found is not None and _matches_request(found, body) else None

    async def patch(self, id: str, body: Mapping[str, Any]) -> Agent:
        """Return the agent with its size, egress or idle window changed in place."""
        return await self._transport.request("PATCH", self._path(id), parse=_parse_agent, json=dict(body))

    async def pause(self, id: str) -> Agent:
        """Return the agent, on its way to Paused."""
        return await self._transition(id, "pause", target_statuses=("Pausing", "Paused"))

    async def resume(self, id: str) -> Agent:
        """Return the agent, on its way to Ready."""
        return await self._transition(id, "resume", target_statuses=("Resuming", "Provisioning", "Ready"))

    async def delete(self, id: str) -> None:
        """Return once the agent is being deleted, or is gone already."""
        try:
            await self._transport.request("DELETE", self._path(id), parse=ignore_body)
        except NotFound:
            return

    async def list(self) -> tuple[Agent, ...]:
        """Return every agent."""
        return await list_all(self._read_page)

    async def observe(self, id: str, max_delay: float) -> Agent | None:
        """Return the agent as seen at most about `within` seconds from now; None when it is gone."""
        return await self._poller.observe(id, max_delay)

    async def observe_gone(self, id: str, max_delay: float) -> bool:
        """Return whether the agent is gone, as seen at most about `within` seconds from now."""
        return await self._poller.observe_gone(id, max_delay)

    async def aclose(self) -> None:
        """End every observation."""
        await self._poller.aclose()

    async def _transition(self, id: str, verb: str, *, target_statuses: Collection[str]) -> Agent:
        """Return the agent once it is on its way to where one POST moves it; after an unclear answer, look."""

        async def act() -> Agent:
            return await self._transport.request("POST", self._path(id, verb), parse=_parse_agent, json={})

        async def look() -> Agent | None:
            found = await self.get(id)
            return found if found.status in target_statuses else None

        return await perform_or_confirm(act, look, clock=self._clock)

    async def _read_page(self, number: int) -> Page[Agent]:
        """Return one page of the list."""
        params = {"page": number, "limit": PAGE_SIZE}
        return await self._transport.request("GET", self._root, parse=_parse_page, params=params)

    def _path(self, id: str, *rest: str) -> str:
        """Return the path of an agent, or of something below it."""
        return "/".join((self._root, quote(id, safe=""), *rest))


def _matches_request(agent: Agent, body: Mapping[str, Any]) -> bool:
    """Return whether an agent shows what the body of a create asked for, as far as the API tells."""
    config = agent.config or {}
    configured = all(config.get(key) == value for key, value in (body.get("config") or {}).items())
    return configured and body.get("idle_timeout_seconds") in (None, agent.idle_timeout_seconds)
