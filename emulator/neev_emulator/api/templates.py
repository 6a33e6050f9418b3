"""The catalog, which belongs to no project."""

from collections.abc import Iterable
from typing import TypeVar

from starlette.responses import Response

from neev_emulator.api import schemas, serializers
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import PAGE_QUERY, operation
from neev_emulator.api.request_context import RequestContext
from neev_emulator.errors import not_found
from neev_emulator.state import catalog
from neev_emulator.state.catalog import AGENT_TEMPLATES, AgentTemplate, SandboxTemplate

TemplateT = TypeVar("TemplateT", SandboxTemplate, AgentTemplate)


@operation(schemas.SandboxTemplatePage, query=PAGE_QUERY)
async def list_sandbox_templates(request: RequestContext) -> Response:
    """Return a page of the sandbox templates that are active or deprecated."""
    return request.paginate(
        [template for template in _known_templates(request) if template.status != "disabled"],
        serializers.serialize_sandbox_template,
    )


@operation(schemas.SandboxTemplate)
async def get_sandbox_template(request: RequestContext) -> Response:
    """Return the template with this id, even if it is disabled."""
    template = _find("SandboxTemplate", _known_templates(request), request.path_param("template"))
    return JSONResponse(serializers.serialize_sandbox_template(template))


@operation(schemas.AgentTemplatePage, query=PAGE_QUERY)
async def list_agent_templates(request: RequestContext) -> Response:
    """Return a page of the agent templates that are active."""
    return request.paginate(
        [template for template in AGENT_TEMPLATES if template.status == "active"], serializers.serialize_agent_template
    )


@operation(schemas.AgentTemplate)
async def get_agent_template(request: RequestContext) -> Response:
    """Return the template with this id, even if it is disabled."""
    template = _find("AgentTemplate", AGENT_TEMPLATES, request.path_param("template"))
    return JSONResponse(serializers.serialize_agent_template(template))


def _known_templates(request: RequestContext) -> list[SandboxTemplate]:
    return catalog.list_sandbox_templates(request.backend.settings.api)


def _find(kind: str, templates: Iterable[TemplateT], template_id: str) -> TemplateT:
    for template in templates:
        if template.id == template_id:
            return template
    raise not_found(kind, template_id)
