"""Arguments that several functions have, and the object that they name."""

from __future__ import annotations

from typing import ClassVar

from neev_provider.client.collection import NamedCollection, NamedT
from neev_provider.core import suggestions
from neev_provider.core.errors import InputError
from neev_provider.core.model import Arguments, Rule
from neev_provider.core.validation import exactly_one_of
from neev_provider.resources.lookups import none_if_not_found


class IdOrNameArguments(Arguments):
    """Id or exact name of the object to return."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("id", "name"),)

    id: str | None = None
    """Id of the object. Conflicts with `name`."""
    name: str | None = None
    """Exact name of the object. Conflicts with `id`."""


async def find_by_id_or_name(collection: NamedCollection[NamedT], arguments: IdOrNameArguments) -> NamedT:
    """Return the object with the given id or exact name; raise ``InputError`` if there is none."""
    if arguments.id is not None:
        path, value = "id", arguments.id
        found, names = await none_if_not_found(collection.get(value)), []
    else:
        path, value = "name", arguments.name or ""
        found = await collection.find(value)
        names = [] if found else [item.name for item in await collection.list()]
    if found is None:
        hint = suggestions.format_suggestion(value, names)
        raise InputError(path, f"no {collection.noun} of the project has the {path} {value!r}{hint}")
    return found
