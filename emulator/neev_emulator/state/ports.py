"""Ports of a sandbox that have a preview URL, each gated by its slug."""

import secrets
import string

from neev_emulator.state.backend import Backend
from neev_emulator.state.records import SandboxRecord
from neev_emulator.state.sandboxes import require_not_deleting

_SLUG_LENGTH = 8


def expose(backend: Backend, sandbox: SandboxRecord, port: int, *, slug: str | None) -> str:
    """The port's slug: the one it has, unless another is asked for."""
    require_not_deleting(sandbox)
    slug = slug or sandbox.ports.get(port) or new_slug()
    if sandbox.ports.get(port) != slug:
        backend.save(sandbox.with_changes(ports={**sandbox.ports, port: slug}, updated_at=backend.clock.now()))
    return slug


def revoke(backend: Backend, sandbox: SandboxRecord, port: int) -> None:
    """The port has no preview URL, whether or not it had one."""
    require_not_deleting(sandbox)
    if port in sandbox.ports:
        left = {other: slug for other, slug in sandbox.ports.items() if other != port}
        backend.save(sandbox.with_changes(ports=left, updated_at=backend.clock.now()))


def new_slug() -> str:
    """A slug that nobody can guess."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(_SLUG_LENGTH))
