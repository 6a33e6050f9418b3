"""The plugin redacts secret inputs in every text, and returns them as secrets."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import plugin_pb2, provider_pb2
from tests.unit.adapters.fake_pulumi_engine import (
    FakePulumiEngine,
    RpcFailure,
    StoredResource,
    from_struct,
    make_urn,
    secret_value,
    to_struct,
)
from tests.unit.adapters.test_engine_client import RecordingEngine, serve_engine

from neev_emulator.testing import Emulator

KEY = "-----BEGIN KEY-----\nhunter2\nhunter3\n-----END KEY-----\n"
LINES = 'echo "$KEY" | while read -r line; do echo "$line"; sleep 0.05; done'


def to_argv(text: str) -> list[str]:
    return ["sh", "-c", text]


async def expect_failure(work: Any) -> RpcFailure:
    with pytest.raises(RpcFailure) as caught:
        await work
    assert "hunter" not in caught.value.text
    assert caught.value.init_failed is None or "hunter" not in " ".join(caught.value.init_failed.reasons)
    return caught.value


def list_log_lines(engine: RecordingEngine) -> list[str]:
    """Return the lines in the log of the engine."""
    received = [engine.log_requests.get_nowait() for _ in range(engine.log_requests.qsize())]
    return [item.message for item in received if not item.ephemeral]


async def create_box(plugin: FakePulumiEngine) -> str:
    return (await plugin.create("Sandbox", {"name": "box"})).id


async def test_a_secret_printed_by_a_command_is_redacted_in_the_log_and_the_error(
    plugin: FakePulumiEngine,
) -> None:
    async with serve_engine() as (listening, address):
        await plugin.call("Attach", plugin_pb2.PluginAttach(address=address))
        news = {
            "sandboxId": await create_box(plugin),
            "env": {"KEY": secret_value(KEY)},
            "create": to_argv(f"{LINES}; exit 3"),
        }
        failed = await expect_failure(plugin.create("Command", news))
    assert "\n".join(list_log_lines(listening)).split() == ["[secret]"] * 4
    assert "exit code 3. Its last lines:\n[secret]" in failed.text
    assert failed.init_failed is not None
    assert from_struct(failed.init_failed.properties)["stdout"] == secret_value(f"{KEY}\n")


@pytest.mark.parametrize(
    "inputs",
    [
        {"create": ["sh", "-c", secret_value("set -x; echo token=hunter2; exit 1")]},
        {"create": to_argv("cat; exit 1"), "stdin": secret_value("password=hunter2")},
        {"create": to_argv("pwd; exit 1"), "cwd": secret_value("hunter2")},
        {"create": to_argv("ls -d hunter2 >&2; exit 1"), "triggers": [secret_value("hunter2")]},
    ],
)
async def test_the_output_of_a_command_with_a_secret_input_is_not_shown(
    plugin: FakePulumiEngine, inputs: dict[str, Any]
) -> None:
    async with serve_engine() as (listening, address):
        await plugin.call("Attach", plugin_pb2.PluginAttach(address=address))
        sandbox = await create_box(plugin)
        await plugin.create("Command", {"sandboxId": sandbox, "create": ["mkdir", "hunter2"]})
        failed = await expect_failure(plugin.create("Command", {"sandboxId": sandbox, **inputs}))
    assert list_log_lines(listening) == []
    assert failed.init_failed is not None
    kept = from_struct(failed.init_failed.properties)
    assert kept["stdout"] == secret_value(kept["stdout"]["value"])
    assert kept["stderr"] == secret_value(kept["stderr"]["value"])


async def test_output_stays_secret_until_the_command_runs_without_a_secret(plugin: FakePulumiEngine) -> None:
    command = {
        "sandboxId": await create_box(plugin),
        "create": to_argv("echo done"),
        "update": to_argv("echo again"),
    }
    kept = await plugin.create("Command", {**command, "stdin": secret_value("hunter2")})
    assert kept.state["stdout"] == secret_value("done\n")
    refreshed = await plugin.refresh(kept)
    assert refreshed is not None
    assert refreshed.state["stdout"] == secret_value("done\n")

    # the engine stores the inputs of the program, and sends no update if only their secretness changes
    bare = StoredResource(kept.urn, kept.id, {**kept.inputs, "stdin": "hunter2"}, {**kept.state, "stdin": "hunter2"})
    kept = await plugin.update(bare, {**command, "stdin": "hunter2", "timeoutSeconds": 60})
    assert kept.state["stdout"] == secret_value("done\n")
    kept = await plugin.update(kept, {**command, "stdin": "hunter3"})
    assert kept.state["stdout"] == "again\n"


async def test_a_failed_update_marks_the_output_of_secret_inputs_as_secret(plugin: FakePulumiEngine) -> None:
    command = {"sandboxId": await create_box(plugin), "create": ["true"], "update": to_argv("cat; exit 1")}
    kept = await plugin.create("Command", {**command, "stdin": "plain"})
    assert kept.state["stdout"] == ""
    failed = await expect_failure(plugin.update(kept, {**command, "stdin": secret_value("hunter2")}))
    assert failed.init_failed is not None
    assert from_struct(failed.init_failed.properties)["stdout"] == secret_value("hunter2")


async def test_secrets_in_an_error_of_the_api_are_redacted(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    message = f"docker.io/x/hunter2:1, hunter3%2Fx and {emulator.api_key} are refused"
    emulator.inject(
        "status", method="POST", path="/sandboxes", status=422, body={"message": message, "details": message}
    )
    news = {"name": "box", "image": secret_value("docker.io/x/hunter2:1"), "env": {"A": secret_value("hunter3/x")}}
    failed = await expect_failure(plugin.create("Sandbox", news))
    assert "[secret], [secret] and [secret] are refused; [secret], [secret]" in failed.text


async def test_a_secret_output_is_redacted_in_later_errors(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    kept = await plugin.create("PreviewPort", {"sandboxId": await create_box(plugin), "port": 80})
    slug = kept.state["slug"]["value"]
    emulator.inject("status", method="DELETE", path="/sandboxes/{id}/ports/{id}", status=409, body={"message": slug})
    with pytest.raises(RpcFailure) as caught:
        await plugin.delete(kept)
    assert slug not in caught.value.text
    assert "409" in caught.value.text


async def test_a_secret_name_is_redacted_in_the_announcement_of_a_create(
    plugin: FakePulumiEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    await plugin.create("Sandbox", {"name": secret_value("hunter2")})
    assert "making [secret]" in capfd.readouterr().err


async def test_a_preview_keeps_secret_outputs_secret(plugin: FakePulumiEngine) -> None:
    kept = await plugin.create("Sandbox", {"name": "box", "region": secret_value("dev")})
    request = provider_pb2.UpdateRequest(
        id=kept.id, urn=kept.urn, olds=to_struct(kept.state), news=to_struct({"name": "box"}), preview=True
    )
    assert from_struct((await plugin.call("Update", request)).properties)["region"] == secret_value("dev")


async def test_a_preview_of_a_command_with_a_secret_has_secret_output(unconfigured: FakePulumiEngine) -> None:
    for news, is_secret in (({"env": {"A": "b"}}, True), ({"triggers": [secret_value(1)]}, True), ({}, False)):
        properties = to_struct({"sandboxId": "x", "create": ["true"], **news})
        request = provider_pb2.CreateRequest(urn=make_urn("Command"), properties=properties, preview=True)
        stdout = from_struct((await unconfigured.call("Create", request)).properties)["stdout"]
        assert isinstance(stdout, dict) is is_secret


async def test_the_failure_of_a_function_redacts_secret_arguments(plugin: FakePulumiEngine) -> None:
    request = provider_pb2.InvokeRequest(
        tok="neev:index:getSandboxTemplate", args=to_struct({"name": secret_value("hunter2"), "hunter": 1})
    )
    answer = await plugin.call("Invoke", request)
    assert [failure.property for failure in answer.failures] == [""]
    request = provider_pb2.InvokeRequest(tok="neev:index:getSandbox", args=to_struct({"name": secret_value("hunter2")}))
    answer = await plugin.call("Invoke", request)
    assert [failure.property for failure in answer.failures] == [""]
    assert "hunter2" not in answer.failures[0].reason


async def call_function(plugin: FakePulumiEngine, name: str, **arguments: Any) -> dict[str, Any]:
    request = provider_pb2.InvokeRequest(tok=f"neev:index:{name}", args=to_struct(arguments))
    response = await plugin.call("Invoke", request)
    return from_struct(getattr(response, "return"))


async def test_secrets_in_a_function_result_are_marked_at_any_depth(plugin: FakePulumiEngine) -> None:
    id = await create_box(plugin)
    token = await call_function(plugin, "getConnectToken", sandboxId=id)
    assert token["token"] == secret_value(token["token"]["value"])
    await plugin.create("PreviewPort", {"sandboxId": id, "port": 8080})
    (port,) = (await call_function(plugin, "getPreviewPorts", sandboxId=id))["ports"]
    assert port["previewUrl"] == secret_value(port["previewUrl"]["value"])
