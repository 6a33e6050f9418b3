"""A data function: what it is asked, what it answers, and the call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from neev_provider.core.model import Arguments, Outputs

ArgumentsT = TypeVar("ArgumentsT", bound=Arguments)
ResultT = TypeVar("ResultT", bound=Outputs)


class Function(ABC, Generic[ArgumentsT, ResultT]):
    """One question to the platform; it changes nothing."""

    name: ClassVar[str]
    arguments: ClassVar[type[Arguments]]
    result: ClassVar[type[Outputs]]

    @abstractmethod
    async def call(self, api: Any, arguments: ArgumentsT) -> ResultT:
        """The answer; raises ``NeevError`` where there is none."""
