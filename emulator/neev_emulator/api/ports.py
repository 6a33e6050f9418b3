"""Ports of a sandbox or of an agent, and their preview URLs."""

from starlette.responses import Response

from neev_emulator.api import schemas, serializers
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import BAD_REQUEST, CONFLICT, accepting, answering
from neev_emulator.api.request_context import NO_CONTENT, Call
from neev_emulator.api.requests import ExposePort
from neev_emulator.errors import invalid
from neev_emulator.state import ports

_HIGHEST_PORT = 65535


@answering(schemas.Ports)
async def list_all(call: Call) -> Response:
    """The ports that are exposed, in their order."""
    exposed = sorted(call.backing().ports.items())
    return JSONResponse({"ports": [serializers.port(number, slug, call.origin) for number, slug in exposed]})


@accepting(ExposePort, schemas.Port)
async def expose(call: Call, body: ExposePort) -> Response:
    """The port with its slug: the one it had, unless another is asked for."""
    slug = ports.expose(call.world, call.backing(), body.port, slug=body.slug)
    return JSONResponse(serializers.port(body.port, slug, call.origin))


@answering(None, NO_CONTENT, refusals=(BAD_REQUEST, CONFLICT))
async def revoke(call: Call) -> Response:
    """204; the port has no preview URL, whether or not it had one."""
    text = call.part("port")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _HIGHEST_PORT):
        raise invalid("port", f"must be a port from 1 to {_HIGHEST_PORT}")
    ports.revoke(call.world, call.backing(), int(text))
    return Response(status_code=NO_CONTENT)
