"""Access to a sandbox's runtime: authorization, and whether the sandbox is running."""

from starlette.requests import Request

from neev_emulator.api.request_context import has_valid_key, is_valid_key
from neev_emulator.runtime import RuntimeApiError, SandboxHost
from neev_emulator.state.backend import Backend
from neev_emulator.state.sandboxes import resume
from neev_emulator.state.scheduler import run_due
from neev_emulator.state.tokens import verify

_WAKING_RETRY_SECONDS = 2


async def lookup(request: Request) -> SandboxHost:
    """Return the host of the sandbox in `X-Sandbox-Id`, for the API key or a connect token."""
    backend: Backend = request.app.state.backend
    await run_due(backend)
    request.state.api = backend.settings.api
    key = request.headers.get("x-sandbox-id", "").lower()
    if not _is_authorized(backend, request, key):
        raise RuntimeApiError(401, "permission_denied", "a valid API key or connect token is required")
    if not key:
        raise RuntimeApiError(400, "invalid_argument", "the header X-Sandbox-Id is required")
    sandbox = backend.sandboxes.get(key)
    if sandbox is None or sandbox.gone_at is not None:
        raise RuntimeApiError(404, "not_found", f"sandbox {key} not found")
    phase, wakes = sandbox.phase(backend.clock.now()), backend.settings.api != "0.8"
    if sandbox.paused_at is not None and not wakes:
        raise RuntimeApiError(412, "failed_precondition", f"sandbox {sandbox.name!r} is {phase}; resume it first")
    if sandbox.paused_at is not None or (wakes and phase == "Resuming"):
        await resume(backend, sandbox)
        raise RuntimeApiError(
            503,
            "unavailable",
            f"sandbox {sandbox.name!r} is waking up",
            reason="sandbox_waking",
            headers={"Retry-After": str(_WAKING_RETRY_SECONDS)},
        )
    if phase != "Ready":
        raise RuntimeApiError(503, "unavailable", f"sandbox {sandbox.name!r} is {phase}")
    if backend.runtime_unavailable_reason is not None:
        raise RuntimeApiError(501, "unimplemented", backend.runtime_unavailable_reason)
    return backend.use(sandbox)


def _is_authorized(backend: Backend, request: Request, sandbox_id: str) -> bool:
    """Return whether the request has the API key, also in `X-Api-Key` since 0.9, or a token of the sandbox."""
    if backend.settings.api != "0.8" and is_valid_key(backend, request.headers.get("x-api-key", "")):
        return True
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    return has_valid_key(backend, request) or verify(backend, token, sandbox_id)
