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
UNKNOWN_SENTINEL: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_SENTINELS: Final = frozenset(
    (
        UNKNOWN_SENTINEL,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    )
)


MAX_DEPTH: Final = 100
"""Levels of lists and objects in one another: what is walked through level by level must end somewhere."""


@dataclass(frozen=True, slots=True)
class SecretValue:
    """A secret and its value."""

    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnsupportedValue:
    """Something that no property takes; it goes back as it came."""

    reason: str
    original: struct_pb2.Value = field(repr=False)


def unmarshal(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The properties as plain data, secrets sealed."""
    return {key: _unmarshal_value(value) for key, value in struct.fields.items()}


def unmarshal_plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The properties as plain data, secrets and all."""
    return {key: _unmarshal_value(value, reveal_secrets=True) for key, value in struct.fields.items()}


def marshal(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The properties on the wire; what is ``None`` is left out."""
    struct = struct_pb2.Struct()
    for key, value in values.items():
        if value is not None:
            _marshal_into(struct.fields[key], value)
    return struct


def reveal(value: Any) -> Any:
    """The value without its seals."""
    if isinstance(value, SecretValue):
        return reveal(value.value)
    if isinstance(value, dict):
        return {key: reveal(each) for key, each in value.items()}
    if isinstance(value, list):
        return [reveal(each) for each in value]
    return value


def mark_secret(value: Any) -> Any:
    """The value as one secret."""
    return SecretValue(reveal(value))


def restore_secrets(value: Any, reference: Any) -> Any:
    """The plain value with the seals of ``marked``; where the two are not alike, what held a secret is one."""
    if isinstance(reference, SecretValue):
        return mark_secret(value)
    if isinstance(value, dict) and isinstance(reference, dict):
        return {key: restore_secrets(each, reference.get(key)) for key, each in value.items()}
    if not contains_secret(reference):
        return value
    return reference if reveal(reference) == value else mark_secret(value)


def mark_declared_secrets(properties: Mapping[str, Property], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with those sealed that are declared secret, at any depth."""
    return {name: _mark_if_declared_secret(properties.get(name), value, values) for name, value in values.items()}


def secret_names(properties: Mapping[str, Property], with_secrets: Mapping[str, Any]) -> frozenset[str]:
    """Return what holds a secret, by the program's marks or by its declaration."""
    return frozenset(
        name for name, value in mark_declared_secrets(properties, with_secrets).items() if contains_secret(value)
    )


def iter_secrets(value: Any) -> Iterator[Any]:
    """Yield what is sealed at any depth, plain."""
    if isinstance(value, SecretValue):
        yield reveal(value)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from iter_secrets(each)


def contains_secret(value: Any) -> bool:
    """Whether there is a seal at any depth."""
    return any(True for _ in iter_secrets(value))


def unsupported_values(values: Mapping[str, Any], properties: Mapping[str, Property]) -> list[ValidationFailure]:
    """What the properties do not take, by its path."""
    return [
        ValidationFailure(format_path(path), reason)
        for name, value in values.items()
        for path, reason in _iter_unsupported(value, (name,), properties.get(name))
    ]


def _unmarshal_value(  # noqa: PLR0911  one for each kind
    value: struct_pb2.Value, *, reveal_secrets: bool = False, depth: int = 0
) -> Any:
    kind = value.WhichOneof("kind")
    if depth > MAX_DEPTH:
        return UnsupportedValue(
            f"is nested more than {MAX_DEPTH} levels deep: flatten it, or give it as JSON text", value
        )
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWN_SENTINELS else value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < MIN_INEXACT_INTEGER else number
    if kind == "list_value":
        return [
            _unmarshal_value(each, reveal_secrets=reveal_secrets, depth=depth + 1) for each in value.list_value.values
        ]
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE not in fields:
            return {
                key: _unmarshal_value(each, reveal_secrets=reveal_secrets, depth=depth + 1)
                for key, each in fields.items()
            }
        return reveal(_unmarshal_special(value, depth)) if reveal_secrets else _unmarshal_special(value, depth)
    return None


def _unmarshal_special(value: struct_pb2.Value, depth: int) -> Any:  # noqa: PLR0911  one for each signature
    fields = value.struct_value.fields
    signature = fields[SIGNATURE].string_value
    inner = _unmarshal_value(fields["value"], depth=depth + 1) if "value" in fields else None
    if signature == SECRET:
        return SecretValue(inner)
    if signature == OUTPUT:
        known = inner if "value" in fields else UNKNOWN
        return SecretValue(known) if "secret" in fields and fields["secret"].bool_value else known
    if signature == REFERENCE:
        if "id" not in fields:
            return UnsupportedValue("is a component, which has no id; give the id of a resource", value)
        return _unmarshal_value(fields["id"]) or UNKNOWN
    if signature == BYTES:
        return _decode_text(inner) or UnsupportedValue(
            "holds bytes that are no UTF-8 text; encode them, as base64 say", value
        )
    if signature in assets.SIGNATURES:
        parts = {name: _unmarshal_value(each, reveal_secrets=True) for name, each in fields.items()}
        return assets.unmarshal_asset(signature, parts) or UnsupportedValue(
            "is an archive of what are no assets", value
        )
    return UnsupportedValue("is a special value that this version of the provider does not know", value)


def _decode_text(encoded: Any) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError, TypeError):
        return None


def _marshal_into(target: struct_pb2.Value, value: Any) -> None:  # noqa: C901, PLR0912  one branch for each type
    """The place holds the value; filled from outside in, since a message that is put into another is copied."""
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        target.string_value = UNKNOWN_SENTINEL
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, int | float):
        target.number_value = float(value)
    elif isinstance(value, SecretValue):
        target.struct_value.fields[SIGNATURE].string_value = SECRET
        _marshal_into(target.struct_value.fields["value"], value.value)
    elif isinstance(value, UnsupportedValue):
        target.CopyFrom(value.original)
    elif isinstance(value, AssetOrArchive):
        signature, parts = assets.marshal_asset(value)
        _marshal_into(target, {SIGNATURE: signature, **parts})
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        for key, each in value.items():
            _marshal_into(target.struct_value.fields[key], each)
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for each in value:
            _marshal_into(target.list_value.values.add(), each)
    else:
        raise TypeError(f"{type(value).__name__} has no form on the wire")


def _mark_if_declared_secret(prop: Property | None, value: Any, siblings: Mapping[str, Any]) -> Any:
    if prop is None or value is None:
        return value
    if prop.is_secret(siblings):
        return mark_secret(value)
    if prop.model and isinstance(value, dict):
        return mark_declared_secrets(prop.model.properties, value)
    properties = getattr(prop.item, "properties", None)
    if properties and isinstance(value, list | tuple):
        return [mark_declared_secrets(properties, each) if isinstance(each, dict) else each for each in value]
    return value


def _iter_unsupported(
    value: Any, path: tuple[str | int, ...], prop: Property | None
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, UnsupportedValue):
        yield path, value.reason
    elif isinstance(value, AssetOrArchive):
        if prop is None or not prop.accepts_assets:
            yield path, "is an asset or archive, which this property does not take; read it and give its text"
    elif isinstance(value, SecretValue):
        yield from _iter_unsupported(value.value, path, prop)
    elif isinstance(value, dict):
        nested = prop and (prop.model or prop.item_model)
        for key, each in value.items():
            yield from _iter_unsupported(each, (*path, key), nested.properties.get(key) if nested else None)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _iter_unsupported(each, (*path, index), prop)
