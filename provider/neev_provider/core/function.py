"""A data function: its arguments, its result and the call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from neev_provider.core.model import Arguments, Outputs

ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)
ResultT = TypeVar("ResultT", bound=Outputs)


class Function(ABC, Generic[ArgumentsT, ResultT]):
    """A function that reads from the API and changes nothing."""

    name: ClassVar[str]
    arguments: ClassVar[type[Arguments]]
    result: ClassVar[type[Outputs]]
    looks_up: ClassVar[tuple[str, ...]] = ()
    """The resources of which the function returns an existing object."""
    lists: ClassVar[tuple[str, ...]] = ()
    """The resources whose existing objects the function returns: the one property of its result, each with an id."""

    @abstractmethod
    async def call(self, api: Any, arguments: ArgumentsT) -> ResultT:
        """Return the result; raise ``NeevError`` if the API has none."""
