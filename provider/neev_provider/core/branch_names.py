"""Names of sandboxes that are made from the name of a branch."""

from __future__ import annotations

import hashlib
from typing import Final

from neev_provider.core.names import MAX_LENGTH, sanitize_name

DIGEST_LENGTH: Final = 6


def convert_branch_name(text: str) -> str:
    """Return the text as a sandbox's name; if the text has to be converted, a digest makes the name unique."""
    if sanitize_name(text) == text:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
    return sanitize_name(f"{sanitize_name(text, max_length=MAX_LENGTH - DIGEST_LENGTH - 1)}-{digest}")
