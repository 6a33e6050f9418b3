"""The catalogue: templates of sandboxes and of agents, the same for every project."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from neev_provider.client.http.pagination import PAGE_SIZE, read_all
from neev_provider.client.models import Item, Page, parser

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport

CATALOGUE = "/api/v1beta1"


class Entry(Item):
    """What all templates tell of themselves."""

    name: str
    description: str = ""
    icon: str | None = None
    category: str | None = None
    status: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class Template(Entry):
    """What a sandbox can be made from."""


class AgentTemplate(Entry):
    """What an agent can be made from; an agent names its template by `name`, not by `id`."""

    agent_version: str | None = None
    ui: Any = None
    config_schema: Mapping[str, Any] | None = None
    default_resources: Mapping[str, Any] | None = None
    default_egress: Mapping[str, Any] | None = None


K = TypeVar("K", bound=Entry)


class Catalogue(Generic[K]):
    """The calls for one kind of template."""

    def __init__(
        self, transport: "Transport", path: str, *, one: Callable[[Any], K], page: Callable[[Any], Page[K]]
    ) -> None:
        self._transport = transport
        self._root = f"{CATALOGUE}/{path}"
        self._one = one
        self._page = page

    async def get(self, id: str) -> K:
        """Return the template."""
        return await self._transport.request("GET", f"{self._root}/{quote(id, safe='')}", parse=self._one)

    async def list(self, *, category: str | None = None, status: str | None = None) -> tuple[K, ...]:
        """Return every template of the category and in the status; the API has no filter for either."""
        return tuple(
            each
            for each in await read_all(self._read_page)
            if category in (None, each.category) and status in (None, each.status)
        )

    async def _read_page(self, number: int) -> Page[K]:
        """Return one page of the list."""
        params = {"page": number, "limit": PAGE_SIZE}
        return await self._transport.request("GET", self._root, parse=self._page, params=params)


def sandbox_templates(transport: "Transport") -> Catalogue[Template]:
    """Return the calls for templates of sandboxes."""
    return Catalogue(transport, "sandbox-templates", one=parser(Template), page=parser(Page[Template]))


def agent_templates(transport: "Transport") -> Catalogue[AgentTemplate]:
    """Return the calls for templates of agents."""
    return Catalogue(transport, "agent-templates", one=parser(AgentTemplate), page=parser(Page[AgentTemplate]))
