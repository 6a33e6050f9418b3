"""The markers: what a declaration says of a property beside its type. A wrong one fails at import."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic.fields import FieldInfo


class DeclarationError(TypeError):
    """An error in a declaration: the program that contains it cannot start."""


@dataclass(frozen=True, slots=True)
class Marker:
    """What a declaration says of one property."""


@dataclass(frozen=True, slots=True)
class Replace(Marker):
    """A change of the input replaces the resource."""

    if_configured: bool = False
    """Only a new value replaces the resource; removing the input from the program changes nothing."""


@dataclass(frozen=True, slots=True)
class Update(Marker):
    """A change of the input updates the resource in place."""

    on_removal: bool = False
    """Removing the input is an update, too. Use it for inputs that the API never returns."""


@dataclass(frozen=True, slots=True)
class Secret(Marker):
    """The value is hidden in state, previews, logs, errors and ``repr``."""

    is_credential: bool = False
    """The API returns it whenever it is asked: an engine that does not encrypt its state leaves it out."""
    is_compared: bool = False
    """A refresh needs the input to judge what exists, so a state has to have it."""


@dataclass(frozen=True, slots=True)
class Computed(Marker):
    """The API returns this input: the state has the API's value if the program sets none, and drift is detected."""

    always: bool = False
    """The API fills the input in, whatever else the program leaves out."""
    changes_with: tuple[str, ...] = ()
    """The other inputs (camelCase) whose changes may change a value that the program does not set."""


@dataclass(frozen=True, slots=True)
class Unordered(Marker):
    """The order of the list means nothing: two lists with the same items are equal."""


@dataclass(frozen=True, slots=True)
class Canonical(Marker):
    """Values with the same canonical form are equal."""

    normalize: Callable[[str], str]
    """Returns the canonical form of a text."""


@dataclass(frozen=True, slots=True)
class AutoName(Marker):
    """A name is generated if none is set. Names are unique, so a replacement that keeps the name deletes first."""


@dataclass(frozen=True, slots=True)
class ResetsTo(Marker):
    """Unset means this value. Without the marker, unsetting an ``Update`` property leaves the resource as it is."""

    value: Mapping[str, Any]
    """Its properties, in camelCase."""
    only_on_removal: bool = False
    """An input that was never set inherits a value; only removing it from the program resets it."""


@dataclass(frozen=True, slots=True)
class Stable(Marker):
    """An output that no update in place changes, so it stays known in previews."""

    unless: tuple[str, ...] = ()
    """The inputs (camelCase) whose changes may change it."""


@dataclass(frozen=True, slots=True)
class Derived(Marker):
    """An output that may repeat an input: it is hidden if that is a secret."""

    inputs: frozenset[str] | None = None
    """The inputs (camelCase) that it may repeat; ``None`` if it may repeat any."""

    def is_secret(self, secret_inputs: Collection[str]) -> bool:
        """Return whether the output may repeat one of the secret inputs."""
        return bool(secret_inputs) and (self.inputs is None or not self.inputs.isdisjoint(secret_inputs))


@dataclass(frozen=True, slots=True)
class SecretIf(Marker):
    """An output that is hidden if this input (camelCase) is true."""

    input: str


def validate_markers(
    location: str, info: FieldInfo, markers: tuple[Marker, ...], allowed: tuple[type[Marker], ...]
) -> None:
    """Raise ``DeclarationError`` for a marker that is not allowed here, is no object, is repeated or would be lost."""
    kinds = [type(marker) for marker in markers]
    if any(isinstance(item, type) and issubclass(item, Marker) for item in info.metadata):
        raise DeclarationError(f"{location}: a mark is an object; write its parentheses")
    if len(set(kinds)) != len(kinds):
        raise DeclarationError(f"{location}: the same mark twice")
    if strangers := [kind.__name__ for kind in kinds if kind not in allowed]:
        raise DeclarationError(f"{location}: {', '.join(strangers)} has no meaning here")
    # pydantic silently drops the metadata of Annotated[X, M] | None
    if any(isinstance(item, Marker) or item in Marker.__subclasses__() for item in _nested_metadata(info.annotation)):
        raise DeclarationError(f"{location}: a mark inside the type is lost; write Annotated[X | None, Mark()]")


def _nested_metadata(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
    for part in get_args(annotation):
        yield from _nested_metadata(part)
