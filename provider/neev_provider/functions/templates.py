"""Look-ups in the catalogue of sandbox templates and agent templates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, ClassVar, Protocol, TypeVar

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.templates import TemplateBase
from neev_provider.core.errors import InputError
from neev_provider.core.function import Function
from neev_provider.core.model import Arguments, Outputs, Rule
from neev_provider.core.validation import exactly_one_of


class TemplateCategory(StrEnum):
    """What a sandbox template is for."""

    STANDARD = "standard"
    """A computer."""
    BROWSER = "browser"
    """A computer with a browser to drive."""


class TemplateStatus(StrEnum):
    """Whether a template can be used."""

    ACTIVE = "active"
    """It can."""
    DEPRECATED = "deprecated"
    """It can, for now."""


class SandboxTemplate(Outputs):
    """A template that sandboxes are made from."""

    id: str
    """Its id, the `templateId` of a sandbox."""
    name: str
    """Its name."""
    description: str
    """What it holds."""
    category: str
    """`standard` or `browser`."""
    status: str
    """`active` or `deprecated`."""
    created_at: str
    """When it came into the catalogue (RFC 3339)."""
    updated_at: str
    """When it last changed (RFC 3339)."""


class GetSandboxTemplatesResult(Outputs):
    """Templates of the catalogue."""

    templates: list[SandboxTemplate]
    """In the catalogue's order."""


class AgentTemplate(Outputs):
    """A template that agents are made from."""

    id: str
    """Its id."""
    name: str
    """Its name, by which an agent is made from it."""
    description: str
    """What agent it is."""
    category: str
    """What it is for, such as `coding`."""
    status: str
    """`active`."""
    agent_version: str | None = None
    """The version of the packaged agent."""
    created_at: str
    """When it came into the catalogue (RFC 3339)."""
    updated_at: str
    """When it last changed (RFC 3339)."""


class GetAgentTemplatesResult(Outputs):
    """Agent templates of the catalogue."""

    templates: list[AgentTemplate]
    """In the catalogue's order."""


class IdOrNameArguments(Arguments):
    """Which one."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("id", "name"),)

    id: str | None = None
    """Its id. Instead of `name`."""
    name: str | None = None
    """Its exact name. Instead of `id`."""


class SandboxTemplateFilter(Arguments):
    """Which sandbox templates."""

    category: TemplateCategory | None = None
    """Only of this category."""
    status: TemplateStatus | None = None
    """Only of this status."""
    name_contains: str | None = None
    """Only those whose name contains this, upper and lower case alike."""


class AgentTemplateFilter(Arguments):
    """Which agent templates."""

    category: str | None = None
    """Only of this category."""
    name_contains: str | None = None
    """Only those whose name contains this, upper and lower case alike."""


class _Template(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


TemplateT = TypeVar("TemplateT", bound=_Template)


class GetSandboxTemplate(Function[IdOrNameArguments, SandboxTemplate]):
    """The one sandbox template with this id or exact name; none or several is an error that lists the near ones."""

    name = "getSandboxTemplate"
    arguments = IdOrNameArguments
    result = SandboxTemplate

    @override
    async def call(self, api: Api, arguments: IdOrNameArguments) -> SandboxTemplate:
        found = exactly_one_match(await api.templates.list(), arguments, "sandbox template")
        return SandboxTemplate.model_validate(found.model_dump())


class GetSandboxTemplates(Function[SandboxTemplateFilter, GetSandboxTemplatesResult]):
    """The sandbox templates of the catalogue, every page of it."""

    name = "getSandboxTemplates"
    arguments = SandboxTemplateFilter
    result = GetSandboxTemplatesResult

    @override
    async def call(self, api: Api, arguments: SandboxTemplateFilter) -> GetSandboxTemplatesResult:
        found = await api.templates.list(category=arguments.category, status=arguments.status)
        return GetSandboxTemplatesResult.model_validate(_filter_by_name(found, arguments.name_contains))


class GetAgentTemplate(Function[IdOrNameArguments, AgentTemplate]):
    """The one agent template with this id or exact name; none or several is an error that lists the near ones."""

    name = "getAgentTemplate"
    arguments = IdOrNameArguments
    result = AgentTemplate

    @override
    async def call(self, api: Api, arguments: IdOrNameArguments) -> AgentTemplate:
        found = exactly_one_match(await api.agent_templates.list(), arguments, "agent template")
        return AgentTemplate.model_validate(found.model_dump())


class GetAgentTemplates(Function[AgentTemplateFilter, GetAgentTemplatesResult]):
    """The agent templates of the catalogue, every page of it."""

    name = "getAgentTemplates"
    arguments = AgentTemplateFilter
    result = GetAgentTemplatesResult

    @override
    async def call(self, api: Api, arguments: AgentTemplateFilter) -> GetAgentTemplatesResult:
        found = await api.agent_templates.list(category=arguments.category)
        return GetAgentTemplatesResult.model_validate(_filter_by_name(found, arguments.name_contains))


def exactly_one_match(candidates: Sequence[TemplateT], arguments: IdOrNameArguments, kind: str) -> TemplateT:
    """The candidate with the id or exact name; raises ``InputError`` with the near ones where it is not one."""
    if arguments.id is not None:
        found = [each for each in candidates if each.id == arguments.id]
        path, wanted, known = "id", arguments.id, {each.id for each in candidates}
    else:
        found = [each for each in candidates if each.name == arguments.name]
        path, wanted, known = "name", arguments.name or "", {each.name for each in candidates}
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(path, f"{len(found)} {kind}s have the {path} {wanted!r}: {_format_names(f.id for f in found)}")
    near = get_close_matches(wanted, sorted(known), n=5, cutoff=0.4) or sorted(known)[:5]
    raise InputError(path, f"no {kind} has the {path} {wanted!r}; near: {_format_names(near)}")


def _filter_by_name(templates: Iterable[TemplateBase], name_part: str | None) -> dict[str, Any]:
    part = (name_part or "").lower()
    return {"templates": [each.model_dump() for each in templates if part in each.name.lower()]}


def _format_names(names: Iterable[str]) -> str:
    return ", ".join(names) or "the catalogue is empty"
