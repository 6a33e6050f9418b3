"""A check rejects a value that is nested too deep, with its path, and does not fail."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2
from tests.unit.adapters.fake_pulumi_engine import FakePulumiEngine, make_urn

from neev_provider.adapters.pulumi.marshal import MAX_DEPTH


def encode_check(levels: int, *, lists: bool = False) -> bytes:
    """Encode a check of an agent whose `config` has this many levels, without the limits of a library."""
    value = b"\x1a\x01x"  # Value.string_value
    for _ in range(levels):
        inner = _field(1, value if lists else b"\x0a\x01k" + _field(2, value))
        value = _field(6 if lists else 5, inner)  # Value.list_value, Value.struct_value
    news = _field(1, b"\x0a\x06config" + _field(2, _field(5, _field(1, b"\x0a\x01k" + _field(2, value)))))
    return _field(1, make_urn("Agent").encode()) + _field(3, news)


def _field(number: int, data: bytes) -> bytes:
    size, rest = b"", len(data)
    while rest > 127:
        size, rest = size + bytes([rest & 127 | 128]), rest >> 7
    return bytes([number << 3 | 2]) + size + bytes([rest]) + data


async def check_failures(driver: FakePulumiEngine, request: bytes) -> list[provider_pb2.CheckFailure]:
    """Return the failures of a check. Protobuf's Python library limits the depth, so nothing else is decoded."""
    check: Any = driver._channel.unary_unary("/pulumirpc.ResourceProvider/Check")
    answer: bytes = await check(request)
    found = provider_pb2.CheckResponse()
    found.MergeFromString(answer)
    return list(found.failures)


@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("levels", [MAX_DEPTH, 1000, 3000])
async def test_a_value_that_is_nested_too_deep_is_rejected_with_its_path(
    unconfigured: FakePulumiEngine, levels: int, *, lists: bool
) -> None:
    found = await check_failures(unconfigured, encode_check(levels, lists=lists))
    [deep] = [item for item in found if item.property.startswith("config")]
    assert deep.reason.startswith(f"is nested more than {MAX_DEPTH} levels deep")
    assert deep.property.startswith("config.k[0][0]" if lists else "config.k.k.k")


async def test_a_value_below_the_nesting_limit_is_accepted(unconfigured: FakePulumiEngine) -> None:
    found = await check_failures(unconfigured, encode_check(MAX_DEPTH - 1))
    assert [item.property for item in found if item.property.startswith("config")] == []
