"""Compare the vendor's contract with the emulator's API and with the provider's declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.contract.contract import Contract, Schema


@dataclass(frozen=True)
class Difference:
    """A path, field or enum value that one side has and the other has not, or has otherwise."""

    side: str
    """Who differs from the vendor: `emulator` or `provider`."""
    kind: str
    """`path`, `field` or `enum`."""
    name: str
    change: str
    """`new`: only the vendor has it. `gone`: the vendor has it no longer. `changed`: both have it, not alike."""

    @property
    def key(self) -> str:
        """Return the key by which a list of deliberate differences names it."""
        return f"{self.side} {self.name}"


def compare_emulator(vendor: Contract, emulator: Contract, names: Mapping[str, str]) -> Iterator[Difference]:
    """Yield each difference between the vendor's API and the emulator's; `names` maps the vendor's objects to ours."""
    for path in sorted(vendor.paths - emulator.paths):
        yield Difference("emulator", "path", path, "new")
    for path in sorted(emulator.paths - vendor.paths):
        yield Difference("emulator", "path", path, "gone")
    for name, fields in vendor.fields.items():
        if name not in names:
            yield Difference("emulator", "object", name, "new")
            continue
        ours = emulator.fields[names[name]]
        for field in sorted(fields.keys() | ours.keys()):
            yield from _compare_field("emulator", f"{name}.{field}", fields.get(field), ours.get(field))
    for name in sorted(names.keys() - vendor.fields.keys()):
        yield Difference("emulator", "object", name, "gone")


def compare_provider(
    vendor: Contract, declared: Mapping[str, Mapping[str, Schema]], renamed: Mapping[str, str]
) -> Iterator[Difference]:
    """Yield each field or enum value of the vendor that no declaration has.

    `declared` has the declared fields by the vendor's object, `renamed` our name of a field by `Object.field`.
    """
    for name, ours in declared.items():
        for field, theirs in sorted(vendor.fields.get(name, {}).items()):
            key = f"{name}.{field}"
            own = ours.get(renamed.get(key, field))
            if own is None:
                yield Difference("provider", "field", key, "new")
            elif own.values and theirs.values:
                yield from _compare_values("provider", key, theirs.values, own.values)


def _compare_field(side: str, name: str, theirs: Schema | None, ours: Schema | None) -> Iterator[Difference]:
    if theirs is None or ours is None:
        yield Difference(side, "field", name, "gone" if theirs is None else "new")
    elif theirs.types and ours.types and not theirs.types & _widen(ours.types):
        yield Difference(side, "field", f"{name}: {theirs}, here {ours}", "changed")
    elif theirs.values and ours.values:
        yield from _compare_values(side, name, theirs.values, ours.values)


def _compare_values(side: str, name: str, theirs: frozenset[str], ours: frozenset[str]) -> Iterator[Difference]:
    for value in sorted(theirs - ours):
        yield Difference(side, "enum", f"{name}={value}", "new")
    for value in sorted(ours - theirs):
        yield Difference(side, "enum", f"{name}={value}", "gone")


def _widen(types: frozenset[str]) -> frozenset[str]:
    """Return the types, where an integer is also a number and a number may be written as an integer."""
    return types | {"integer", "number"} if types & {"integer", "number"} else types
