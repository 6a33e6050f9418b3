"""The door of each sandbox's runtime: who may enter, and whether the sandbox is there to be entered."""

from starlette.requests import Request

from neev_emulator.api.request_context import authorized
from neev_emulator.runtime import Computer, RuntimeFailure
from neev_emulator.state.backend import World
from neev_emulator.state.scheduler import settle
from neev_emulator.state.tokens import opens


async def lookup(request: Request) -> Computer:
    """The computer of the sandbox that `X-Sandbox-Id` names, for the API key or a connect token of it."""
    world: World = request.app.state.world
    await settle(world)
    key = request.headers.get("x-sandbox-id", "").lower()
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    if not authorized(world, request) and not opens(world, token, key):
        raise RuntimeFailure(401, "permission_denied", "a valid API key or connect token is required")
    if not key:
        raise RuntimeFailure(400, "invalid_argument", "the header X-Sandbox-Id is required")
    sandbox = world.sandboxes.get(key)
    if sandbox is None or sandbox.gone_at is not None:
        raise RuntimeFailure(404, "not_found", f"sandbox {key} not found")
    phase = sandbox.phase(world.clock.now())
    if sandbox.paused_at is not None:
        raise RuntimeFailure(412, "failed_precondition", f"sandbox {sandbox.name!r} is {phase}; resume it first")
    if phase != "Ready":
        raise RuntimeFailure(503, "unavailable", f"sandbox {sandbox.name!r} is {phase}")
    return world.use(sandbox)
