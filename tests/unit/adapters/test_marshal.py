"""The conversion of values to and from the wire, and the paths of their secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.adapters.fake_pulumi_engine import SIGNATURE, secret_value, to_struct

from neev_provider.adapters.pulumi.assets import ARCHIVE, ASSET
from neev_provider.adapters.pulumi.marshal import (
    SECRET,
    UNKNOWN_SENTINELS,
    UnsupportedValue,
    marshal,
    unmarshal,
    unsupported_values,
)
from neev_provider.adapters.pulumi.property_map import Path, PropertyMap, mark_secrets
from neev_provider.core.assets import Archive, Asset
from neev_provider.core.coercion import MIN_INEXACT_INTEGER
from neev_provider.core.markers import Secret
from neev_provider.core.model import UNKNOWN, Model, Outputs
from neev_provider.resources.file.directory import DirectoryInputs

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-MIN_INEXACT_INTEGER + 1, MIN_INEXACT_INTEGER - 1)
    | st.text()
    | st.just(UNKNOWN)
)
keys = st.text().filter(lambda key: key != SIGNATURE)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
properties = st.dictionaries(keys, values.filter(lambda value: value is not None), max_size=5)


def iter_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of everything in the value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from iter_paths(item, (*path, key))


@st.composite
def property_maps(draw: st.DrawFn) -> PropertyMap:
    """Draw properties with secrets that are not nested."""
    plain = draw(properties)
    paths = list(iter_paths(plain))
    secrets = draw(st.sets(st.sampled_from(paths))) if paths else set()
    outermost = (path for path in secrets if not any(path[:length] in secrets for length in range(1, len(path))))
    return PropertyMap(plain, frozenset(outermost))


class Port(Model):
    """A port."""

    url: Annotated[str, Secret()]
    """Where."""
    number: int
    """Which."""


class Answer(Outputs):
    """An answer."""

    token: Annotated[str | None, Secret()] = None
    """A key."""
    ports: list[Port] = []
    """Some ports."""
    first: Port | None = None
    """One port."""


@given(property_maps())
def test_unmarshal_reverses_marshal(marked: PropertyMap) -> None:
    assert unmarshal(marshal(marked)) == marked


@given(property_maps())
def test_mark_restores_the_secrets_of_the_same_value(marked: PropertyMap) -> None:
    assert marked.mark(marked.values) == marked


@given(properties, property_maps())
def test_mark_does_not_change_the_value(plain: dict[str, Any], other: PropertyMap) -> None:
    marked = other.mark(plain)
    assert marked.values == plain
    assert marked.secrets <= set(iter_paths(plain))
    assert {name for name in plain if any(path[0] == name for path in other.secrets)} >= marked.secret_names({})


def test_a_changed_list_that_contained_a_secret_is_secret() -> None:
    source = PropertyMap({"x": ["a", "b"], "y": 1, "z": ["a"]}, frozenset({("x", 0)}))
    assert source.mark({"x": ["b", "a"], "y": 1, "z": ["b"]}).secrets == {("x",)}
    assert source.mark({"x": None, "y": 1}).secrets == {("x",)}
    assert source.mark({"y": 1}).secrets == frozenset()
    nested = PropertyMap({"x": {"y": "a", "z": 1}}, frozenset({("x", "y")}))
    assert nested.mark({"x": {"y": "b", "z": 2}}).secrets == {("x", "y")}
    assert nested.mark({"x": {"z": 2}}).secrets == frozenset()


def test_the_second_of_two_merged_maps_overrides_the_first() -> None:
    first = PropertyMap({"a": 1, "b": 2}, frozenset({("a",), ("b",)}))
    assert first | PropertyMap({"b": 3}) == PropertyMap({"a": 1, "b": 3}, frozenset({("a",)}))


@pytest.mark.parametrize("text", sorted(UNKNOWN_SENTINELS))
def test_every_unknown_sentinel_is_unmarshalled_as_unknown(text: str) -> None:
    assert unmarshal(to_struct({"a": [text]})) == PropertyMap({"a": [UNKNOWN]})


def test_whole_numbers_are_unmarshalled_as_integers() -> None:
    wire = to_struct({"whole": 8080.0, "half": 0.5, "large": 1e300})
    assert [repr(item) for item in (unmarshal(wire).values[key] for key in ("whole", "half", "large"))] == [
        "8080",
        "0.5",
        "1e+300",
    ]


def test_declared_secrets_are_marked_at_any_depth() -> None:
    answer = {
        "token": "t",
        "ports": [{"url": "u", "number": 1}, UNKNOWN],
        "first": {"url": "u", "number": 2},
        "more": "m",
        "none": None,
    }
    marked = mark_secrets(Answer.properties, PropertyMap(answer, frozenset({("more",)})))
    assert marked.values == answer
    assert marked.secrets == {("token",), ("ports", 0, "url"), ("first", "url"), ("more",)}
    assert sorted(marked.secret_values()) == ["m", "t", "u", "u"]


def test_an_unknown_declared_secret_is_unknown_and_secret() -> None:
    wire = marshal(mark_secrets(Answer.properties, PropertyMap({"token": UNKNOWN})))
    assert unmarshal(wire) == PropertyMap({"token": UNKNOWN}, frozenset({("token",)}))


def test_a_repr_contains_no_secret() -> None:
    assert "hunter2" not in repr(PropertyMap({"a": "hunter2"}, frozenset({("a",)})))
    assert "hunter2" not in repr(unmarshal(to_struct({"a": {SIGNATURE: "of tomorrow", "value": "hunter2"}})))


def test_nested_secrets_are_merged_into_the_outer_secret() -> None:
    wire = to_struct({"a": secret_value({"b": secret_value("c")})})
    assert unmarshal(wire).values == {"a": {"b": "c"}}
    assert marshal(unmarshal(wire)) == to_struct({"a": secret_value({"b": "c"})})


def test_an_unsupported_value_is_found_by_path_and_marshalled_unchanged() -> None:
    wire = to_struct({"a": {"b": [1, secret_value({SIGNATURE: "of tomorrow", "text": "a"})]}})
    properties = unmarshal(wire)
    assert [failure.path for failure in unsupported_values(properties.values, {})] == ["a.b[1]"]
    assert isinstance(properties.values["a"]["b"][1], UnsupportedValue)
    assert marshal(properties) == wire


def test_assets_and_archives_are_accepted_if_declared_and_marshalled_unchanged() -> None:
    text = {SIGNATURE: ASSET, "text": "a", "hash": "h"}
    inner = {SIGNATURE: ARCHIVE, "path": "b.zip", "hash": "i"}
    archive = {SIGNATURE: ARCHIVE, "assets": {"x/y": text, "z": inner}, "hash": "j"}
    wire = to_struct({"source": secret_value(archive), "image": {SIGNATURE: ASSET, "uri": "file:///x"}, "list": [text]})
    properties = unmarshal(wire)
    assert marshal(properties) == wire
    session = {"x/y": Asset(text="a", hash="h"), "z": Archive(path="b.zip", hash="i")}
    assert properties.values["source"] == Archive(assets=session, hash="j")
    assert {failure.path for failure in unsupported_values(properties.values, DirectoryInputs.properties)} == {
        "image",
        "list[0]",
    }
    assert "hunter2" not in repr(Asset(text="hunter2"))


def test_an_archive_with_invalid_assets_is_rejected() -> None:
    properties = unmarshal(to_struct({"source": {SIGNATURE: ARCHIVE, "assets": {"x": "text"}}}))
    (failure,) = unsupported_values(properties.values, DirectoryInputs.properties)
    assert failure.reason == "is an archive of what are no assets"


def test_an_unsupported_python_type_raises_a_type_error() -> None:
    with pytest.raises(TypeError, match="set has no form"):
        marshal(PropertyMap({"a": {1}}))


def test_a_malformed_secret_is_unmarshalled_as_a_null_secret() -> None:
    assert unmarshal(to_struct({"a": {SIGNATURE: SECRET}})) == PropertyMap({"a": None}, frozenset({("a",)}))
    assert unmarshal(struct_pb2.Struct(fields={"a": struct_pb2.Value()})) == PropertyMap({"a": None})


def test_a_null_property_is_not_marshalled() -> None:
    assert marshal(PropertyMap({"a": None, "b": 1})) == to_struct({"b": 1})
