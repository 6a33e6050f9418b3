"""Data functions for the catalog of sandbox templates and agent templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client import templates as catalog
from neev_provider.client.models import convert_response
from neev_provider.core.errors import InputError
from neev_provider.core.function import Function
from neev_provider.core.model import Arguments, Outputs
from neev_provider.functions.arguments import IdOrNameArguments
from neev_provider.resources import egress
from neev_provider.resources.egress import Egress


class TemplateCategory(StrEnum):
    """Category of a sandbox template."""

    STANDARD = "standard"
    """General-purpose computer."""
    BROWSER = "browser"
    """Computer with a browser for automation."""


class TemplateStatus(StrEnum):
    """Availability of a template."""

    ACTIVE = "active"
    """Available."""
    DEPRECATED = "deprecated"
    """Available, but to be removed."""


class SandboxTemplate(Outputs):
    """Template for sandboxes."""

    id: str
    """Id of the template. Use it as `templateId` of a sandbox."""
    name: str
    """Name of the template."""
    description: str
    """Description of the template's contents."""
    category: str
    """Category: `standard` or `browser`."""
    status: str
    """Status: `active` or `deprecated`."""
    created_at: str
    """Time when the template was added to the catalog (RFC 3339)."""
    updated_at: str
    """Time of the last update (RFC 3339)."""


class GetSandboxTemplatesResult(Outputs):
    """Sandbox templates of the catalog."""

    templates: list[SandboxTemplate]
    """Matching templates, in the order of the catalog."""


class AgentResources(Outputs):
    """Size of an agent's sandbox. The API's default applies to what is absent."""

    cpu: float | None = None
    """Number of vCPUs."""
    memory_gb: float | None = None
    """Memory in GB."""
    disk_gb: float | None = None
    """Disk size in GB."""
    rootfs_disk_gb: float | None = None
    """Part of the disk for the container's root file system, in GB."""


class AgentTemplate(Outputs):
    """Template for agents."""

    id: str
    """Id of the template."""
    name: str
    """Name of the template. Use it as `agentTemplate` of an agent."""
    description: str
    """Description of the agent."""
    category: str
    """Category, such as `coding`."""
    status: str
    """Status: `active`."""
    agent_version: str | None = None
    """Version of the packaged agent."""
    ui: dict[str, Any] | None = None
    """Interface of the agent, such as `{"mode": "web", "port": 8080}`."""
    config_schema: dict[str, Any] | None = None
    """JSON Schema of the agent's `config`. Absent if the template has none."""
    default_resources: AgentResources | None = None
    """Size of an agent that sets none. Absent if the API's defaults apply."""
    default_egress: Egress | None = None
    """Egress policy of an agent that sets none. Absent if such an agent may not send anything."""
    created_at: str
    """Time when the template was added to the catalog (RFC 3339)."""
    updated_at: str
    """Time of the last update (RFC 3339)."""


class GetAgentTemplatesResult(Outputs):
    """Agent templates of the catalog."""

    templates: list[AgentTemplate]
    """Matching templates, in the order of the catalog."""


class SandboxTemplateFilter(Arguments):
    """Filter of the listed sandbox templates."""

    category: TemplateCategory | None = None
    """Category of the templates. Defaults to no filter."""
    status: TemplateStatus | None = None
    """Status of the templates. Defaults to no filter."""
    name_contains: str | None = None
    """Substring of the name, case-insensitive. Defaults to no filter."""


class AgentTemplateFilter(Arguments):
    """Filter of the listed agent templates."""

    category: str | None = None
    """Category of the templates, such as `coding`. Defaults to no filter."""
    name_contains: str | None = None
    """Substring of the name, case-insensitive. Defaults to no filter."""


class _Template(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


TemplateT = TypeVar("TemplateT", bound=_Template)
CatalogT = TypeVar("CatalogT", bound=catalog.TemplateBase)


class GetSandboxTemplate(Function[IdOrNameArguments, SandboxTemplate]):
    """Returns the sandbox template with the given id or exact name.

    Fails if none or several match. The error lists similar names.
    """

    name = "getSandboxTemplate"
    arguments = IdOrNameArguments
    result = SandboxTemplate

    @override
    async def call(self, api: Api, arguments: IdOrNameArguments) -> SandboxTemplate:
        found = exactly_one_match(await api.templates.list(), arguments, "sandbox template")
        return convert_response(SandboxTemplate, found.model_dump())


class GetSandboxTemplates(Function[SandboxTemplateFilter, GetSandboxTemplatesResult]):
    """Returns the sandbox templates of the catalog, including all pages of the API's list."""

    name = "getSandboxTemplates"
    arguments = SandboxTemplateFilter
    result = GetSandboxTemplatesResult

    @override
    async def call(self, api: Api, arguments: SandboxTemplateFilter) -> GetSandboxTemplatesResult:
        found = await api.templates.list(category=arguments.category, status=arguments.status)
        named = _filter_by_name(found, arguments.name_contains)
        return convert_response(GetSandboxTemplatesResult, {"templates": [template.model_dump() for template in named]})


class GetAgentTemplate(Function[IdOrNameArguments, AgentTemplate]):
    """Returns the agent template with the given id or exact name.

    Fails if none or several match. The error lists similar names.
    """

    name = "getAgentTemplate"
    arguments = IdOrNameArguments
    result = AgentTemplate

    @override
    async def call(self, api: Api, arguments: IdOrNameArguments) -> AgentTemplate:
        found = exactly_one_match(await api.agent_templates.list(), arguments, "agent template")
        return _to_agent_template(found)


class GetAgentTemplates(Function[AgentTemplateFilter, GetAgentTemplatesResult]):
    """Returns the agent templates of the catalog, including all pages of the API's list."""

    name = "getAgentTemplates"
    arguments = AgentTemplateFilter
    result = GetAgentTemplatesResult

    @override
    async def call(self, api: Api, arguments: AgentTemplateFilter) -> GetAgentTemplatesResult:
        found = await api.agent_templates.list(category=arguments.category)
        named = _filter_by_name(found, arguments.name_contains)
        return GetAgentTemplatesResult(templates=[_to_agent_template(template) for template in named])


def exactly_one_match(candidates: Sequence[TemplateT], arguments: IdOrNameArguments, kind: str) -> TemplateT:
    """Return the candidate with the id or exact name; raise ``InputError`` with similar names unless one matches."""
    if arguments.id is not None:
        found = [candidate for candidate in candidates if candidate.id == arguments.id]
        path, expected, known = "id", arguments.id, {candidate.id for candidate in candidates}
    else:
        found = [candidate for candidate in candidates if candidate.name == arguments.name]
        path, expected, known = "name", arguments.name or "", {candidate.name for candidate in candidates}
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            path, f"{len(found)} {kind}s have the {path} {expected!r}: {_format_names(f.id for f in found)}"
        )
    near = get_close_matches(expected, sorted(known), n=5, cutoff=0.4) or sorted(known)[:5]
    raise InputError(path, f"no {kind} has the {path} {expected!r}; near: {_format_names(near)}")


def _filter_by_name(templates: Iterable[CatalogT], name_part: str | None) -> list[CatalogT]:
    part = (name_part or "").lower()
    return [template for template in templates if part in template.name.lower()]


def _to_agent_template(template: catalog.AgentTemplate) -> AgentTemplate:
    policy = template.default_egress
    default_egress = None if policy is None else egress.from_api(policy)
    return convert_response(AgentTemplate, {**template.model_dump(), "default_egress": default_egress})


def _format_names(names: Iterable[str]) -> str:
    return ", ".join(names) or "the catalog is empty"
