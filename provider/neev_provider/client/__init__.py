"""The client of the Agent Service: one connection pool, one module for each path of the API."""

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
    """The calls of one project; closed after use."""

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
        """Return the account in which everything of this API is."""
        return self.settings.account

    async def require_project(self) -> None:
        """Return only where the API accepts the key and answers for the project; it is asked once at most.

        Raises:
            ProjectNotFound: it does not know the project.
        """
        await self.transport.require_project()

    async def aclose(self) -> None:
        """Close every connection; waits that are still open end."""
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
    """Return the API of one project; `transport` stands in for the network.

    Nothing is sent until the first call.
    """
    from neev_provider.client.http.transport import Transport  # noqa: PLC0415  httpx takes half a second to import

    wire = Transport(settings, clock=clock, transport=transport)
    return Api(
        settings=settings,
        clock=clock,
        transport=wire,
        sandboxes=Sandboxes(wire, clock=clock),
        snapshots=Snapshots(wire, clock=clock),
        runtime=Runtime(settings, transport),
        ports=Ports(wire, clock=clock),
        agents=Agents(wire, clock=clock),
        templates=new_sandbox_templates(wire),
        agent_templates=new_agent_templates(wire),
    )
