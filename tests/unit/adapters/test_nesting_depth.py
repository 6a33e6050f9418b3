"""What is nested too deep is refused at its path, and is no bug."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2
from tests.unit.adapters.fake_pulumi_engine import FakePulumiEngine, make_urn

from neev_provider.adapters.pulumi.marshal import MAX_DEPTH


def encode_check(levels: int, *, lists: bool = False) -> bytes:
    """A check of an agent whose `config` has so many levels, put together without the limits of a library."""
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
    """What is wrong with it; nothing else of the answer is read, for the library of the tests has limits of its own."""
    check: Any = driver._channel.unary_unary("/pulumirpc.ResourceProvider/Check")
    answer: bytes = await check(request)
    found = provider_pb2.CheckResponse()
    found.MergeFromString(answer)
    return list(found.failures)


@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("levels", [MAX_DEPTH, 1000, 3000])
async def test_what_is_nested_too_deep_is_refused_at_its_path(
    unconfigured: FakePulumiEngine, levels: int, *, lists: bool
) -> None:
    found = await check_failures(unconfigured, encode_check(levels, lists=lists))
    [deep] = [item for item in found if item.property.startswith("config")]
    assert deep.reason.startswith(f"is nested more than {MAX_DEPTH} levels deep")
    assert deep.property.startswith("config.k[0][0]" if lists else "config.k.k.k")


async def test_what_is_nested_less_deep_is_taken(unconfigured: FakePulumiEngine) -> None:
    found = await check_failures(unconfigured, encode_check(MAX_DEPTH - 1))
    assert [item.property for item in found if item.property.startswith("config")] == []
