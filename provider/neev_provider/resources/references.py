"""Validation of inputs that refer to objects at the API. A missing object is an error of the input."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from neev_provider.client import Api
from neev_provider.core import suggestions
from neev_provider.core.errors import NotFound
from neev_provider.core.reference_errors import MissingReference

T = TypeVar("T")


async def require_existing(
    awaitable: Awaitable[T], api: Api, id: str, *, path: str = "sandboxId", kind: str = "sandbox"
) -> T:
    """Return the result, or raise ``MissingReference`` for the input if the API does not find the object."""
    try:
        return await awaitable
    except NotFound:
        raise MissingReference(path, f"there is no {kind} {id!r} in the project {api.settings.project_id}") from None


async def require_sandbox(api: Api, path: str, id: str) -> None:
    """Raise ``MissingReference`` unless the sandbox in the input at the path exists."""
    await require_existing(api.sandboxes.get(id), api, id, path=path)


async def require_snapshot(api: Api, path: str, id: str) -> None:
    """Raise ``MissingReference`` unless the snapshot in the input at the path exists."""
    await require_existing(api.snapshots.get(id), api, id, path=path, kind="snapshot")


async def require_template(api: Api, path: str, id: str) -> None:
    """Raise ``MissingReference`` unless the catalog contains a sandbox template with this id."""
    known_values = [template.id for template in await api.templates.list()]
    _require_entry(path, "sandbox template", id, known_values)


async def require_agent_template(api: Api, path: str, name: str) -> None:
    """Raise ``MissingReference`` unless the catalog contains an agent template with this name."""
    known_values = [template.name for template in await api.agent_templates.list()]
    _require_entry(path, "agent template", name, known_values)


def _require_entry(path: str, kind: str, value: str, known_values: list[str]) -> None:
    if value not in known_values:
        raise MissingReference(
            path, f"the catalog has no {kind} {value!r}{suggestions.format_suggestion(value, known_values)}"
        )
