"""The client of the API: one module for each of its collections."""

from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from neev_provider.client.agents import Agents
from neev_provider.client.ports import Ports
from neev_provider.client.runtime import Runtime
from neev_provider.client.sandboxes import Sandboxes
from neev_provider.client.settings import Settings
from neev_provider.client.snapshots import Snapshots
from neev_provider.client.templates import (
    AgentTemplate,
    Template,
    TemplateCollection,
    new_agent_templates,
    new_sandbox_templates,
)
from neev_provider.core.account import Account
from neev_provider.core.clock import SYSTEM_CLOCK, Clock
from neev_provider.core.tracing import flush_spans

if TYPE_CHECKING:
    from neev_provider.client.http.connection_pool import HttpTransport
    from neev_provider.client.http.transport import Transport

__all__ = ["Api", "Settings", "connect"]


@dataclass(frozen=True)
class Api:
    """The requests of one project. Close it after use."""

    settings: Settings
    clock: Clock
    transport: "Transport"
    sandboxes: Sandboxes
    snapshots: Snapshots
    runtime: Runtime
    ports: Ports
    agents: Agents
    templates: TemplateCollection[Template]
    agent_templates: TemplateCollection[AgentTemplate]

    @property
    def account(self) -> Account:
        """Return the account that every request is for."""
        return self.settings.account

    async def require_project(self) -> None:
        """Raise an error unless the API accepts the key and has the project; at most one request confirms it.

        Raises:
            ProjectNotFound: the API does not know the project.
        """
        await self.transport.require_project()

    async def aclose(self) -> None:
        """Close every connection and end every open wait."""
        await self.sandboxes.aclose()
        await self.snapshots.aclose()
        await self.agents.aclose()
        await self.runtime.aclose()
        await self.transport.aclose()
        flush_spans()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def connect(settings: Settings, *, clock: Clock = SYSTEM_CLOCK, transport: "HttpTransport | None" = None) -> Api:
    """Return the client of one project; `transport` replaces the network.

    Nothing is sent until the first request.
    """
    from neev_provider.client.http.transport import Transport  # noqa: PLC0415  httpx takes half a second to import

    http = Transport(settings, clock=clock, transport=transport)
    return Api(
        settings=settings,
        clock=clock,
        transport=http,
        sandboxes=Sandboxes(http, clock=clock),
        snapshots=Snapshots(http, clock=clock),
        runtime=Runtime(settings, transport),
        ports=Ports(http, clock=clock),
        agents=Agents(http, clock=clock),
        templates=new_sandbox_templates(http),
        agent_templates=new_agent_templates(http),
    )
