"""The catalogue, which belongs to no project."""

from starlette.responses import Response

from pulumi_neev.emulator.api import answers, shapes
from pulumi_neev.emulator.api.http import Call
from pulumi_neev.emulator.api.operations import PAGED, answering
from pulumi_neev.emulator.catalogue import AGENT_TEMPLATES, SANDBOX_TEMPLATES
from pulumi_neev.emulator.errors import not_found
from pulumi_neev.emulator.wire import JSONResponse


@answering(shapes.SandboxTemplatePage, query=PAGED)
async def list_sandbox_templates(call: Call) -> Response:
    """A page of the templates for sandboxes that are active or deprecated."""
    return call.page(
        [template for template in SANDBOX_TEMPLATES if template.status != "disabled"], answers.sandbox_template
    )


@answering(shapes.SandboxTemplate)
async def get_sandbox_template(call: Call) -> Response:
    """The template of this id; a disabled one can still be read."""
    for template in SANDBOX_TEMPLATES:
        if template.id == call.part("template"):
            return JSONResponse(answers.sandbox_template(template))
    raise not_found("SandboxTemplate", call.part("template"))


@answering(shapes.AgentTemplatePage, query=PAGED)
async def list_agent_templates(call: Call) -> Response:
    """A page of the templates for agents that are active."""
    return call.page([template for template in AGENT_TEMPLATES if template.status == "active"], answers.agent_template)


@answering(shapes.AgentTemplate)
async def get_agent_template(call: Call) -> Response:
    """The template of this id; a disabled one can still be read."""
    for template in AGENT_TEMPLATES:
        if template.id == call.part("template"):
            return JSONResponse(answers.agent_template(template))
    raise not_found("AgentTemplate", call.part("template"))
