"""Inputs that name something of the platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from pulumi_neev.core.errors import InputError

Require: TypeAlias = Callable[[Any, str, str], Awaitable[None]]
"""Asked with the API, the name of an input and its value; raises ``MissingReference`` where that names nothing."""


class MissingReference(InputError):
    """An input names something that does not exist: a sandbox, a snapshot, a template.

    Raised before anything is made or changed.
    The reader corrects the property at `path` in the program.
    """
