"""Inputs that name something of the platform: what they name is there, or the error is one of the input."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from neev_provider.client import Api
from neev_provider.core import suggestions
from neev_provider.core.errors import NotFound
from neev_provider.core.reference_errors import MissingReference

T = TypeVar("T")


def missing_reference_error(api: Api, path: str, kind: str, id: str) -> MissingReference:
    """Return the error for an input that names nothing of the kind in the project."""
    return MissingReference(path, f"there is no {kind} {id!r} in the project {api.settings.project_id}")


async def require_existing(awaitable: Awaitable[T], error: MissingReference) -> T:
    """Return what the work gives; raises the error where the API does not find what the work is about."""
    try:
        return await awaitable
    except NotFound:
        raise error from None


async def require_sandbox(api: Api, path: str, id: str) -> None:
    """Return only where there is the sandbox that the input at the path names."""
    await require_existing(api.sandboxes.get(id), missing_reference_error(api, path, "sandbox", id))


async def require_snapshot(api: Api, path: str, id: str) -> None:
    """Return only where there is the snapshot that the input at the path names."""
    await require_existing(api.snapshots.get(id), missing_reference_error(api, path, "snapshot", id))


async def require_template(api: Api, path: str, id: str) -> None:
    """Return only where the catalogue offers the sandbox template that the input at the path names, by its id."""
    known_values = [template.id for template in await api.templates.list()]
    _require_entry(path, "sandbox template", id, known_values)


async def require_agent_template(api: Api, path: str, name: str) -> None:
    """Return only where the catalogue offers the agent template that the input at the path names, by its name."""
    known_values = [template.name for template in await api.agent_templates.list()]
    _require_entry(path, "agent template", name, known_values)


def _require_entry(path: str, kind: str, value: str, known_values: list[str]) -> None:
    if value not in known_values:
        raise MissingReference(
            path, f"the catalog has no {kind} {value!r}{suggestions.format_suggestion(value, known_values)}"
        )
