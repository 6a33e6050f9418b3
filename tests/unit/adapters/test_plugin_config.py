"""The configuration of the provider, through the plugin protocol."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2
from tests.unit.adapters.conftest import serve_plugin
from tests.unit.adapters.fake_pulumi_engine import (
    UNKNOWN,
    FakePulumiEngine,
    RpcFailure,
    from_struct,
    secret_value,
    to_struct,
)

from neev_emulator.testing import Emulator
from neev_provider.client.settings import DEFAULT_BASE_URL

URN = "urn:pulumi:dev::story::pulumi:providers:neev::default"
COMPLETE_CONFIG = {"apiKey": "key", "orgId": "org", "projectId": "project"}
RECORDED = {**COMPLETE_CONFIG, "baseUrl": "https://a.example", "allowInsecure": "true", "version": "0.1.0"}


async def check_config(driver: FakePulumiEngine, **news: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Check the configuration; return its inputs and the reasons of its failures by property."""
    answer = await driver.call("CheckConfig", provider_pb2.CheckRequest(urn=URN, news=to_struct(news)))
    return from_struct(answer.inputs), {failure.property: failure.reason for failure in answer.failures}


async def diff_config(
    driver: FakePulumiEngine, old_inputs: dict[str, Any], new_inputs: dict[str, Any]
) -> provider_pb2.DiffResponse:
    """Return the diff of two configurations."""
    request = provider_pb2.DiffRequest(
        urn=URN, olds=to_struct(old_inputs), old_inputs=to_struct(old_inputs), news=to_struct(new_inputs)
    )
    answer: provider_pb2.DiffResponse = await driver.call("DiffConfig", request)
    return answer


async def test_check_config_parses_texts_by_type_and_returns_them_unchanged(unconfigured: FakePulumiEngine) -> None:
    inputs, failed = await check_config(
        unconfigured, **COMPLETE_CONFIG, allowInsecure="true", version="0.1.0", region=UNKNOWN
    )
    assert failed == {}
    assert inputs == {
        **COMPLETE_CONFIG,
        "baseUrl": DEFAULT_BASE_URL,
        "allowInsecure": "true",
        "version": "0.1.0",
        "region": UNKNOWN,
    }


async def test_check_config_names_invalid_and_unknown_settings(unconfigured: FakePulumiEngine) -> None:
    _, failed = await check_config(unconfigured, **COMPLETE_CONFIG, allowInsecure="perhaps", apikey="hunter2")
    assert failed["allowInsecure"].startswith("must be true or false")
    assert failed[""].startswith("apikey: is not a property")
    assert "hunter2" not in failed[""]
    _, failed = await check_config(unconfigured, **COMPLETE_CONFIG, defaultLabels="team=a,team=b")
    assert failed["defaultLabels"] == "must be a map of strings (is 'team=a,team=b')"


async def test_check_config_records_the_account_of_the_environment_but_not_the_api_key() -> None:
    environ = {"NEEV_API_KEY": "key", "NEEV_ORG_ID": "org", "NEEVCLOUD_PROJECT_ID": "project"}
    async for driver in serve_plugin(environ):
        inputs, failed = await check_config(driver)
    assert (inputs, failed) == ({"orgId": "org", "projectId": "project", "baseUrl": DEFAULT_BASE_URL}, {})
    async for driver in serve_plugin({**environ, "NEEV_BASE_URL": "https://b", "NEEV_PREVIOUS_BASE_URL": "https://a"}):
        inputs, failed = await check_config(driver)
    places = {"orgId": "org", "projectId": "project", "baseUrl": "https://b", "previousBaseUrl": "https://a"}
    assert (inputs, failed) == (places, {})


@pytest.mark.parametrize(
    ("changed", "diffs"),
    [
        ({"apiKey": "other"}, ["apiKey"]),
        ({"region": "dev"}, ["region"]),
        ({"orgId": "other"}, ["orgId"]),
        ({"projectId": "other", "apiKey": "other"}, ["apiKey", "projectId"]),
        ({"baseUrl": "https://b.example/"}, ["baseUrl"]),
        ({"baseUrl": "https://a.example/"}, []),
        ({"baseUrl": None}, ["baseUrl"]),
        ({"previousBaseUrl": "https://c.example"}, ["previousBaseUrl"]),
        ({"allowInsecure": True}, []),
        ({"version": "0.2.0"}, []),
    ],
)
async def test_a_changed_setting_replaces_no_provider(
    unconfigured: FakePulumiEngine, changed: dict[str, Any], diffs: list[str]
) -> None:
    answer = await diff_config(unconfigured, RECORDED, {**RECORDED, **changed})
    assert (list(answer.diffs), list(answer.replaces)) == (diffs, [])


async def test_a_base_url_missing_in_an_old_state_is_no_change(unconfigured: FakePulumiEngine) -> None:
    answer = await diff_config(unconfigured, COMPLETE_CONFIG, {**COMPLETE_CONFIG, "baseUrl": DEFAULT_BASE_URL})
    assert list(answer.diffs) == []


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({}, []),
        ({"apiKey": "other", "region": "dev"}, []),
        ({"orgId": "other"}, ["orgId"]),
        ({"orgId": UNKNOWN}, []),
        ({"orgId": "other", "projectId": "other"}, ["orgId", "projectId"]),
        ({"baseUrl": "https://b.example"}, ["baseUrl"]),
        ({"baseUrl": "https://A.example:443/"}, []),
        ({"baseUrl": "https://b.example", "previousBaseUrl": "https://a.example/"}, []),
        ({"baseUrl": "https://b.example", "previousBaseUrl": "https://c.example"}, ["baseUrl"]),
    ],
)
async def test_check_config_rejects_settings_of_another_account(
    unconfigured: FakePulumiEngine, changed: dict[str, Any], refused: list[str]
) -> None:
    request = provider_pb2.CheckRequest(urn=URN, olds=to_struct(RECORDED), news=to_struct({**RECORDED, **changed}))
    answer = await unconfigured.call("CheckConfig", request)
    reasons = {failure.property: failure.reason for failure in answer.failures}
    assert list(reasons) == refused
    for name, reason in reasons.items():
        assert f"the state records {RECORDED[name]}" in reason
        assert "destroy the stack first" in reason


async def test_configure_reports_missing_settings_by_key(unconfigured: FakePulumiEngine) -> None:
    with pytest.raises(RpcFailure) as caught:
        await unconfigured.configure(orgId="org")
    assert caught.value.missing is not None
    missing = {missingkey.name: missingkey.description for missingkey in caught.value.missing.missingKeys}
    assert set(missing) == {"neev:apiKey", "neev:projectId"}
    assert "NEEV_API_KEY" in missing["neev:apiKey"]


async def test_the_error_of_an_explicit_provider_names_it_and_its_arguments(unconfigured: FakePulumiEngine) -> None:
    with pytest.raises(RpcFailure) as caught:
        await unconfigured.configure("other", orgId="org")
    assert caught.value.missing is None
    assert "the provider 'other' of the program is not configured: it lacks `apiKey`" in caught.value.text
    assert "not the configuration of the stack" in caught.value.text
    assert caught.value.text.endswith("give it `apiKey` and `projectId`.")
    assert "pulumi config set" not in caught.value.text


async def test_the_error_of_an_old_api_key_in_the_state_names_run_program(emulator: Emulator) -> None:
    async for driver in serve_plugin(emulator.env):
        await driver.configure()
        kept = await driver.create("Sandbox", {"name": "box"})
        await driver.configure(apiKey=secret_value("old"))
        for work in (driver.delete, driver.refresh):
            with pytest.raises(RpcFailure, match="old key that the stack's state holds: add `--run-program`"):
                await work(kept)
    async for driver in serve_plugin({**emulator.env, "NEEV_API_KEY": "wrong"}):
        await driver.configure()
        with pytest.raises(RpcFailure) as caught:
            await driver.delete(kept)
        assert "--run-program" not in caught.value.text


async def test_the_error_of_an_invalid_api_key_redacts_it(unconfigured: FakePulumiEngine) -> None:
    with pytest.raises(RpcFailure) as caught:
        await unconfigured.configure(apiKey=secret_value("hun ter2"), orgId="org", projectId="project")
    assert caught.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert "neev:apiKey" in caught.value.text
    assert "ter2" not in caught.value.text


async def test_the_configuration_wins_over_the_environment(emulator: Emulator) -> None:
    async for driver in serve_plugin({**emulator.env, "NEEV_API_KEY": "wrong"}):
        await driver.configure(apiKey=secret_value(emulator.api_key))
        assert (await driver.create("Sandbox", {"name": "box"})).id


async def test_operations_fail_before_configure(unconfigured: FakePulumiEngine) -> None:
    with pytest.raises(RpcFailure) as caught:
        await unconfigured.create("Sandbox", {"name": "box"})
    assert caught.value.code is grpc.StatusCode.FAILED_PRECONDITION
