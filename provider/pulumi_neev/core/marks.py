"""What a declaration says of a property, beside what `model` declares: the mark of all marks, and the rarer ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marker:
    """What a declaration says of one property."""


@dataclass(frozen=True, slots=True)
class Removable(Marker):
    """An ``Update`` input that nobody but the program knows: taking it out is a change, like any other."""


@dataclass(frozen=True, slots=True)
class SecretIf(Marker):
    """An output that is hidden where this input (camelCase) is true."""

    input: str
