"""Previews with `checkOnPreview`: a preview fails if the key, the project or an object of an input is invalid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.runtime import set_all_config
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.settings import reset_options
from tests.fakes.dynamic import PROVIDERS
from tests.fakes.program import ProgramMocks, RecordingMonitor, run_program
from tests.unit.adapters.conftest import serve_plugin
from tests.unit.adapters.fake_pulumi_engine import FakePulumiEngine, RpcFailure, to_struct

import pulumi_neev as neev
from neev_emulator import Emulator, serve
from neev_provider.adapters.pulumi.dynamic import event_loop
from neev_provider.adapters.pulumi.dynamic.provider import CHECK_ON_PREVIEW, RESOURCE_NAME, DynamicProvider
from neev_provider.core.errors import ConfigError, NeevError

TEMPLATE = "sb-ubuntu-26-04-minimal"
MISSPELT_TEMPLATE = "sb-ubuntu-26-04-minimum"
PREVIEW_CHECKS_CONFIG = {"neev:checkOnPreview": "true"}


def list_reads(emulator: Emulator) -> list[str]:
    assert emulator.mutating_requests == []
    found = [str(entry["template"]) for entry in emulator.requests]
    emulator.clear_log()
    return found


async def expect_failure(driver: FakePulumiEngine, kind: str, inputs: dict[str, Any]) -> str:
    with pytest.raises(RpcFailure) as caught:
        await driver.create(kind, inputs, preview=True)
    return str(caught.value.text)


async def test_a_preview_sends_no_request_by_default(emulator: Emulator, plugin: FakePulumiEngine) -> None:
    await plugin.create("Sandbox", {"templateId": MISSPELT_TEMPLATE}, preview=True)
    assert list_reads(emulator) == []


async def test_a_checking_preview_reports_a_missing_object_of_an_input(
    emulator: Emulator, plugin: FakePulumiEngine
) -> None:
    await plugin.configure(checkOnPreview="true")
    message = await expect_failure(plugin, "Sandbox", {"templateId": MISSPELT_TEMPLATE})
    assert (
        f"templateId: the catalog has no sandbox template '{MISSPELT_TEMPLATE}'; did you mean `{TEMPLATE}`" in message
    )
    await expect_failure(plugin, "Sandbox", {"templateId": MISSPELT_TEMPLATE})
    await plugin.create("Sandbox", {"templateId": TEMPLATE}, preview=True)
    assert list_reads(emulator) == ["/sandboxes", "/sandbox-templates", "/sandbox-templates"], "each check is sent once"
    assert "sandboxId: there is no sandbox 'gone'" in await expect_failure(plugin, "Snapshot", {"sandboxId": "gone"})


async def test_a_checking_preview_validates_the_config_of_an_agent(
    emulator: Emulator, plugin: FakePulumiEngine
) -> None:
    await plugin.configure(checkOnPreview="true")
    agent = {"agentTemplate": "claude-code", "config": {"model": 5}}
    for _ in range(2):
        message = await expect_failure(plugin, "Agent", agent)
        assert 'config.model: does not satisfy {"type": "string"} of the template' in message
    await plugin.create("Agent", {**agent, "config": {"model": "fast"}}, preview=True)
    assert list_reads(emulator) == ["/sandboxes", *["/agent-templates"] * 3], "each check is sent once"
    await plugin.create("Agent", {**agent, "agentTemplate": "code-server"}, preview=True)
    assert "agentTemplate: the catalog has no" in await expect_failure(plugin, "Agent", {**agent, "agentTemplate": "x"})


async def test_a_checking_preview_of_an_update_checks_only_changed_inputs(
    emulator: Emulator, plugin: FakePulumiEngine
) -> None:
    kept = await plugin.create("GoldenImage", {"name": "web", "templateId": TEMPLATE, "steps": []})
    emulator.clear_log()
    await plugin.configure(checkOnPreview="true")
    await plugin.update(kept, {"name": "web", "templateId": TEMPLATE, "historyLimit": 2}, preview=True)
    assert list_reads(emulator) == ["/sandboxes"]
    with pytest.raises(RpcFailure, match="templateId: the catalog has no"):
        await plugin.update(kept, {"name": "web", "templateId": MISSPELT_TEMPLATE}, preview=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"projectId": "other"}, "there is no project other of the organization"),
        ({"apiKey": "wrong"}, "Check neev:apiKey (or NEEV_API_KEY)"),
    ],
)
async def test_a_checking_preview_reports_an_invalid_key_or_project(
    emulator: Emulator, settings: dict[str, str], message: str
) -> None:
    async for driver in serve_plugin({**emulator.env, "NEEV_CHECK_ON_PREVIEW": "true"}):
        await driver.configure(**settings)
        assert message in await expect_failure(driver, "Sandbox", {})


async def invoke_lookup(driver: FakePulumiEngine) -> None:
    request = provider_pb2.InvokeRequest(tok="neev:index:getSandboxTemplate", args=to_struct({"id": TEMPLATE}))
    await driver.call("Invoke", request)


async def test_a_preview_with_a_function_call_sends_checks(emulator: Emulator, plugin: FakePulumiEngine) -> None:
    await invoke_lookup(plugin)
    assert list_reads(emulator) == ["/sandbox-templates", "/sandboxes"]
    assert "the catalog has no agent template" in await expect_failure(plugin, "Agent", {"agentTemplate": "clod"})
    async for driver in serve_plugin({**emulator.env, "NEEV_PROJECT_ID": "other"}):
        await driver.configure()
        with pytest.raises(RpcFailure, match="there is no project other"):
            await invoke_lookup(driver)


@pytest.fixture
def configured_emulator() -> Iterator[Emulator]:
    """Yield an emulator and reset the configuration of the program afterwards."""
    reset_options()
    with serve() as running:
        yield running
    set_all_config({})
    event_loop.run(event_loop.close_clients())


def build_settings(emulator: Emulator, **more: str) -> dict[str, str]:
    names = {"baseUrl": "base_url", "apiKey": "api_key", "orgId": "org_id", "projectId": "project_id"}
    return {**{f"neev:{name}": str(getattr(emulator, field)) for name, field in names.items()}, **more}


def configure_provider(kind: str, settings: dict[str, str]) -> DynamicProvider:
    provider = PROVIDERS[kind]()
    provider.configure(ConfigureRequest(Config(settings, "app")))
    return provider


def test_the_host_checks_if_the_program_requests_it_and_stores_no_flag(configured_emulator: Emulator) -> None:
    provider = configure_provider("Sandbox", build_settings(configured_emulator))
    result = provider.check({}, {RESOURCE_NAME: "box", CHECK_ON_PREVIEW: True, "templateId": MISSPELT_TEMPLATE})
    (failure,) = result.failures
    assert (failure.property, failure.reason.partition(";")[0]) == (
        "",
        f"template_id: the catalog has no sandbox template '{MISSPELT_TEMPLATE}'",
    )
    assert CHECK_ON_PREVIEW not in result.inputs
    assert list_reads(configured_emulator) == ["/sandboxes", "/sandbox-templates"]
    known = {"templateId": MISSPELT_TEMPLATE}
    assert not provider.check(known, {RESOURCE_NAME: "box", CHECK_ON_PREVIEW: True, **known}).failures
    assert not provider.check({}, {RESOURCE_NAME: "box", **known}).failures
    assert (
        provider.check({}, {RESOURCE_NAME: "box", CHECK_ON_PREVIEW: True, "templateId": "x"})
        .failures[0]
        .reason.startswith(
            "template_id: must be a template's id, such as sb-ubuntu-26-04-minimal; `get_sandbox_template` finds it"
        )
    )
    assert list_reads(configured_emulator) == []
    other = configure_provider("Sandbox", build_settings(configured_emulator, **{"neev:projectId": "other"}))
    with pytest.raises(NeevError, match=r"Sandbox box: .*there is no project other"):
        other.check({}, {RESOURCE_NAME: "box", CHECK_ON_PREVIEW: True})


def has_preview_flag(*, preview: bool, before: bool = False) -> bool:
    """Return whether the program passes the flag to its resource."""
    engine = ProgramMocks()
    monitor = RecordingMonitor(engine)

    def program() -> object:
        if before:
            neev.get_sandbox_template(id=TEMPLATE)
        return neev.Sandbox("box").id

    run_program(program, engine, monitor, preview=preview)
    return CHECK_ON_PREVIEW in monitor.registrations[-1].object.fields


def test_a_program_passes_the_check_on_preview_flag_in_a_preview(configured_emulator: Emulator) -> None:
    set_all_config(build_settings(configured_emulator))
    assert not has_preview_flag(preview=True)
    set_all_config(build_settings(configured_emulator, **PREVIEW_CHECKS_CONFIG))
    assert has_preview_flag(preview=True)
    assert not has_preview_flag(preview=False)
    set_all_config(build_settings(configured_emulator))
    assert has_preview_flag(preview=True, before=True), "a function sends requests anyway"


MISTYPED_MESSAGE = r"neev:projectID is not a setting of the provider; did you mean `neev:projectId`\?"


def test_the_program_and_the_host_reject_a_misspelt_setting(configured_emulator: Emulator) -> None:
    settings = build_settings(configured_emulator, **{"neev:projectID": "p"})
    set_all_config(settings)
    with pytest.raises(pulumi.RunError, match=MISTYPED_MESSAGE):
        run_program(lambda: neev.Sandbox("box").id, ProgramMocks(), RecordingMonitor(ProgramMocks()))
    with pytest.raises(pulumi.RunError, match=MISTYPED_MESSAGE):
        neev.get_sandbox(name="box")
    with pytest.raises(ConfigError, match=MISTYPED_MESSAGE):
        configure_provider("Sandbox", settings)
    with pytest.raises(ConfigError, match="neev:colour is not a setting of the provider; there are neev:apiKey, neev:"):
        configure_provider("Sandbox", build_settings(configured_emulator, **{"neev:colour": "red"}))
    assert list_reads(configured_emulator) == []


def test_settings_of_other_packages_are_ignored(configured_emulator: Emulator) -> None:
    configure_provider(
        "Sandbox",
        build_settings(configured_emulator, **{"app:projectID": "p", "neev:pluginDownloadURL": "https://example.com"}),
    )
    namesake = PROVIDERS["Sandbox"]()
    namesake.configure(
        ConfigureRequest(Config(build_settings(configured_emulator, **{"neev:projectID": "its own"}), "neev"))
    )


async def test_the_plugin_rejects_a_misspelt_setting(unconfigured: FakePulumiEngine) -> None:
    request = provider_pb2.CheckRequest(
        urn="urn:pulumi:dev::s::pulumi:providers:neev::default", news=to_struct({"projectID": "p"})
    )
    (failure,) = (await unconfigured.call("CheckConfig", request)).failures
    assert "did you mean `projectId`?" in failure.reason


def test_a_flag_setting_that_is_not_a_boolean_fails_the_preview(configured_emulator: Emulator) -> None:
    set_all_config(build_settings(configured_emulator, **{"neev:checkOnPreview": "perhaps"}))
    with pytest.raises(pulumi.RunError, match=r"neev:checkOnPreview .* must be true or false, not perhaps"):
        has_preview_flag(preview=True)
    assert has_preview_flag(preview=False) is False
