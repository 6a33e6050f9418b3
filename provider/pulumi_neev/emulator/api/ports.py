"""Ports of a sandbox or of an agent, and their preview URLs."""

from starlette.responses import Response

from pulumi_neev.emulator import ports
from pulumi_neev.emulator.api import answers, shapes
from pulumi_neev.emulator.api.http import NO_CONTENT, Call
from pulumi_neev.emulator.api.operations import BAD_REQUEST, CONFLICT, accepting, answering
from pulumi_neev.emulator.bodies import ExposePort
from pulumi_neev.emulator.errors import invalid
from pulumi_neev.emulator.wire import JSONResponse

_HIGHEST_PORT = 65535


@answering(shapes.Ports)
async def list_all(call: Call) -> Response:
    """The ports that are exposed, in their order."""
    exposed = sorted(call.backing().ports.items())
    return JSONResponse({"ports": [answers.port(number, slug, call.origin) for number, slug in exposed]})


@accepting(ExposePort, shapes.Port)
async def expose(call: Call, body: ExposePort) -> Response:
    """The port with its slug: the one it had, unless another is asked for."""
    slug = ports.expose(call.world, call.backing(), body.port, slug=body.slug)
    return JSONResponse(answers.port(body.port, slug, call.origin))


@answering(None, NO_CONTENT, refusals=(BAD_REQUEST, CONFLICT))
async def revoke(call: Call) -> Response:
    """204; the port has no preview URL, whether or not it had one."""
    text = call.part("port")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _HIGHEST_PORT):
        raise invalid("port", f"must be a port from 1 to {_HIGHEST_PORT}")
    ports.revoke(call.world, call.backing(), int(text))
    return Response(status_code=NO_CONTENT)
