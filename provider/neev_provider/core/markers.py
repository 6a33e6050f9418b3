"""The marks: what a declaration says of a property beside its type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neev_provider.core.model import Model


@dataclass(frozen=True, slots=True)
class Marker:
    """What a declaration says of one property."""


@dataclass(frozen=True, slots=True)
class Replace(Marker):
    """A change makes a new resource."""


@dataclass(frozen=True, slots=True)
class Update(Marker):
    """A change is made in place."""


@dataclass(frozen=True, slots=True)
class Secret(Marker):
    """The value is hidden in state, previews, logs, errors and ``repr``."""


@dataclass(frozen=True, slots=True)
class Computed(Marker):
    """The API answers this input: unset, the state holds what the platform chose; changed outside, it is drift."""

    always: bool = False
    """The platform chooses a value whatever the program leaves out."""


@dataclass(frozen=True, slots=True)
class Kept(Marker):
    """A ``Replace`` input that may be taken out of the program without a replacement: where a thing came from."""


@dataclass(frozen=True, slots=True)
class Unordered(Marker):
    """The order of the list means nothing: two lists with the same items are equal."""


@dataclass(frozen=True, slots=True)
class Canonical(Marker):
    """Values with the same canonical form are equal, however they are written."""

    normalize: Callable[[str], str]
    """Gives the form of any text."""


@dataclass(frozen=True, slots=True)
class AutoName(Marker):
    """Unset, a name is made; it is unique in its project, so a replacement that keeps it deletes first."""


@dataclass(frozen=True, slots=True)
class ResetsTo(Marker):
    """Unset means this value. Without the mark, unsetting an ``Update`` property leaves the resource as it is."""

    value: Model
    only_on_removal: bool = False
    """Unset from the beginning it is what the thing came with; only taking it out of the program means the value."""


@dataclass(frozen=True, slots=True)
class Stable(Marker):
    """An output that no update in place changes, so it stays known in previews."""


@dataclass(frozen=True, slots=True)
class Removable(Marker):
    """An ``Update`` input that nobody but the program knows: taking it out is a change, like any other."""


@dataclass(frozen=True, slots=True)
class Derived(Marker):
    """An output that may repeat any input: it is hidden where one of them is a secret."""


@dataclass(frozen=True, slots=True)
class SecretIf(Marker):
    """An output that is hidden where this input (camelCase) is true."""

    input: str
