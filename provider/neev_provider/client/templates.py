"""The catalog: templates of sandboxes and of agents, the same for every project."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from neev_provider.client.http.pagination import PAGE_SIZE, list_all
from neev_provider.client.models import ApiObject, Page, build_parser

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport

CATALOG_PATH = "/api/v1beta1"


class TemplateBase(ApiObject):
    """The fields that all templates have."""

    name: str
    description: str = ""
    icon: str | None = None
    category: str | None = None
    status: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class Template(TemplateBase):
    """A template of sandboxes."""


class AgentTemplate(TemplateBase):
    """A template of agents; an agent names its template by `name`, not by `id`."""

    agent_version: str | None = None
    ui: Any = None
    config_schema: Mapping[str, Any] | None = None
    default_resources: Mapping[str, Any] | None = None
    default_egress: Mapping[str, Any] | None = None


TemplateT = TypeVar("TemplateT", bound=TemplateBase)


class TemplateCollection(Generic[TemplateT]):
    """The requests for one kind of template."""

    def __init__(
        self,
        transport: "Transport",
        path: str,
        *,
        parse_template: Callable[[Any], TemplateT],
        parse_page: Callable[[Any], Page[TemplateT]],
    ) -> None:
        self._transport = transport
        self._root = f"{CATALOG_PATH}/{path}"
        self._parse_template = parse_template
        self._parse_page = parse_page

    async def get(self, id: str) -> TemplateT:
        """Return the template."""
        return await self._transport.request("GET", f"{self._root}/{quote(id, safe='')}", parse=self._parse_template)

    async def list(self, *, category: str | None = None, status: str | None = None) -> tuple[TemplateT, ...]:
        """Return every template of the category and the status; the API filters by neither."""
        return tuple(
            item
            for item in await list_all(self._read_page)
            if category in (None, item.category) and status in (None, item.status)
        )

    async def _read_page(self, number: int) -> Page[TemplateT]:
        """Return one page of the list."""
        params = {"page": number, "limit": PAGE_SIZE}
        return await self._transport.request("GET", self._root, parse=self._parse_page, params=params)


def new_sandbox_templates(transport: "Transport") -> TemplateCollection[Template]:
    """Return the requests for templates of sandboxes."""
    return TemplateCollection(
        transport, "sandbox-templates", parse_template=build_parser(Template), parse_page=build_parser(Page[Template])
    )


def new_agent_templates(transport: "Transport") -> TemplateCollection[AgentTemplate]:
    """Return the requests for templates of agents."""
    return TemplateCollection(
        transport,
        "agent-templates",
        parse_template=build_parser(AgentTemplate),
        parse_page=build_parser(Page[AgentTemplate]),
    )
