"""Values of the protocol: msgpack with the engine's numbers and unknown values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import msgpack

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.core.model import UNKNOWN

Values = dict[str, Any]
MAX_INTEGER_BITS: Final = 63
"""Bits of the largest whole number that msgpack has."""
UNKNOWN_EXTENSION: Final = msgpack.ExtType(0, b"\0")


def decode(value: pb.DynamicValue) -> Any:
    """Return the plain value; an unknown one, with or without refinements, is `UNKNOWN`."""
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, ext_hook=lambda _code, _data: UNKNOWN)
    return decode_json(value.json)


def decode_json(data: bytes) -> Any:
    """Return the plain value of JSON, with fractions as text, as the engine has them."""
    return json.loads(data, parse_float=str) if data else None


def encode(value: Any) -> pb.DynamicValue:
    """Return the message of a plain value."""
    return pb.DynamicValue(msgpack=msgpack.packb(_with_exact_numbers(value), default=lambda _: UNKNOWN_EXTENSION))


def without_unknown(value: Any) -> Any:
    """Return the value with null for what is unknown, because a state holds nothing unknown."""
    if isinstance(value, Mapping):
        return {key: without_unknown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_unknown(item) for item in value]
    return None if value is UNKNOWN else value


def _with_exact_numbers(value: Any) -> Any:
    # the engine's numbers are decimal: the double 0.1 is not its 0.1, and the text "0.1" is
    if isinstance(value, float):
        return int(value) if value.is_integer() else repr(value)
    if isinstance(value, int) and abs(value) >> MAX_INTEGER_BITS:
        return str(value)
    if isinstance(value, Mapping):
        return {key: _with_exact_numbers(item) for key, item in value.items()}
    return [_with_exact_numbers(item) for item in value] if isinstance(value, list) else value
