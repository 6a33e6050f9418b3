"""Generated wire values, a search for lost secrets, and a plugin that receives the values."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

from google.protobuf import struct_pb2
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.adapters.conftest import serve_plugin
from tests.unit.adapters.fake_pulumi_engine import SIGNATURE, FakePulumiEngine

from neev_provider.adapters.pulumi.assets import ARCHIVE, ASSET
from neev_provider.adapters.pulumi.marshal import BYTES, OUTPUT, REFERENCE, SECRET, UNKNOWN_SENTINELS
from neev_provider.adapters.shared.config import ProviderConfig
from neev_provider.resources import RESOURCES

Path = tuple[str | int, ...]
NESTED = ("mode", "allow", "allowInternet", "host", "ports", "protocol", "value", "secret", "id", "urn", "__autonamed")
NAMES = sorted({name for resource in RESOURCES for name in resource.inputs.properties} | set(ProviderConfig.properties))

words = st.sampled_from([*sorted(UNKNOWN_SENTINELS)[:2], "", "box", "pypi.org", "true", "{", "NaN", "allow_list"])
texts = words | st.text(max_size=8)
scalars = st.none() | st.booleans() | st.floats(width=32) | st.integers(-3, 70000).map(float) | texts
keys = st.sampled_from([*NAMES, *NESTED]) | st.text(max_size=5)
signatures = st.sampled_from([SECRET, SECRET, SECRET, OUTPUT, REFERENCE, ASSET, ARCHIVE, BYTES, "of tomorrow"])
special = st.fixed_dictionaries({SIGNATURE: signatures})


def nested_values(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw lists and maps of the inner values, and values with a special meaning on the wire."""
    parts = st.fixed_dictionaries({}, optional={"value": inner, "secret": st.booleans(), "id": texts, "urn": texts})
    marked = st.tuples(special, parts).map(lambda both: {**both[1], **both[0]})
    secrets = inner.map(lambda value: {SIGNATURE: SECRET, "value": value})
    return st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3) | marked | secrets


structs = st.dictionaries(keys, st.recursive(scalars, nested_values, max_leaves=10), max_size=6)
kinds = st.sampled_from([resource.name for resource in RESOURCES])


def to_value(value: Any) -> struct_pb2.Value:
    """Return the wire form of the value, including NaN and infinite numbers."""
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, list):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[to_value(item) for item in value]))
    return struct_pb2.Value(struct_value=to_struct(value))


def to_struct(values: dict[str, Any]) -> struct_pb2.Struct:
    """Return the wire form of the values."""
    return struct_pb2.Struct(fields={key: to_value(value) for key, value in values.items()})


def iter_secret_paths(value: struct_pb2.Value, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of the secrets of the value; a secret includes all nested secrets."""
    if value.HasField("list_value"):
        for index, item in enumerate(value.list_value.values):
            yield from iter_secret_paths(item, (*path, index))
    elif value.HasField("struct_value"):
        fields = value.struct_value.fields
        signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
        if signature == SECRET or (signature == OUTPUT and fields["secret"].bool_value):
            yield path
        elif not signature:
            for key, field in fields.items():
                yield from iter_secret_paths(field, (*path, key))


def find_lost_secrets(request: struct_pb2.Struct, response: struct_pb2.Struct) -> list[Path]:
    """Return the paths that were secret in the request and are not in the response; absent values do not count."""
    kept = set(iter_secret_paths(struct_pb2.Value(struct_value=response)))
    return [
        path
        for path in iter_secret_paths(struct_pb2.Value(struct_value=request))
        if not any(path[: len(item)] == item for item in kept) and find_value(response, path) is not None
    ]


def find_value(response: struct_pb2.Struct, path: Path) -> struct_pb2.Value | None:
    """Return the value at the path, if the path exists."""
    value = struct_pb2.Value(struct_value=response)
    for part in path:
        fields, values = value.struct_value.fields, value.list_value.values
        if isinstance(part, int) and part < len(values):
            value = values[part]
        elif isinstance(part, str) and part in fields:
            value = fields[part]
        else:
            return None
    return value


ACCOUNT = {"NEEV_API_KEY": "key", "NEEV_ORG_ID": "org", "NEEV_PROJECT_ID": "project"}


def run_fuzz(
    strategy: st.SearchStrategy[Any],
    case: Callable[[FakePulumiEngine, Any], Coroutine[Any, Any, None]],
    environ: Mapping[str, str] = ACCOUNT,
    examples: int = 150,
) -> None:
    """Run the case for all values of the strategy, against one plugin."""
    with asyncio.Runner() as runner:
        served = serve_plugin({**environ})
        driver: FakePulumiEngine = runner.run(served.__anext__())
        runner.run(driver.configure())

        @settings(max_examples=examples, deadline=None)
        @given(strategy)
        def check(drawn: Any) -> None:
            runner.run(case(driver, drawn))

        try:
            check()
        finally:
            runner.run(served.aclose())
