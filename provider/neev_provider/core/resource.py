"""A resource: its declaration, its operations, and the checks, previews and states derived from both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from neev_provider.core import coercion, diff, validation
from neev_provider.core.account import ApiClient
from neev_provider.core.diff import AUTONAMED_KEY, IMPORTED_KEY, Change, ChangeKind, Diff
from neev_provider.core.labels import Owner
from neev_provider.core.markers import AutoName, Computed, ResetsTo
from neev_provider.core.model import UNKNOWN, Inputs, Outputs, Property
from neev_provider.core.names import MAX_LENGTH
from neev_provider.core.reference_errors import ReferenceCheck
from neev_provider.core.validation import ValidationFailure, WarningHandler, ignore
from neev_provider.core.wait import Deadline

ApiT = TypeVar("ApiT", bound=ApiClient)
InputsT = TypeVar("InputsT", bound=Inputs)
OutputsT = TypeVar("OutputsT", bound=Outputs)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The default timeout of each operation, in seconds."""

    create: float = 600
    update: float = 600
    delete: float = 600
    read: float = 60


@dataclass(frozen=True, slots=True)
class Observation(Generic[OutputsT]):
    """The resource as the API reports it now: its id, its inputs (camelCase, plain) and its outputs."""

    id: str
    inputs: Mapping[str, Any] = field(repr=False)
    outputs: OutputsT
    problem: str | None = None
    """Why it cannot be used; the user sees it as the reason of an unhealthy resource. ``None`` if it can be used."""
    hidden: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Values that the state stores beside inputs and outputs and that no user sees; their keys begin with ``__``."""


@dataclass(frozen=True, slots=True)
class OperationContext:
    """The context of one operation: its resource and its deadline."""

    resource_name: str
    deadline: Deadline
    address: str = ""
    """The resource's address in the engine; empty if the adapter does not know it."""
    just_created: bool = field(default=False)
    """Whether this operation has just created the resource."""
    state: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The stored inputs and outputs of the resource, camelCase and plain; empty before it is created."""
    secret_inputs: frozenset[str] = frozenset()
    """The inputs (camelCase) that are secret, by the program or by their declaration."""
    owner: Owner | None = field(default=None, repr=False)
    """Who manages the resource; ``None`` if the engine does not say."""
    log: Callable[[str], None] = field(default=ignore, repr=False)
    """Called with lines for the engine's log, which the user reads during the operation."""
    warn: WarningHandler = field(default=ignore, repr=False)
    """Called with warnings, which the engine shows with the resource."""


class PartialFailure(Exception):
    """An operation failed after a part of it; raised from the error, and stored together with the observation."""

    def __init__(self, observation: Observation[Any]) -> None:
        super().__init__()
        self.observation = observation


class Resource(ABC, Generic[ApiT, InputsT, OutputsT]):
    """One kind of resource. Its operations never receive an unknown value, a secret's wrapper or a preview.

    The declaration, checks, diffs and previews need no client. Operations are called on the result of ``connect``.

    ``create`` returns as soon as the id is known. ``reconcile`` brings the existing object to what the inputs say,
    whatever an earlier attempt has completed. So a known id is never lost, and a second attempt continues the first.
    """

    api: ApiT
    """The client that the operations use; set by ``connect``."""
    name: ClassVar[str]
    inputs: ClassVar[type[Inputs]]
    outputs: ClassVar[type[Outputs]]
    timeouts: ClassVar[Timeouts] = Timeouts()
    max_name_length: ClassVar[int] = MAX_LENGTH
    """Maximum characters of a generated name."""
    references: ClassVar[Mapping[str, ReferenceCheck]] = MappingProxyType({})
    """The inputs that refer to objects of the API, by field, each with the check that the API would accept it."""
    api_field_names: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The API's names of the inputs, by field, where they differ."""
    parent: ClassVar[str | None] = None
    """The input (camelCase) that names the parent: the object is gone if its parent is gone."""
    is_slow: ClassVar[bool] = False
    """Whether checks, diffs and previews are slow (they read files or hash), so that they run in a thread."""
    failed_status: ClassVar[tuple[str, str] | None] = None
    """An output and the value of it that means the object can never be used: the next update replaces it."""

    def connect(self, api: ApiT) -> Self:
        """Return this resource with a client for its operations."""
        connected = copy(self)
        connected.api = api
        return connected

    @abstractmethod
    async def create(self, inputs: InputsT, context: OperationContext) -> Observation[OutputsT]:
        """Create the object and return as soon as its id is known, without waiting until it is ready."""

    @abstractmethod
    async def reconcile(self, id: str, inputs: InputsT, context: OperationContext) -> Observation[OutputsT]:
        """Bring the object to what the inputs say, and wait until it is ready."""

    @abstractmethod
    async def read(self, id: str, inputs: InputsT | None) -> Observation[OutputsT] | None:
        """Return the current object, ``None`` if it is gone; ``inputs`` are its inputs as far as known."""

    async def refresh(self, id: str, inputs: InputsT, state: Mapping[str, Any]) -> Observation[OutputsT] | None:  # noqa: ARG002
        """Return the current object, or ``None`` if it is gone; ``state`` is its stored state.

        A resource takes values that the API does not return from the stored state.
        """
        return await self.read(id, inputs)

    async def update(
        self,
        id: str,
        old_inputs: InputsT,  # noqa: ARG002  for overrides
        new_inputs: InputsT,
        context: OperationContext,
    ) -> Observation[OutputsT]:
        """Update the object to the new inputs."""
        return await self.reconcile(id, new_inputs, context)

    async def find_created(self, inputs: InputsT, owner: Owner | None = None) -> Observation[OutputsT] | None:  # noqa: ARG002
        """Return the object of an interrupted create of this owner; ``None`` if it is unknown or missing."""
        return None

    @abstractmethod
    async def delete(self, id: str, context: OperationContext) -> None:
        """Delete the object; an object that is gone already is no error."""

    def check(
        self,
        old_inputs: Mapping[str, Any],
        new_inputs: Mapping[str, Any],
        generate_name: Callable[[], str],
        warn: WarningHandler = ignore,
    ) -> tuple[dict[str, Any], list[ValidationFailure]]:
        """Return the inputs to store, with defaults and a generated name, and their failures."""
        checked, failures = self.check_declared(old_inputs, new_inputs, generate_name)
        return checked, [*failures, *self.find_failures(checked, warn)]

    def check_declared(
        self, old_inputs: Mapping[str, Any], new_inputs: Mapping[str, Any], generate_name: Callable[[], str]
    ) -> tuple[dict[str, Any], list[ValidationFailure]]:
        """Return the inputs to store, and the failures that depend on nothing but the inputs."""
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

    def find_failures(self, raw_inputs: Mapping[str, Any], warn: WarningHandler) -> Iterable[ValidationFailure]:  # noqa: ARG002
        """Return failures of local files or other resources; any input may be unknown or invalid.

        Call ``warn`` for each valid input that is probably not intended.
        """
        return ()

    @cached_property
    def existing_names(self) -> set[str]:
        """Return the names of the program's resources that were checked in this process."""
        return set()

    def planned_id(self, raw_inputs: Mapping[str, Any]) -> str | None:  # noqa: ARG002
        """Return the id that inputs give the object, if a program may declare it once only; ``None`` if unknown."""
        return None

    def note_inputs(self, id: str, raw_inputs: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """Note the inputs of an object that the program declares, for checks of resources that refer to it."""

    def observe_id(self, id: str) -> Observation[OutputsT]:
        """Return what is known of an object that was just created, if the API's response cannot be read.

        The wait that follows fails at the same response and keeps the id.
        """
        return Observation(id, {}, cast("OutputsT", self.outputs.model_construct()))

    def diff(self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> Diff:
        """Return the changes; send no request."""
        changed = diff.compute_diff(self.inputs, old_inputs=old_inputs, state=state, new_inputs=new_inputs)
        status, failed = self.failed_status or ("", None)
        if changed.requires_replacement or failed is None or state.get(status) != failed:
            return changed
        replaced = Change(status, ChangeKind.UPDATE, requires_replacement=True)
        return Diff((*changed.changes, replaced), changed.delete_before_replace)

    def preview_create(self, raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state as far as it is known before anything is created."""
        filled = {declared.name: UNKNOWN for declared in self.inputs.properties_with(Computed)}
        return {**filled, **dict.fromkeys(self.outputs.properties, UNKNOWN), **validation.user_properties(raw_inputs)}

    def preview_update(self, state: Mapping[str, Any], raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state as far as it is known before anything is changed."""
        changed = diff.changed_inputs(self.inputs, state, raw_inputs)
        chosen = {prop.name: prop for prop in self.inputs.properties_with(Computed) if prop.name in state}
        kept = {
            name: state[name] if name in state and diff.is_stable(prop, changed) else UNKNOWN
            for name, prop in {**chosen, **self.outputs.properties}.items()
        }
        for declared in self.inputs.properties_with(Computed):
            if declared.resets_to is not None:
                kept[declared.name] = self._preview_reset(declared, declared.resets_to, state)
        return {**kept, **validation.user_properties(raw_inputs)}

    def build_state(self, raw_inputs: Mapping[str, Any], observation: Observation[OutputsT]) -> dict[str, Any]:
        """Return the state: the program's inputs, the API's values of the others, and the outputs."""
        known = {name: value for name, value in observation.inputs.items() if value is not None}
        chosen = {prop.name: known[prop.name] for prop in self.inputs.properties_with(Computed) if prop.name in known}
        outputs = {**observation.outputs.to_properties(), **observation.hidden}
        return {**chosen, **outputs, **validation.user_properties(raw_inputs)}

    def refreshed_inputs(self, raw_inputs: Mapping[str, Any], observation: Observation[OutputsT]) -> dict[str, Any]:
        """Return the inputs after a refresh: the old ones, except those that have drifted."""
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
        """Return the inputs and the state of an object that is being imported."""
        inputs = {
            name: observation.inputs[name]
            for name, declared in self.inputs.properties.items()
            if observation.inputs.get(name) is not None and not self._omit_on_import(declared, observation.inputs[name])
        }
        return inputs, {**self.build_state(inputs, observation), IMPORTED_KEY: True}

    async def find_id_by_name(self, name: str) -> str | None:  # noqa: ARG002
        """Return the id of the object with this name, where names are unique; ``None`` if no object has it."""
        return None

    async def require_references(
        self, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Raise ``InputError`` if the API would not accept a changed reference."""
        for require, name, value in self.iter_changed_references(new_inputs, old_inputs):
            await require(self.api, name, value)

    @classmethod
    def iter_changed_references(
        cls, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any]
    ) -> Iterator[tuple[ReferenceCheck, str, str]]:
        """Yield the check, the input and the known value of each changed reference."""
        for declared in cls.inputs.properties.values():
            value = new_inputs.get(declared.name)
            if declared.field in cls.references and isinstance(value, str) and value != old_inputs.get(declared.name):
                yield cls.references[declared.field], declared.name, value

    @property
    def name_property(self) -> Property | None:
        """Return the property that gets a generated name if the user sets none."""
        return next(iter(self.inputs.properties_with(AutoName)), None)

    def _preview_reset(self, prop: Property, resets_to: ResetsTo, state: Mapping[str, Any]) -> Any:
        if resets_to.only_on_removal and not diff.semantically_equal(prop, None, state.get(prop.name)):
            return UNKNOWN  # retained if it was inherited, reset if the program no longer sets it
        return resets_to.value

    def _omit_on_import(self, prop: Property, value: Any) -> bool:
        unset = prop.resets_to
        return unset is not None and (unset.only_on_removal or diff.semantically_equal(prop, None, value))
