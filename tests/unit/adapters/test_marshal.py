"""Values on the wire and inside, and the seals that travel with them."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.adapters.fake_pulumi_engine import SIGNATURE, secret_value, to_struct

from neev_provider.adapters.pulumi.assets import ARCHIVE, ASSET
from neev_provider.adapters.pulumi.marshal import (
    UNKNOWN_SENTINELS,
    SecretValue,
    UnsupportedValue,
    mark_declared_secrets,
    marshal,
    restore_secrets,
    reveal,
    unmarshal,
    unsupported_values,
)
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
values_with_secrets = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4) | st.builds(SecretValue, inner)
    ),
    max_leaves=12,
)


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


@given(st.dictionaries(keys, values_with_secrets.filter(lambda value: value is not None), max_size=5))
def test_what_is_encoded_is_decoded_to_the_same(properties: dict[str, Any]) -> None:
    assert unmarshal(marshal(properties)) == properties


@given(values_with_secrets)
def test_the_seals_of_a_value_are_put_back_where_they_were(value: Any) -> None:
    if isinstance(value, SecretValue):
        assert restore_secrets(reveal(value), value) == SecretValue(reveal(value))
    else:
        assert reveal(restore_secrets(reveal(value), value)) == reveal(value)
        assert _count_secrets(restore_secrets(reveal(value), value)) >= _count_secrets(value)


@given(values, values_with_secrets)
def test_a_value_is_never_changed_by_seals_of_another(value: Any, other: Any) -> None:
    assert reveal(restore_secrets(value, other)) == value


def test_a_list_that_differs_from_one_with_a_secret_is_a_secret() -> None:
    assert restore_secrets(["b", "a"], [SecretValue("a"), "b"]) == SecretValue(["b", "a"])
    assert restore_secrets({"x": ["b"], "y": 1}, {"x": [SecretValue("a")], "y": 1}) == {"x": SecretValue(["b"]), "y": 1}
    assert restore_secrets(["b", "a"], ["a", "b"]) == ["b", "a"]


@pytest.mark.parametrize("text", sorted(UNKNOWN_SENTINELS))
def test_every_mark_for_unknown_is_known(text: str) -> None:
    assert unmarshal(to_struct({"a": [text]})) == {"a": [UNKNOWN]}


def test_whole_numbers_are_whole_and_others_are_not() -> None:
    wire = to_struct({"whole": 8080.0, "half": 0.5, "large": 1e300})
    assert [repr(each) for each in (unmarshal(wire)[key] for key in ("whole", "half", "large"))] == [
        "8080",
        "0.5",
        "1e+300",
    ]


def test_what_is_declared_secret_is_sealed_at_any_depth() -> None:
    found = mark_declared_secrets(
        Answer.properties,
        {
            "token": "t",
            "ports": [{"url": "u", "number": 1}],
            "first": {"url": SecretValue("u"), "number": 2},
            "more": "m",
        },
    )
    assert found == {
        "token": SecretValue("t"),
        "ports": [{"url": SecretValue("u"), "number": 1}],
        "first": {"url": SecretValue("u"), "number": 2},
        "more": "m",
    }


def test_what_is_unknown_and_declared_secret_is_both() -> None:
    wire = marshal(mark_declared_secrets(Answer.properties, {"token": UNKNOWN}))
    assert unmarshal(wire) == {"token": SecretValue(UNKNOWN)}


def test_a_secret_does_not_show_in_its_repr() -> None:
    assert "hunter2" not in repr(SecretValue("hunter2"))
    assert "hunter2" not in repr(unmarshal(to_struct({"a": {SIGNATURE: "of tomorrow", "value": "hunter2"}})))


def test_what_no_property_takes_is_found_by_its_path_and_goes_back_as_it_came() -> None:
    wire = to_struct({"a": {"b": [1, secret_value({SIGNATURE: "of tomorrow", "text": "a"})]}})
    properties = unmarshal(wire)
    assert [failure.path for failure in unsupported_values(properties, {})] == ["a.b[1]"]
    assert isinstance(reveal(properties)["a"]["b"][1], UnsupportedValue)
    assert marshal(properties) == wire


def test_assets_and_archives_are_taken_where_they_are_declared_and_go_back_as_they_came() -> None:
    text = {SIGNATURE: ASSET, "text": "a", "hash": "h"}
    inner = {SIGNATURE: ARCHIVE, "path": "b.zip", "hash": "i"}
    archive = {SIGNATURE: ARCHIVE, "assets": {"x/y": text, "z": inner}, "hash": "j"}
    wire = to_struct({"source": secret_value(archive), "image": {SIGNATURE: ASSET, "uri": "file:///x"}, "list": [text]})
    properties = unmarshal(wire)
    assert marshal(properties) == wire
    inside = {"x/y": Asset(text="a", hash="h"), "z": Archive(path="b.zip", hash="i")}
    assert reveal(properties)["source"] == Archive(assets=inside, hash="j")
    assert {failure.path for failure in unsupported_values(properties, DirectoryInputs.properties)} == {
        "image",
        "list[0]",
    }
    assert "hunter2" not in repr(Asset(text="hunter2"))


def test_an_archive_of_what_are_no_assets_is_refused() -> None:
    properties = unmarshal(to_struct({"source": {SIGNATURE: ARCHIVE, "assets": {"x": "text"}}}))
    (failure,) = unsupported_values(properties, DirectoryInputs.properties)
    assert failure.reason == "is an archive of what are no assets"


def test_what_has_no_form_on_the_wire_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="set has no form"):
        marshal({"a": {1}})


def test_a_malformed_secret_is_an_empty_one() -> None:
    assert unmarshal(to_struct({"a": {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270"}})) == {"a": SecretValue(None)}
    assert unmarshal(struct_pb2.Struct(fields={"a": struct_pb2.Value()})) == {"a": None}


def _count_secrets(value: Any) -> int:
    if isinstance(value, SecretValue):
        return 1
    if isinstance(value, dict):
        return sum(map(_count_secrets, value.values()))
    return sum(map(_count_secrets, value)) if isinstance(value, list) else 0
