"""Whatever comes over the wire is answered in words, and no secret loses its mark."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from hypothesis import strategies as st
from pulumi.runtime.proto import provider_pb2
from tests.unit.adapters.fake_pulumi_engine import Driver, Refusal, urn
from tests.unit.adapters.fuzz import fuzzed, kinds, lost, sent, structs

from neev_provider.adapters.pulumi.marshal import UNKNOWN_SENTINELS
from neev_provider.functions import FUNCTIONS

BUGS = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)


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
        if not checked.failures and not any(text in str(checked.inputs) for text in UNKNOWN_SENTINELS):
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
