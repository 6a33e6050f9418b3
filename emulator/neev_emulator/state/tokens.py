"""Connect tokens: signed, for one sandbox, for a limited time."""

import hashlib
import hmac

from neev_emulator.state.backend import Backend

LIFETIME_SECONDS = 900
_PREFIX = "nct."


def issue(backend: Backend, sandbox_id: str, expires_at: float) -> str:
    """Return a token for this sandbox that is valid until then."""
    claim = f"{sandbox_id}.{int(expires_at)}"
    return f"{_PREFIX}{claim}.{_signature(backend, claim)}"


def is_connect_token(text: str) -> bool:
    """Return whether the text is a connect token, valid or not."""
    return text.startswith(_PREFIX)


def verify(backend: Backend, token: str, sandbox_id: str) -> bool:
    """Return whether the token is valid for this sandbox now."""
    claim, _, signature = token.removeprefix(_PREFIX).rpartition(".")
    subject, _, expiry = claim.partition(".")
    if not is_connect_token(token) or not hmac.compare_digest(signature.encode(), _signature(backend, claim).encode()):
        return False
    return subject == sandbox_id and int(expiry) > backend.clock.now()


def _signature(backend: Backend, claim: str) -> str:
    return hmac.new(backend.signing_key.encode(), claim.encode(), hashlib.sha256).hexdigest()
