"""A resource: its declaration, its verbs, and what follows from both for checks, previews and state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, cast

from neev_provider.core import coercion, diff, validation
from neev_provider.core.account import Account
from neev_provider.core.diff import AUTONAMED_KEY, IMPORTED_KEY, Change, ChangeKind, Diff
from neev_provider.core.errors import NeevError
from neev_provider.core.markers import AutoName, Computed, ResetsTo, Stable
from neev_provider.core.model import UNKNOWN, Inputs, Outputs, Property
from neev_provider.core.names import MAX_LENGTH
from neev_provider.core.reference_errors import ReferenceCheck
from neev_provider.core.validation import ValidationFailure, WarningHandler, ignore
from neev_provider.core.wait import Deadline


class ApiClient(Protocol):
    """The client of an API, as far as every resource needs it."""

    @property
    def account(self) -> Account:
        """The account whose resources the client reads and changes."""


ApiT = TypeVar("ApiT", bound=ApiClient)
InputsT = TypeVar("InputsT", bound=Inputs)
OutputsT = TypeVar("OutputsT", bound=Outputs)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How many seconds each verb may take where the user sets none."""

    create: float = 600
    update: float = 600
    delete: float = 600
    read: float = 60


@dataclass(frozen=True, slots=True)
class Observation(Generic[OutputsT]):
    """A thing as it is now: its id, its inputs as the API answers them (camelCase, plain), its outputs."""

    id: str
    inputs: Mapping[str, Any] = field(repr=False)
    outputs: OutputsT
    problem: str | None = None
    """Why it cannot be used, where it cannot: shown as the reason of an unhealthy resource."""
    hidden: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the state stores beside inputs and outputs and nobody is shown: keys begin with ``__``."""


@dataclass(frozen=True, slots=True)
class OperationContext:
    """What a verb knows of the operation it serves: whose it is, and how long it may take."""

    resource_name: str
    deadline: Deadline
    just_created: bool = field(default=False)
    """The thing was made just now, in this operation; this is the first that is done with it."""
    state: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the engine keeps of the thing: its inputs and outputs, camelCase and plain; nothing before it is made."""
    secret_inputs: frozenset[str] = frozenset()
    """The inputs (camelCase) that are secret, by the program or by their declaration."""
    log: Callable[[str], None] = field(default=ignore, repr=False)
    """Told what a user wants to read while it goes on: lines for the engine's log."""


class PartialFailure(NeevError):
    """A verb failed for the cause, and this is how far the thing has come: it is stored with the failure."""

    def __init__(self, observation: Observation[Any], cause: Exception) -> None:
        super().__init__(str(cause))
        self.observation = observation
        self.cause = cause


class Resource(ABC, Generic[ApiT, InputsT, OutputsT]):
    """One kind of resource. Verbs never see an unknown value, a secret's wrapper or a preview.

    The declaration, checks, diffs and previews need no client; the verbs are called on what ``connect`` returns.

    ``create`` makes the thing and returns as soon as its id is known; ``settle`` brings what exists to what the
    inputs say, however far an earlier attempt came. So an id once known is never lost, and a second attempt goes on.
    """

    api: ApiT
    """The client that the verbs use; set by ``connect``."""
    name: ClassVar[str]
    inputs: ClassVar[type[Inputs]]
    outputs: ClassVar[type[Outputs]]
    timeouts: ClassVar[Timeouts] = Timeouts()
    max_name_length: ClassVar[int] = MAX_LENGTH
    """Characters that a name which is made for it may have."""
    references: ClassVar[Mapping[str, ReferenceCheck]] = MappingProxyType({})
    """The inputs that name something of the platform, by field, and what finds out whether that is there."""
    api_field_names: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The inputs, by field, that the API calls otherwise, and what it calls them."""
    parent: ClassVar[str | None] = None
    """The input (camelCase) that names what it is a part of: without that, it does not exist either."""
    is_slow: ClassVar[bool] = False
    """Whether checks, diffs and previews read files or compute for long, so that they are done beside the loop."""
    failed_status: ClassVar[tuple[str, str] | None] = None
    """An output and the value of it that says the thing can never be used: the next update replaces it."""

    def connect(self, api: ApiT) -> Self:
        """Return this resource with a client for its verbs."""
        connected = copy(self)
        connected.api = api
        return connected

    @abstractmethod
    async def create(self, inputs: InputsT, context: OperationContext) -> Observation[OutputsT]:
        """The thing exists and its id is known; nothing has been waited for."""

    @abstractmethod
    async def reconcile(self, id: str, inputs: InputsT, context: OperationContext) -> Observation[OutputsT]:
        """The thing is ready and as the inputs say."""

    @abstractmethod
    async def read(self, id: str, inputs: InputsT | None) -> Observation[OutputsT] | None:
        """The thing as it is, or ``None`` where it is gone; ``inputs`` is what is known of what was asked for."""

    async def refresh(
        self,
        id: str,
        inputs: InputsT,
        state: Mapping[str, Any],  # noqa: ARG002  for overrides
    ) -> Observation[OutputsT] | None:
        """The thing as it is, or ``None`` where it is gone; ``state`` is what is stored of it.

        For what the platform cannot be asked, a kind of resource answers from there.
        """
        return await self.read(id, inputs)

    async def update(
        self,
        id: str,
        old_inputs: InputsT,  # noqa: ARG002  for overrides
        new_inputs: InputsT,
        context: OperationContext,
    ) -> Observation[OutputsT]:
        """The thing is as the new inputs say."""
        return await self.reconcile(id, new_inputs, context)

    async def find_created(self, inputs: InputsT) -> Observation[OutputsT] | None:  # noqa: ARG002
        """What an interrupted create with these inputs made, or ``None`` where that cannot be told or is not there."""
        return None

    @abstractmethod
    async def delete(self, id: str, context: OperationContext) -> None:
        """The thing is gone; that it was gone before is no error."""

    def check(
        self,
        old_inputs: Mapping[str, Any],
        new_inputs: Mapping[str, Any],
        generate_name: Callable[[], str],
        warn: WarningHandler = ignore,  # noqa: ARG002
    ) -> tuple[dict[str, Any], list[ValidationFailure]]:
        """The inputs as they are stored (defaults and a made name added), and what is wrong with them.

        ``warn`` is told what is not wrong and yet hardly meant.
        """
        given = {key: value for key, value in new_inputs.items() if value is not None}
        checked = coercion.coerce_properties(self.inputs.properties, given)
        named = self.name_property
        if named is not None and isinstance(old_inputs.get(named.name), str):
            self.existing_names.add(old_inputs[named.name])
        if named is not None and new_inputs.get(named.name) is None:
            checked[named.name] = old_inputs.get(named.name) or generate_name()
            checked[AUTONAMED_KEY] = True
        for declared in self.inputs.properties.values():
            if declared.default is not None:
                checked.setdefault(declared.name, declared.default)
        return checked, validation.validate(self.inputs, checked)

    @cached_property
    def existing_names(self) -> set[str]:
        """The names that resources of the program have already, as far as checks of this process were told."""
        return set()

    def observe_id(self, id: str) -> Observation[OutputsT]:
        """Return what is known of an object that was just created, if the API's response cannot be read.

        The wait that follows fails at the same response and keeps the id.
        """
        return Observation(id, {}, cast("OutputsT", self.outputs.model_construct()))

    def diff(self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> Diff:
        """What has to change; no request is made."""
        changed = diff.compute_diff(self.inputs, old_inputs=old_inputs, state=state, new_inputs=new_inputs)
        status, failed = self.failed_status or ("", None)
        if changed.requires_replacement or failed is None or state.get(status) != failed:
            return changed
        replaced = Change(status, ChangeKind.UPDATE, requires_replacement=True)
        return Diff((*changed.changes, replaced), changed.delete_before_replace)

    def preview_create(self, raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The state as far as it is known before anything is made."""
        filled = {declared.name: UNKNOWN for declared in self._computed_inputs()}
        return {**filled, **dict.fromkeys(self.outputs.properties, UNKNOWN), **validation.user_properties(raw_inputs)}

    def preview_update(self, state: Mapping[str, Any], raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The state as far as it is known before anything is changed."""
        kept = {declared.name: state[declared.name] for declared in self._computed_inputs() if declared.name in state}
        for name, declared in self.outputs.properties.items():
            kept[name] = state[name] if declared.has(Stable) and name in state else UNKNOWN
        for declared in self.inputs.properties.values():
            if declared.resets_to is not None:
                kept[declared.name] = self._preview_reset(declared, declared.resets_to, state)
        return {**kept, **validation.user_properties(raw_inputs)}

    def build_state(self, raw_inputs: Mapping[str, Any], observation: Observation[OutputsT]) -> dict[str, Any]:
        """Return what is stored: the program's inputs, what the API chose for the rest, and the outputs."""
        chosen = {
            prop.name: observation.inputs[prop.name]
            for prop in self._computed_inputs()
            if observation.inputs.get(prop.name) is not None
        }
        outputs = {**observation.outputs.to_properties(), **observation.hidden}
        return {**chosen, **outputs, **validation.user_properties(raw_inputs)}

    def refreshed_inputs(self, raw_inputs: Mapping[str, Any], observation: Observation[OutputsT]) -> dict[str, Any]:
        """The inputs after a refresh: as asked for, but for what has really been changed outside."""
        inputs = dict(raw_inputs)
        for name, declared in self.inputs.properties.items():
            if (
                name in raw_inputs
                and name in observation.inputs
                and not diff.semantically_equal(declared, raw_inputs[name], observation.inputs[name])
            ):
                inputs[name] = observation.inputs[name]
        return {name: value for name, value in inputs.items() if value is not None}

    def import_state(self, observation: Observation[OutputsT]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The inputs and the state of a thing that no program has described yet."""
        inputs = {
            name: observation.inputs[name]
            for name, declared in self.inputs.properties.items()
            if observation.inputs.get(name) is not None and not self._omit_on_import(declared, observation.inputs[name])
        }
        return inputs, {**self.build_state(inputs, observation), IMPORTED_KEY: True}

    async def find_id_by_name(self, name: str) -> str | None:  # noqa: ARG002
        """The id of what has the name already, where names are unique; ``None`` where nothing has it."""
        return None

    async def require_references(
        self, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Return only where everything is there that the inputs name, as far as they differ from the old ones.

        Raises:
            MissingReference: an input names something that is not there.
        """
        for require, name, value in self.iter_changed_references(new_inputs, old_inputs):
            await require(self.api, name, value)

    @classmethod
    def iter_changed_references(
        cls, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any]
    ) -> Iterator[tuple[ReferenceCheck, str, str]]:
        """Return what finds out whether there is what an input names, the input and its value, where that is known."""
        for declared in cls.inputs.properties.values():
            value = new_inputs.get(declared.name)
            if declared.field in cls.references and isinstance(value, str) and value != old_inputs.get(declared.name):
                yield cls.references[declared.field], declared.name, value

    @property
    def name_property(self) -> Property | None:
        """The property that gets a name where the user gives none."""
        return next((prop for prop in self.inputs.properties.values() if prop.has(AutoName)), None)

    def _computed_inputs(self) -> list[Property]:
        return [declared for declared in self.inputs.properties.values() if declared.has(Computed)]

    def _preview_reset(self, prop: Property, resets_to: ResetsTo, state: Mapping[str, Any]) -> Any:
        if resets_to.only_on_removal and not diff.semantically_equal(prop, None, state.get(prop.name)):
            return UNKNOWN  # kept where it was inherited, reset where the program took it out
        return resets_to.value

    def _omit_on_import(self, prop: Property, value: Any) -> bool:
        unset = prop.resets_to
        return unset is not None and (unset.only_on_removal or diff.semantically_equal(prop, None, value))
