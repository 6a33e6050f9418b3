"""Errors of inputs that refer to objects of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeAlias

from neev_provider.core.errors import Conflict, InputError
from neev_provider.core.hints import Hint

ReferenceCheck: TypeAlias = Callable[[Any, str, str], Awaitable[None]]
"""Called with the API, the name of an input and its value; raises ``InputError`` if the API would not accept it."""


class MissingReference(InputError):
    """An input names something that does not exist: a sandbox, a snapshot, a template.

    Raised before anything is created or changed.
    The reader corrects the property at `path` in the program.
    """


class NameConflict(Conflict):
    """The name is taken by another object of the project (409); `holder` is its id.

    The reader chooses another name, or imports that object.
    """

    default_hint: ClassVar[str] = Hint.NAME_TAKEN

    def __init__(self, error: Conflict, name: str, existing_id: str) -> None:
        super().__init__(
            error.status,
            f"the name {name!r} is that of {existing_id}",
            code=error.code,
            request_id=error.request_id,
            method=error.method,
            path=error.path,
        )
        self.existing_id = existing_id


class DeleteBeforeReplaceRequired(NameConflict):
    """The resource is being replaced, and its replacement cannot have its name before the old resource is deleted.

    The reader sets the option that deletes the old resource first.
    """

    default_hint = Hint.DELETE_FIRST
