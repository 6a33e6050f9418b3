"""All endpoints of the runtime."""

from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from neev_emulator.runtime import exec as commands
from neev_emulator.runtime import files, processes, tus, watch
from neev_emulator.runtime.errors import RuntimeApiError
from neev_emulator.runtime.sandbox_host import SandboxHost

Lookup = Callable[[Request], Awaitable[SandboxHost]]
Endpoint = Callable[[SandboxHost, Request], Awaitable[Response]]

ENDPOINTS: tuple[tuple[str, str, Endpoint], ...] = (
    ("POST", "/v1/exec", commands.run),
    ("POST", "/v1/files/write", files.write),
    ("POST", "/v1/files/read", files.read),
    ("POST", "/v1/files/list", files.list_entries),
    ("POST", "/v1/files/stat", files.stat),
    ("POST", "/v1/files/exists", files.exists),
    ("POST", "/v1/files/mkdir", files.mkdir),
    ("POST", "/v1/files/move", files.move),
    ("POST", "/v1/files/remove", files.remove),
    ("POST", "/v1/files/watch", watch.run),
    ("POST", tus.UPLOADS_PATH, tus.create),
    ("PATCH", f"{tus.UPLOADS_PATH}/{{upload_id}}", tus.append),
    ("HEAD", f"{tus.UPLOADS_PATH}/{{upload_id}}", tus.get_offset),
    ("DELETE", f"{tus.UPLOADS_PATH}/{{upload_id}}", tus.discard),
    ("POST", "/v1/processes/start", processes.start),
    ("POST", "/v1/processes/get", processes.get),
    ("POST", "/v1/processes/list", processes.list_processes),
    ("POST", "/v1/processes/kill", processes.kill),
    ("POST", "/v1/processes/kill-all", processes.kill_all),
    ("POST", "/v1/processes/logs", processes.logs),
)


def build_routes(lookup: Lookup) -> list[Route]:
    """Return the routes. `lookup` returns the host for a request or raises a `RuntimeApiError`."""
    return [Route(path, _build_handler(endpoint, lookup), methods=[method]) for method, path, endpoint in ENDPOINTS]


def _build_handler(endpoint: Endpoint, lookup: Lookup) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        try:
            return await endpoint(await lookup(request), request)
        except RuntimeApiError as error:
            return error.response()
        except ClientDisconnect:
            return Response(status_code=400)  # the caller has disconnected

    return handle
