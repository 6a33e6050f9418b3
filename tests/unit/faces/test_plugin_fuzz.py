"""Whatever comes over the wire is answered in words, and no secret loses its mark."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.runtime.proto import provider_pb2
from tests.unit.faces.conftest import serving
from tests.unit.faces.driver import SIGNATURE, Driver, Refusal, urn

from pulumi_neev.faces.blobs import ARCHIVE, ASSET
from pulumi_neev.faces.config import ProviderConfig
from pulumi_neev.faces.values import BYTES, OUTPUT, REFERENCE, SECRET, UNKNOWNS
from pulumi_neev.functions import FUNCTIONS
from pulumi_neev.resources import RESOURCES

Path = tuple[str | int, ...]
BUGS = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)
NESTED = ("mode", "allow", "allowInternet", "host", "ports", "protocol", "value", "secret", "id", "urn", "__autonamed")
NAMES = sorted({name for each in RESOURCES for name in each.inputs.properties} | set(ProviderConfig.properties))

words = st.sampled_from([*sorted(UNKNOWNS)[:2], "", "box", "pypi.org", "true", "{", "NaN", "allow_list"])
texts = words | st.text(max_size=8)
scalars = st.none() | st.booleans() | st.floats(width=32) | st.integers(-3, 70000).map(float) | texts
keys = st.sampled_from([*NAMES, *NESTED]) | st.text(max_size=5)
signatures = st.sampled_from([SECRET, SECRET, SECRET, OUTPUT, REFERENCE, ASSET, ARCHIVE, BYTES, "of tomorrow"])
special = st.fixed_dictionaries({SIGNATURE: signatures})


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists and maps of the inner values, and what stands for something else on the wire."""
    parts = st.fixed_dictionaries({}, optional={"value": inner, "secret": st.booleans(), "id": texts, "urn": texts})
    marked = st.tuples(special, parts).map(lambda both: {**both[1], **both[0]})
    secrets = inner.map(lambda value: {SIGNATURE: SECRET, "value": value})
    return st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3) | marked | secrets


structs = st.dictionaries(keys, st.recursive(scalars, nested, max_leaves=10), max_size=6)
kinds = st.sampled_from([each.name for each in RESOURCES])


def wire(value: Any) -> struct_pb2.Value:
    """The value on the wire, numbers that are none included."""
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, float):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, list):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[wire(each) for each in value]))
    return struct_pb2.Value(struct_value=sent(value))


def sent(values: dict[str, Any]) -> struct_pb2.Struct:
    """The values on the wire."""
    return struct_pb2.Struct(fields={key: wire(value) for key, value in values.items()})


def secrets(value: struct_pb2.Value, path: Path = ()) -> Iterator[Path]:
    """Where the value holds a secret; what is inside of one is hidden with it."""
    if value.HasField("list_value"):
        for index, each in enumerate(value.list_value.values):
            yield from secrets(each, (*path, index))
    elif value.HasField("struct_value"):
        fields = value.struct_value.fields
        signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
        if signature == SECRET or (signature == OUTPUT and fields["secret"].bool_value):
            yield path
        elif not signature:
            for key, each in fields.items():
                yield from secrets(each, (*path, key))


def lost(asked: struct_pb2.Struct, answer: struct_pb2.Struct) -> list[Path]:
    """Where something was asked as a secret and is answered as none; what is left out is no loss."""
    kept = set(secrets(struct_pb2.Value(struct_value=answer)))
    return [
        path
        for path in secrets(struct_pb2.Value(struct_value=asked))
        if not any(path[: len(each)] == each for each in kept) and at(answer, path) is not None
    ]


def at(answer: struct_pb2.Struct, path: Path) -> struct_pb2.Value | None:
    """What is at the place, where there is one."""
    value = struct_pb2.Value(struct_value=answer)
    for part in path:
        fields, values = value.struct_value.fields, value.list_value.values
        if isinstance(part, int) and part < len(values):
            value = values[part]
        elif isinstance(part, str) and part in fields:
            value = fields[part]
        else:
            return None
    return value


def fuzzed(strategy: st.SearchStrategy[Any], case: Callable[[Driver, Any], Coroutine[Any, Any, None]]) -> None:
    """The case holds for whatever the strategy makes, against one plugin."""
    with asyncio.Runner() as runner:
        served = serving({"NEEV_API_KEY": "key", "NEEV_ORG_ID": "org", "NEEV_PROJECT_ID": "project"})
        driver: Driver = runner.run(served.__anext__())

        @settings(max_examples=150, deadline=None)
        @given(strategy)
        def hold(drawn: Any) -> None:
            runner.run(case(driver, drawn))

        try:
            hold()
        finally:
            runner.run(served.aclose())


async def answered(driver: Driver, method: str, request: Any) -> Any:
    """The answer, or nothing where it was refused in words."""
    try:
        return await driver.call(method, request)
    except Refusal as refused:
        if refused.code in BUGS or "Traceback" in refused.text:
            raise
        return None


def test_a_check_answers_anything_and_keeps_every_secret() -> None:
    async def case(driver: Driver, drawn: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
        kind, olds, news = drawn
        request = provider_pb2.CheckRequest(urn=urn(kind), olds=sent(olds), news=sent(news))
        answer = await answered(driver, "Check", request)
        assert lost(request.news, answer.inputs) == []

    fuzzed(st.tuples(kinds, structs, structs), case)


def test_a_diff_answers_anything_consistently() -> None:
    async def case(driver: Driver, drawn: tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]) -> None:
        kind, state, old, new = drawn
        request = provider_pb2.DiffRequest(
            id="id", urn=urn(kind), olds=sent(state), old_inputs=sent(old), news=sent(new)
        )
        answer = await answered(driver, "Diff", request)
        assert set(answer.replaces) <= set(answer.diffs)
        assert bool(answer.diffs) == bool(answer.detailedDiff)
        assert (answer.changes == provider_pb2.DiffResponse.DIFF_SOME) == bool(answer.diffs)

    fuzzed(st.tuples(kinds, structs, structs, structs), case)


def test_a_diff_of_the_same_inputs_is_empty() -> None:
    async def case(driver: Driver, drawn: tuple[str, dict[str, Any]]) -> None:
        kind, news = drawn
        checked = await answered(driver, "Check", provider_pb2.CheckRequest(urn=urn(kind), news=sent(news)))
        if not checked.failures and not any(text in str(checked.inputs) for text in UNKNOWNS):
            same = provider_pb2.DiffRequest(
                id="id", urn=urn(kind), olds=checked.inputs, old_inputs=checked.inputs, news=checked.inputs
            )
            assert not (await answered(driver, "Diff", same)).diffs

    fuzzed(st.tuples(kinds, structs), case)


def test_previews_answer_anything_and_keep_every_secret() -> None:
    async def case(driver: Driver, drawn: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
        kind, olds, news = drawn
        create = provider_pb2.CreateRequest(urn=urn(kind), properties=sent(news), preview=True)
        update = provider_pb2.UpdateRequest(
            id="id", urn=urn(kind), olds=sent(olds), old_inputs=sent(olds), news=sent(news), preview=True
        )
        for answer in (await answered(driver, "Create", create), await answered(driver, "Update", update)):
            assert lost(create.properties, answer.properties) == []

    fuzzed(st.tuples(kinds, structs, structs), case)


def test_a_configuration_of_anything_is_answered() -> None:
    async def case(driver: Driver, drawn: tuple[dict[str, Any], dict[str, Any]]) -> None:
        olds, news = (sent(each) for each in drawn)
        await answered(driver, "CheckConfig", provider_pb2.CheckRequest(urn="urn", olds=olds, news=news))
        await answered(driver, "DiffConfig", provider_pb2.DiffRequest(urn="urn", old_inputs=olds, news=news))

    fuzzed(st.tuples(structs, structs), case)


def test_a_function_that_is_asked_anything_wrong_says_so() -> None:
    async def case(driver: Driver, drawn: tuple[str, dict[str, Any]]) -> None:
        function, arguments = drawn
        wrong = {**arguments, "colour": "red"}
        request = provider_pb2.InvokeRequest(tok=f"neev:index:{function}", args=sent(wrong))
        answer = await answered(driver, "Invoke", request)
        assert answer.failures

    fuzzed(st.tuples(st.sampled_from([each.name for each in FUNCTIONS]), structs), case)


@pytest.mark.parametrize("token", ["", "x", "neev:index:", "a::b", "::::"])
async def test_a_call_about_anything_is_answered(unconfigured: Driver, token: str) -> None:
    assert await answered(unconfigured, "Check", provider_pb2.CheckRequest(urn=token)) is None
    assert await answered(unconfigured, "Invoke", provider_pb2.InvokeRequest(tok=token)) is None
