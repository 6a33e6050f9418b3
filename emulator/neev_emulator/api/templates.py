"""The catalogue, which belongs to no project."""

from starlette.responses import Response

from neev_emulator.api import schemas, serializers
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import PAGED, answering
from neev_emulator.api.request_context import Call
from neev_emulator.errors import not_found
from neev_emulator.state.catalog import AGENT_TEMPLATES, SANDBOX_TEMPLATES


@answering(schemas.SandboxTemplatePage, query=PAGED)
async def list_sandbox_templates(call: Call) -> Response:
    """A page of the templates for sandboxes that are active or deprecated."""
    return call.page(
        [template for template in SANDBOX_TEMPLATES if template.status != "disabled"], serializers.sandbox_template
    )


@answering(schemas.SandboxTemplate)
async def get_sandbox_template(call: Call) -> Response:
    """The template of this id; a disabled one can still be read."""
    for template in SANDBOX_TEMPLATES:
        if template.id == call.part("template"):
            return JSONResponse(serializers.sandbox_template(template))
    raise not_found("SandboxTemplate", call.part("template"))


@answering(schemas.AgentTemplatePage, query=PAGED)
async def list_agent_templates(call: Call) -> Response:
    """A page of the templates for agents that are active."""
    return call.page(
        [template for template in AGENT_TEMPLATES if template.status == "active"], serializers.agent_template
    )


@answering(schemas.AgentTemplate)
async def get_agent_template(call: Call) -> Response:
    """The template of this id; a disabled one can still be read."""
    for template in AGENT_TEMPLATES:
        if template.id == call.part("template"):
            return JSONResponse(serializers.agent_template(template))
    raise not_found("AgentTemplate", call.part("template"))
