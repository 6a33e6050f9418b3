"""Errors of inputs that refer to objects of the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from neev_provider.core.errors import Conflict, InputError

ReferenceCheck: TypeAlias = Callable[[Any, str, str], Awaitable[None]]
"""Asked with the API, the name of an input and its value; raises ``MissingReference`` where that names nothing."""


class MissingReference(InputError):
    """An input names something that does not exist: a sandbox, a snapshot, a template.

    Raised before anything is made or changed.
    The reader corrects the property at `path` in the program.
    """


class NameConflict(Conflict):
    """Something else of the project has the name that was to be given (409); `holder` is its id.

    The reader chooses another name, or takes what has it into the stack.
    """

    default_hint = "Choose another name, or delete what has it."

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
    """The name is the resource's own: it is being replaced, and the new one was to be there before the old one goes.

    The reader has the old one deleted first.
    """

    default_hint = (
        "That is the resource itself, which is being replaced: set its option `deleteBeforeReplace` "
        "(`delete_before_replace` in Python), and the old one is deleted first."
    )
