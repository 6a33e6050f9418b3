"""Access to a sandbox's runtime: authorization, and whether the sandbox is running."""

from starlette.requests import Request

from neev_emulator.api.request_context import has_valid_key
from neev_emulator.runtime import RuntimeApiError, SandboxHost
from neev_emulator.state.backend import Backend
from neev_emulator.state.scheduler import run_due
from neev_emulator.state.tokens import verify


async def lookup(request: Request) -> SandboxHost:
    """Return the host of the sandbox in `X-Sandbox-Id`, for the API key or a connect token."""
    backend: Backend = request.app.state.backend
    await run_due(backend)
    key = request.headers.get("x-sandbox-id", "").lower()
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    if not has_valid_key(backend, request) and not verify(backend, token, key):
        raise RuntimeApiError(401, "permission_denied", "a valid API key or connect token is required")
    if not key:
        raise RuntimeApiError(400, "invalid_argument", "the header X-Sandbox-Id is required")
    sandbox = backend.sandboxes.get(key)
    if sandbox is None or sandbox.gone_at is not None:
        raise RuntimeApiError(404, "not_found", f"sandbox {key} not found")
    phase = sandbox.phase(backend.clock.now())
    if sandbox.paused_at is not None:
        raise RuntimeApiError(412, "failed_precondition", f"sandbox {sandbox.name!r} is {phase}; resume it first")
    if phase != "Ready":
        raise RuntimeApiError(503, "unavailable", f"sandbox {sandbox.name!r} is {phase}")
    return backend.use(sandbox)
