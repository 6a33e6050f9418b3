"""Exposed ports of a sandbox, each with the slug of its preview URL."""

import secrets
import string

from neev_emulator.state.backend import Backend
from neev_emulator.state.records import SandboxRecord
from neev_emulator.state.sandboxes import require_not_deleting

_SLUG_LENGTH = 8


def expose(backend: Backend, sandbox: SandboxRecord, port: int, *, slug: str | None) -> str:
    """Expose the port; return its slug, which is kept unless another one is given."""
    require_not_deleting(sandbox)
    slug = slug or sandbox.ports.get(port) or new_slug()
    if sandbox.ports.get(port) != slug:
        backend.save(sandbox.with_changes(ports={**sandbox.ports, port: slug}, updated_at=backend.clock.now()))
    return slug


def revoke(backend: Backend, sandbox: SandboxRecord, port: int) -> None:
    """Remove the port's preview URL, if it has one."""
    require_not_deleting(sandbox)
    if port in sandbox.ports:
        ports = {other: slug for other, slug in sandbox.ports.items() if other != port}
        backend.save(sandbox.with_changes(ports=ports, updated_at=backend.clock.now()))


def new_slug() -> str:
    """Return a random slug."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(_SLUG_LENGTH))
