"""An action: its arguments and what it does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Final, Generic

from neev_provider.core.function import ArgumentsT
from neev_provider.core.model import Arguments
from neev_provider.core.resource import OperationContext

DEFAULT_TIMEOUT: Final = 600.0


class Action(ABC, Generic[ArgumentsT]):
    """Something that is done once to an object that exists, when the user asks for it. No state records it."""

    name: ClassVar[str]
    arguments: ClassVar[type[Arguments]]

    def time_limit(self, arguments: ArgumentsT) -> float:  # noqa: ARG002  for overrides
        """Return the seconds that the action may take."""
        return DEFAULT_TIMEOUT

    @abstractmethod
    async def invoke(self, api: Any, arguments: ArgumentsT, context: OperationContext) -> None:
        """Do it. The user reads the lines of `context.log` meanwhile.

        Raises:
            NeevError: it was not done, or not to its end.
        """
