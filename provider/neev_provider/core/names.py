"""Names of objects: generated if the user sets none, validated by the API's rules."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator

MAX_LENGTH = 63
SUFFIX_LENGTH = 7

_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_INVALID_CHARACTERS = re.compile(r"[^a-z0-9]+")


def validate_name(name: str, max_length: int = MAX_LENGTH) -> str:
    """Return the name; raise ``ValueError`` unless it is a DNS label that does not look like an id."""
    if not _LABEL.fullmatch(name) or len(name) > max_length:
        raise ValueError(
            f"must be at most {max_length} lowercase letters, digits and hyphens, "
            "beginning with a letter and not ending with a hyphen"
        )
    if _is_uuid(name):
        raise ValueError("must not have the form of a UUID, because a name and an id address a sandbox alike")
    return name


Name = Annotated[str, AfterValidator(validate_name)]


def sanitize_name(text: str, *, max_length: int = MAX_LENGTH) -> str:
    """Return the text as a valid name: lower case, with hyphens for other characters, truncated to the limit."""
    label = _INVALID_CHARACTERS.sub("-", text.lower()).strip("-")
    if not label[:1].isalpha():
        label = f"s-{label}"
    label = label[:max_length].rstrip("-")
    return f"s{label}"[:max_length] if _is_uuid(label) else label


def generate_name(resource_name: str, suffix: str, *, max_length: int = MAX_LENGTH) -> str:
    """Return ``<resource>-<7 hex>``, truncated before the suffix."""
    # once more: 25 hexadecimal digits and the suffix have the shape of an id
    return sanitize_name(
        f"{sanitize_name(resource_name, max_length=max_length - SUFFIX_LENGTH - 1)}-{suffix[:SUFFIX_LENGTH]}",
        max_length=max_length,
    )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
