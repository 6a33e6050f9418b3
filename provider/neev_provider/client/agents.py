"""Agents: their model, and the requests for them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field
from typing_extensions import override

from neev_provider.client.collection import NamedCollection, NamedObject
from neev_provider.client.models import Page, build_parser
from neev_provider.client.sandboxes import LastCrash
from neev_provider.core.clock import Clock

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport


class Agent(NamedObject):
    """An agent of the API."""

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
    last_crash: LastCrash | None = None


class Agents(NamedCollection[Agent]):
    """The requests for the agents of one project."""

    noun = "agent"
    path = "agents"
    resuming_phases = ("Resuming", "Provisioning", "Ready")

    def __init__(self, transport: "Transport", *, clock: Clock) -> None:
        super().__init__(transport, clock=clock, parse_object=build_parser(Agent), parse_page=build_parser(Page[Agent]))

    @override
    def _phase(self, item: Agent) -> str:
        return item.status

    @override
    def _matches_request(self, item: Agent, body: Mapping[str, Any]) -> bool:
        config = item.config or {}
        configured = all(config.get(key) == value for key, value in (body.get("config") or {}).items())
        return configured and body.get("idle_timeout_seconds") in (None, item.idle_timeout_seconds)
