"""A resource: its declaration, its verbs, and what follows from both for checks, previews and state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar, cast

from neev_provider.core import coercion, diff, validation
from neev_provider.core.diff import AUTONAMED, IMPORTED, Change, Difference, Kind
from neev_provider.core.errors import NeevError
from neev_provider.core.markers import AutoName, Stable, Unset, Visible
from neev_provider.core.model import UNKNOWN, Inputs, Outputs, Property
from neev_provider.core.names import MAX_LENGTH
from neev_provider.core.reference_errors import Require
from neev_provider.core.validation import Failure, Warn, silent
from neev_provider.core.wait import Patience

I = TypeVar("I", bound=Inputs)  # noqa: E741
O = TypeVar("O", bound=Outputs)  # noqa: E741


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How many seconds each verb may take where the user sets no ``customTimeouts``."""

    create: float = 600
    update: float = 600
    delete: float = 600
    read: float = 60


@dataclass(frozen=True, slots=True)
class Live(Generic[O]):
    """A thing as it is now: its id, its inputs as the API answers them (camelCase, plain), its outputs."""

    id: str
    inputs: Mapping[str, Any] = field(repr=False)
    outputs: O
    trouble: str | None = None
    """Why it cannot be used, where it cannot: shown as the reason of an unhealthy resource."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a verb knows of the operation it serves: whose it is, and how long it may take."""

    resource: str
    patience: Patience
    created: bool = field(default=False)
    """The thing was made just now, in this operation; this is the first that is done with it."""
    stored: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the engine keeps of the thing: its inputs and outputs, camelCase and plain; nothing before it is made."""
    secret: frozenset[str] = frozenset()
    """The inputs (camelCase) that are secret, by the program or by their declaration."""
    log: Callable[[str], None] = field(default=silent, repr=False)
    """Told what a user wants to read while it goes on: lines for the engine's log."""


class Halfway(NeevError):
    """A verb failed for the cause, and this is how far the thing has come: it is stored with the failure."""

    def __init__(self, live: Live[Any], cause: Exception) -> None:
        super().__init__(str(cause))
        self.live = live
        self.cause = cause


class Resource(ABC, Generic[I, O]):
    """One kind of resource. Verbs never see an unknown value, a secret's wrapper or a preview.

    ``create`` makes the thing and returns as soon as its id is known; ``settle`` brings what exists to what the
    inputs say, however far an earlier attempt came. So an id once known is never lost, and a second attempt goes on.
    """

    name: ClassVar[str]
    inputs: ClassVar[type[Inputs]]
    outputs: ClassVar[type[Outputs]]
    timeouts: ClassVar[Timeouts] = Timeouts()
    longest_name: ClassVar[int] = MAX_LENGTH
    """Characters that a name which is made for it may have."""
    references: ClassVar[Mapping[str, Require]] = MappingProxyType({})
    """The inputs that name something of the platform, by field, and what finds out whether that is there."""
    sent_as: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The inputs, by field, that the API calls otherwise, and what it calls them."""
    parent: ClassVar[str | None] = None
    """The input (camelCase) that names what it is a part of: without that, it does not exist either."""
    slow: ClassVar[bool] = False
    """Whether checks, diffs and previews read files or compute for long, so that they are done beside the loop."""
    failed: ClassVar[tuple[str, str] | None] = None
    """An output and the value of it that says the thing can never be used: the next update replaces it."""

    @abstractmethod
    async def create(self, api: Any, inputs: I, call: Call) -> Live[O]:
        """The thing exists and its id is known; nothing has been waited for."""

    @abstractmethod
    async def settle(self, api: Any, id: str, inputs: I, call: Call) -> Live[O]:
        """The thing is ready and as the inputs say."""

    @abstractmethod
    async def read(self, api: Any, id: str, inputs: I | None) -> Live[O] | None:
        """The thing as it is, or ``None`` where it is gone; ``inputs`` is what is known of what was asked for."""

    async def refresh(self, api: Any, id: str, inputs: I, state: Mapping[str, Any]) -> Live[O] | None:  # noqa: ARG002
        """The thing as it is, or ``None`` where it is gone; ``state`` is what is stored of it.

        For what the platform cannot be asked, a kind of resource answers from there.
        """
        return await self.read(api, id, inputs)

    async def update(self, api: Any, id: str, old: I, new: I, call: Call) -> Live[O]:  # noqa: ARG002
        """The thing is as the new inputs say."""
        return await self.settle(api, id, new, call)

    async def find(self, api: Any, inputs: I) -> Live[O] | None:  # noqa: ARG002
        """What an interrupted create with these inputs made, or ``None`` where that cannot be told or is not there."""
        return None

    @abstractmethod
    async def delete(self, api: Any, id: str, call: Call) -> None:
        """The thing is gone; that it was gone before is no error."""

    def check(
        self,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        make_name: Callable[[], str],
        warn: Warn = silent,  # noqa: ARG002
    ) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs as they are stored (defaults and a made name added), and what is wrong with them.

        ``warn`` is told what is not wrong and yet hardly meant.
        """
        given = {key: value for key, value in new.items() if value is not None}
        checked = coercion.taken(self.inputs.properties, given)
        named = self.named
        if named is not None and isinstance(old.get(named.name), str):
            self.names_seen.add(old[named.name])
        if named is not None and new.get(named.name) is None:
            checked[named.name] = old.get(named.name) or make_name()
            checked[AUTONAMED] = True
        for declared in self.inputs.properties.values():
            if declared.default is not None:
                checked.setdefault(declared.name, declared.default)
        return checked, validation.failures(self.inputs, checked)

    @cached_property
    def names_seen(self) -> set[str]:
        """The names that resources of the program have already, as far as checks of this process were told."""
        return set()

    def made(self, id: str, live: Callable[[], Live[O]]) -> Live[O]:
        """What was just made; where the answer cannot be understood, at least its id, which must not be lost.

        The same answer to the wait that follows is then an error that keeps the id.
        """
        try:
            return live()
        except Exception:  # noqa: BLE001  whatever is wrong with the answer, the thing exists
            return Live(id, {}, cast("O", self.outputs.model_construct()))

    def diff(self, old: Mapping[str, Any], state: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
        """What has to change; no request is made."""
        found = diff.difference(self.inputs, old=old, state=state, new=new)
        if self.failed is None or found.replaces or state.get(self.failed[0]) != self.failed[1]:
            return found
        return Difference((*found.changes, Change(self.failed[0], Kind.UPDATE, replace=True)), found.delete_first)

    def preview_create(self, new: Mapping[str, Any]) -> dict[str, Any]:
        """The state as far as it is known before anything is made."""
        filled = {declared.name: UNKNOWN for declared in self._filled()}
        return {**filled, **dict.fromkeys(self.outputs.properties, UNKNOWN), **validation.visible(new)}

    def preview_update(self, state: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        """The state as far as it is known before anything is changed."""
        kept = {declared.name: state[declared.name] for declared in self._filled() if declared.name in state}
        for name, declared in self.outputs.properties.items():
            kept[name] = state[name] if declared.has(Stable) and name in state else UNKNOWN
        for declared in self.inputs.properties.values():
            if declared.unset is not None:
                kept[declared.name] = self._preview_unset(declared, declared.unset, state)
        return {**kept, **validation.visible(new)}

    def state(self, asked: Mapping[str, Any], live: Live[O]) -> dict[str, Any]:
        """What is stored: the inputs as asked for, what the platform chose for the rest, and the outputs."""
        chosen = {
            declared.name: live.inputs[declared.name]
            for declared in self._filled()
            if live.inputs.get(declared.name) is not None
        }
        return {**chosen, **live.outputs.wire(), **validation.visible(asked)}

    def drifted(self, asked: Mapping[str, Any], live: Live[O]) -> dict[str, Any]:
        """The inputs after a refresh: as asked for, but for what has really been changed outside."""
        inputs = dict(asked)
        for name, declared in self.inputs.properties.items():
            if name in asked and name in live.inputs and not diff.equal(declared, asked[name], live.inputs[name]):
                inputs[name] = live.inputs[name]
        return {name: value for name, value in inputs.items() if value is not None}

    def imported(self, live: Live[O]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The inputs and the state of a thing that no program has described yet."""
        inputs = {
            name: live.inputs[name]
            for name, declared in self.inputs.properties.items()
            if live.inputs.get(name) is not None and not self._need_not_be_said(declared, live.inputs[name])
        }
        return inputs, {**self.state(inputs, live), IMPORTED: True}

    async def holder(self, api: Any, name: str) -> str | None:  # noqa: ARG002
        """The id of what has the name already, where names are unique; ``None`` where nothing has it."""
        return None

    @classmethod
    async def require_references(
        cls, api: Any, new: Mapping[str, Any], old: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Return only where everything is there that the inputs name, as far as they differ from the old ones.

        Raises:
            MissingReference: an input names something that is not there.
        """
        for require, name, value in cls.named_references(new, old):
            await require(api, name, value)

    @classmethod
    def named_references(cls, new: Mapping[str, Any], old: Mapping[str, Any]) -> Iterator[tuple[Require, str, str]]:
        """Return what finds out whether there is what an input names, the input and its value, where that is known."""
        for declared in cls.inputs.properties.values():
            value = new.get(declared.name)
            if declared.field in cls.references and isinstance(value, str) and value != old.get(declared.name):
                yield cls.references[declared.field], declared.name, value

    @property
    def named(self) -> Property | None:
        """The property that gets a name where the user gives none."""
        return next((each for each in self.inputs.properties.values() if each.has(AutoName)), None)

    def _filled(self) -> list[Property]:
        return [declared for declared in self.inputs.properties.values() if declared.has(Visible)]

    def _preview_unset(self, declared: Property, unset: Unset, state: Mapping[str, Any]) -> Any:
        if unset.inherited and not diff.equal(declared, None, state.get(declared.name)):
            return UNKNOWN  # kept where it was inherited, reset where the program took it out
        return unset.means.wire()

    def _need_not_be_said(self, declared: Property, value: Any) -> bool:
        unset = declared.unset
        return unset is not None and (unset.inherited or diff.equal(declared, None, value))
