"""Values as Pulumi sends them, and as plain data with what is secret, unknown or not for us marked.

A secret is ``Sealed`` at the place where the program made it one; seals are taken off before a value goes further in
and put back, place by place, on what goes out again.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import struct_pb2

from neev_provider.adapters.pulumi import assets
from neev_provider.core.assets import AssetOrArchive
from neev_provider.core.coercion import MIN_INEXACT_INTEGER
from neev_provider.core.model import UNKNOWN, Property
from neev_provider.core.validation import ValidationFailure, format_path

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  a published signature
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
BYTES: Final = "803fd3297a5875dc03ca845dda5d2a98"
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWNS: Final = frozenset(
    (
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    )
)


DEEPEST: Final = 100
"""Levels of lists and objects in one another: what is walked through level by level must end somewhere."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret and its value."""

    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something that no property takes; it goes back as it came."""

    reason: str
    wire: struct_pb2.Value = field(repr=False)


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The properties as plain data, secrets sealed."""
    return {key: _decoded(value) for key, value in struct.fields.items()}


def decode_plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The properties as plain data, secrets and all."""
    return {key: _decoded(value, bare=True) for key, value in struct.fields.items()}


def encode(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The properties on the wire; what is ``None`` is left out."""
    struct = struct_pb2.Struct()
    for key, value in values.items():
        if value is not None:
            _put(struct.fields[key], value)
    return struct


def plain(value: Any) -> Any:
    """The value without its seals."""
    if isinstance(value, Sealed):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def sealed(value: Any) -> Any:
    """The value as one secret."""
    return Sealed(plain(value))


def sealed_as(value: Any, marked: Any) -> Any:
    """The plain value with the seals of ``marked``; where the two are not alike, what held a secret is one."""
    if isinstance(marked, Sealed):
        return sealed(value)
    if isinstance(value, dict) and isinstance(marked, dict):
        return {key: sealed_as(each, marked.get(key)) for key, each in value.items()}
    if not holds_secret(marked):
        return value
    return marked if plain(marked) == value else sealed(value)


def sealed_by(properties: Mapping[str, Property], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with those sealed that are declared secret, at any depth."""
    return {name: _sealed_by(properties.get(name), value, values) for name, value in values.items()}


def secret_names(properties: Mapping[str, Property], marked: Mapping[str, Any]) -> frozenset[str]:
    """Return what holds a secret, by the program's marks or by its declaration."""
    return frozenset(name for name, value in sealed_by(properties, marked).items() if holds_secret(value))


def secrets_in(value: Any) -> Iterator[Any]:
    """Yield what is sealed at any depth, plain."""
    if isinstance(value, Sealed):
        yield plain(value)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from secrets_in(each)


def holds_secret(value: Any) -> bool:
    """Whether there is a seal at any depth."""
    return any(True for _ in secrets_in(value))


def foreign(values: Mapping[str, Any], properties: Mapping[str, Property]) -> list[ValidationFailure]:
    """What the properties do not take, by its path."""
    return [
        ValidationFailure(format_path(path), reason)
        for name, value in values.items()
        for path, reason in _foreign(value, (name,), properties.get(name))
    ]


def _decoded(  # noqa: PLR0911  one for each kind
    value: struct_pb2.Value, *, bare: bool = False, depth: int = 0
) -> Any:
    kind = value.WhichOneof("kind")
    if depth > DEEPEST:
        return Foreign(f"is nested more than {DEEPEST} levels deep: flatten it, or give it as JSON text", value)
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWNS else value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < MIN_INEXACT_INTEGER else number
    if kind == "list_value":
        return [_decoded(each, bare=bare, depth=depth + 1) for each in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE not in fields:
            return {key: _decoded(each, bare=bare, depth=depth + 1) for key, each in fields.items()}
        return plain(_special(value, depth)) if bare else _special(value, depth)
    return None


def _special(value: struct_pb2.Value, depth: int) -> Any:  # noqa: PLR0911  one for each signature
    fields = value.struct_value.fields
    signature = fields[SIGNATURE].string_value
    inner = _decoded(fields["value"], depth=depth + 1) if "value" in fields else None
    if signature == SECRET:
        return Sealed(inner)
    if signature == OUTPUT:
        known = inner if "value" in fields else UNKNOWN
        return Sealed(known) if "secret" in fields and fields["secret"].bool_value else known
    if signature == REFERENCE:
        if "id" not in fields:
            return Foreign("is a component, which has no id; give the id of a resource", value)
        return _decoded(fields["id"]) or UNKNOWN
    if signature == BYTES:
        return _text(inner) or Foreign("holds bytes that are no UTF-8 text; encode them, as base64 say", value)
    if signature in assets.SIGNATURES:
        parts = {name: _decoded(each, bare=True) for name, each in fields.items()}
        return assets.from_wire(signature, parts) or Foreign("is an archive of what are no assets", value)
    return Foreign("is a special value that this version of the provider does not know", value)


def _text(encoded: Any) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError, TypeError):
        return None


def _put(place: struct_pb2.Value, value: Any) -> None:  # noqa: C901, PLR0912  one branch for each type
    """The place holds the value; filled from outside in, since a message that is put into another is copied."""
    if value is None:
        place.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        place.string_value = UNKNOWN_TEXT
    elif isinstance(value, bool):
        place.bool_value = value
    elif isinstance(value, str):
        place.string_value = value
    elif isinstance(value, int | float):
        place.number_value = float(value)
    elif isinstance(value, Sealed):
        place.struct_value.fields[SIGNATURE].string_value = SECRET
        _put(place.struct_value.fields["value"], value.value)
    elif isinstance(value, Foreign):
        place.CopyFrom(value.wire)
    elif isinstance(value, AssetOrArchive):
        signature, parts = assets.on_wire(value)
        _put(place, {SIGNATURE: signature, **parts})
    elif isinstance(value, dict):
        place.struct_value.SetInParent()
        for key, each in value.items():
            _put(place.struct_value.fields[key], each)
    elif isinstance(value, list | tuple):
        place.list_value.SetInParent()
        for each in value:
            _put(place.list_value.values.add(), each)
    else:
        raise TypeError(f"{type(value).__name__} has no form on the wire")


def _sealed_by(declared: Property | None, value: Any, siblings: Mapping[str, Any]) -> Any:
    if declared is None or value is None:
        return value
    if declared.is_secret(siblings):
        return sealed(value)
    if declared.model and isinstance(value, dict):
        return sealed_by(declared.model.properties, value)
    properties = getattr(declared.item, "properties", None)
    if properties and isinstance(value, list | tuple):
        return [sealed_by(properties, each) if isinstance(each, dict) else each for each in value]
    return value


def _foreign(
    value: Any, path: tuple[str | int, ...], declared: Property | None
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, Foreign):
        yield path, value.reason
    elif isinstance(value, AssetOrArchive):
        if declared is None or not declared.accepts_assets:
            yield path, "is an asset or archive, which this property does not take; read it and give its text"
    elif isinstance(value, Sealed):
        yield from _foreign(value.value, path, declared)
    elif isinstance(value, dict):
        nested = declared and (declared.model or declared.item_model)
        for key, each in value.items():
            yield from _foreign(each, (*path, key), nested.properties.get(key) if nested else None)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _foreign(each, (*path, index), declared)
