"""The plugin answers arbitrary checks, diffs and previews with a result or an error, and keeps every secret."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from hypothesis import strategies as st
from pulumi.runtime.proto import provider_pb2
from tests.unit.adapters.fake_pulumi_engine import FakePulumiEngine, RpcFailure, make_urn
from tests.unit.adapters.fuzz import find_lost_secrets, kinds, run_fuzz, structs, to_struct

from neev_provider.adapters.pulumi.marshal import UNKNOWN_SENTINELS
from neev_provider.functions import FUNCTIONS

BUG_STATUSES = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN)


async def call_or_none(driver: FakePulumiEngine, method: str, request: Any) -> Any:
    """Return the response, or `None` if the call is rejected with an explanation."""
    try:
        return await driver.call(method, request)
    except RpcFailure as refused:
        if refused.code in BUG_STATUSES or "Traceback" in refused.text:
            raise
        return None


def test_a_check_handles_arbitrary_values_and_keeps_every_secret() -> None:
    async def case(driver: FakePulumiEngine, drawn: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
        kind, olds, news = drawn
        request = provider_pb2.CheckRequest(urn=make_urn(kind), olds=to_struct(olds), news=to_struct(news))
        answer = await call_or_none(driver, "Check", request)
        assert find_lost_secrets(request.news, answer.inputs) == []

    run_fuzz(st.tuples(kinds, structs, structs), case)


def test_a_diff_of_arbitrary_values_is_consistent() -> None:
    async def case(driver: FakePulumiEngine, drawn: tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]) -> None:
        kind, state, old, new = drawn
        request = provider_pb2.DiffRequest(
            id="id", urn=make_urn(kind), olds=to_struct(state), old_inputs=to_struct(old), news=to_struct(new)
        )
        answer = await call_or_none(driver, "Diff", request)
        assert set(answer.replaces) <= set(answer.diffs)
        assert bool(answer.diffs) == bool(answer.detailedDiff)
        assert (answer.changes == provider_pb2.DiffResponse.DIFF_SOME) == bool(answer.diffs)

    run_fuzz(st.tuples(kinds, structs, structs, structs), case)


def test_a_diff_of_the_same_inputs_is_empty() -> None:
    async def case(driver: FakePulumiEngine, drawn: tuple[str, dict[str, Any]]) -> None:
        kind, news = drawn
        checked = await call_or_none(
            driver, "Check", provider_pb2.CheckRequest(urn=make_urn(kind), news=to_struct(news))
        )
        if not checked.failures and not any(text in str(checked.inputs) for text in UNKNOWN_SENTINELS):
            same = provider_pb2.DiffRequest(
                id="id", urn=make_urn(kind), olds=checked.inputs, old_inputs=checked.inputs, news=checked.inputs
            )
            assert not (await call_or_none(driver, "Diff", same)).diffs

    run_fuzz(st.tuples(kinds, structs), case)


def test_previews_handle_arbitrary_values_and_keep_every_secret() -> None:
    async def case(driver: FakePulumiEngine, drawn: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
        kind, olds, news = drawn
        create = provider_pb2.CreateRequest(urn=make_urn(kind), properties=to_struct(news), preview=True)
        update = provider_pb2.UpdateRequest(
            id="id",
            urn=make_urn(kind),
            olds=to_struct(olds),
            old_inputs=to_struct(olds),
            news=to_struct(news),
            preview=True,
        )
        for answer in (await call_or_none(driver, "Create", create), await call_or_none(driver, "Update", update)):
            assert find_lost_secrets(create.properties, answer.properties) == []

    run_fuzz(st.tuples(kinds, structs, structs), case)


def test_check_config_and_diff_config_handle_arbitrary_settings() -> None:
    async def case(driver: FakePulumiEngine, drawn: tuple[dict[str, Any], dict[str, Any]]) -> None:
        olds, news = (to_struct(item) for item in drawn)
        await call_or_none(driver, "CheckConfig", provider_pb2.CheckRequest(urn="urn", olds=olds, news=news))
        await call_or_none(driver, "DiffConfig", provider_pb2.DiffRequest(urn="urn", old_inputs=olds, news=news))

    run_fuzz(st.tuples(structs, structs), case)


def test_a_function_reports_arbitrary_invalid_arguments() -> None:
    async def case(driver: FakePulumiEngine, drawn: tuple[str, dict[str, Any]]) -> None:
        function, arguments = drawn
        wrong = {**arguments, "colour": "red"}
        request = provider_pb2.InvokeRequest(tok=f"neev:index:{function}", args=to_struct(wrong))
        answer = await call_or_none(driver, "Invoke", request)
        assert answer.failures

    run_fuzz(st.tuples(st.sampled_from([item.name for item in FUNCTIONS]), structs), case)


@pytest.mark.parametrize("token", ["", "x", "neev:index:", "a::b", "::::"])
async def test_a_call_with_an_invalid_token_is_rejected(unconfigured: FakePulumiEngine, token: str) -> None:
    assert await call_or_none(unconfigured, "Check", provider_pb2.CheckRequest(urn=token)) is None
    assert await call_or_none(unconfigured, "Invoke", provider_pb2.InvokeRequest(tok=token)) is None
