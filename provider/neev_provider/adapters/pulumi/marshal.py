"""Properties as messages of Pulumi's protocol, and as plain values with the paths of their secrets."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import struct_pb2

from neev_provider.adapters.pulumi import assets
from neev_provider.adapters.pulumi.property_map import Path, PropertyMap
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
"""Maximum levels of nested lists and objects, since a walk through the levels is recursive."""


@dataclass(frozen=True, slots=True)
class UnsupportedValue:
    """A value that no property accepts; it is marshaled as it was received."""

    reason: str
    original: struct_pb2.Value = field(repr=False)


def unmarshal(struct: struct_pb2.Struct) -> PropertyMap:
    """Return the properties as plain data and the paths of their secrets."""
    secrets: set[Path] = set()
    values = {key: _unmarshal_value(value, (key,), secrets) for key, value in struct.fields.items()}
    return PropertyMap(values, frozenset(secrets))


def marshal(properties: PropertyMap) -> struct_pb2.Struct:
    """Return the message for the properties; omit those that are `None`."""
    struct = struct_pb2.Struct()
    for key, value in properties.values.items():
        if value is not None:
            _marshal_into(struct.fields[key], value, (key,), properties.secrets)
    return struct


def unsupported_values(values: Mapping[str, Any], properties: Mapping[str, Property]) -> list[ValidationFailure]:
    """Return a failure for each value that its property does not accept."""
    return [
        ValidationFailure(format_path(path), reason)
        for name, value in values.items()
        for path, reason in _iter_unsupported(value, (name,), properties.get(name))
    ]


def _unmarshal_value(  # noqa: PLR0911  one for each kind
    value: struct_pb2.Value, path: Path, secrets: set[Path], depth: int = 0
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
            _unmarshal_value(item, (*path, index), secrets, depth + 1)
            for index, item in enumerate(value.list_value.values)
        ]
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields:
            return _unmarshal_special(value, path, secrets, depth + 1)
        return {key: _unmarshal_value(item, (*path, key), secrets, depth + 1) for key, item in fields.items()}
    return None


def _unmarshal_special(  # noqa: PLR0911  one for each signature
    value: struct_pb2.Value, path: Path, secrets: set[Path], depth: int
) -> Any:
    fields = value.struct_value.fields
    signature = fields[SIGNATURE].string_value
    if signature in (SECRET, OUTPUT):
        if signature == SECRET or ("secret" in fields and fields["secret"].bool_value):
            secrets.add(path)
        if "value" in fields:
            return _unmarshal_value(fields["value"], path, secrets, depth)
        return UNKNOWN if signature == OUTPUT else None
    if signature == REFERENCE:
        if "id" not in fields:
            return UnsupportedValue("is a component, which has no id; give the id of a resource", value)
        return _unmarshal_value(fields["id"], path, secrets, depth) or UNKNOWN
    if signature == BYTES:
        text = _decode_text(fields["value"].string_value) if "value" in fields else None
        return text or UnsupportedValue("holds bytes that are no UTF-8 text; encode them, as base64 say", value)
    if signature in assets.SIGNATURES:
        parts = {name: _unmarshal_value(part, (), set()) for name, part in fields.items()}
        return assets.unmarshal_asset(signature, parts) or UnsupportedValue(
            "is an archive of what are no assets", value
        )
    return UnsupportedValue("is a special value that this version of the provider does not know", value)


def _decode_text(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _marshal_into(  # noqa: C901, PLR0912  one branch for each type
    target: struct_pb2.Value, value: Any, path: Path, secrets: frozenset[Path]
) -> None:
    """Set the target to the value, from outside in: a message that is put into another is copied."""
    if path in secrets:
        target.struct_value.fields[SIGNATURE].string_value = SECRET
        # everything in a secret is secret, too
        target, secrets = target.struct_value.fields["value"], frozenset()
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
    elif isinstance(value, UnsupportedValue):
        target.CopyFrom(value.original)
    elif isinstance(value, AssetOrArchive):
        signature, parts = assets.marshal_asset(value)
        _marshal_into(target, {SIGNATURE: signature, **parts}, (), frozenset())
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        for key, item in value.items():
            _marshal_into(target.struct_value.fields[key], item, (*path, key), secrets)
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for index, item in enumerate(value):
            _marshal_into(target.list_value.values.add(), item, (*path, index), secrets)
    else:
        raise TypeError(f"{type(value).__name__} has no form on the wire")


def _iter_unsupported(value: Any, path: Path, prop: Property | None) -> Iterator[tuple[Path, str]]:
    if isinstance(value, UnsupportedValue):
        yield path, value.reason
    elif isinstance(value, AssetOrArchive):
        if prop is None or not prop.accepts_assets:
            yield path, "is an asset or archive, which this property does not take; read it and give its text"
    elif isinstance(value, dict):
        nested = prop and (prop.model or prop.item_model)
        for key, item in value.items():
            yield from _iter_unsupported(item, (*path, key), nested.properties.get(key) if nested else None)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _iter_unsupported(item, (*path, index), prop)
