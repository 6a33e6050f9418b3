"""The owner of a resource, by its URN."""

from __future__ import annotations

from typing import Final

from neev_provider.core.labels import Owner

MANAGER: Final = "pulumi-neev"
"""The value of the label `managed-by`."""
URN_PREFIX: Final = "urn:pulumi:"
PARTS: Final = 4
"""Parts of a URN: stack, project, type and name. A name may contain the separator."""


def owner_of_urn(urn: str) -> Owner | None:
    """Return the owner of the resource with the URN, or ``None`` if the text is no URN."""
    parts = urn.removeprefix(URN_PREFIX).split("::", PARTS - 1)
    if not urn.startswith(URN_PREFIX) or len(parts) != PARTS:
        return None
    stack, project, _, _ = parts
    return Owner(MANAGER, project, stack, urn)
