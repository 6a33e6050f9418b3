"""Ports of a sandbox or an agent, and their preview URLs."""

from starlette.responses import Response

from neev_emulator.api import schemas, serializers
from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.operations import BAD_REQUEST, CONFLICT, operation, operation_with_body
from neev_emulator.api.request_context import NO_CONTENT, RequestContext
from neev_emulator.api.requests import ExposePort
from neev_emulator.errors import invalid
from neev_emulator.state import ports

_MAX_PORT = 65535


@operation(schemas.Ports)
async def list_all(request: RequestContext) -> Response:
    """Return the exposed ports in order."""
    exposed = sorted(request.target_sandbox().ports.items())
    return JSONResponse(
        {"ports": [serializers.serialize_port(number, slug, request.origin) for number, slug in exposed]}
    )


@operation_with_body(ExposePort, schemas.Port)
async def expose(request: RequestContext, body: ExposePort) -> Response:
    """Expose the port; keep its slug unless another one is sent."""
    slug = ports.expose(request.backend, request.target_sandbox(), body.port, slug=body.slug)
    return JSONResponse(serializers.serialize_port(body.port, slug, request.origin))


@operation(None, NO_CONTENT, error_statuses=(BAD_REQUEST, CONFLICT))
async def revoke(request: RequestContext) -> Response:
    """Return 204; the port has no preview URL, whether or not it had one."""
    text = request.path_param("port")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _MAX_PORT):
        raise invalid("port", f"must be a port from 1 to {_MAX_PORT}")
    ports.revoke(request.backend, request.target_sandbox(), int(text))
    return Response(status_code=NO_CONTENT)
