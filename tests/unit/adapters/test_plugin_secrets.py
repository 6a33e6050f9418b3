"""What came in as a secret is in no text that leaves the plugin, and comes out as one."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import plugin_pb2, provider_pb2
from tests.unit.adapters.fake_pulumi_engine import Driver, Kept, Refusal, read, secret, struct, urn
from tests.unit.adapters.test_engine_client import Listening, engine_listening

from neev_emulator.testing import Emulator

KEY = "-----BEGIN KEY-----\nhunter2\nhunter3\n-----END KEY-----\n"
LINES = 'echo "$KEY" | while read -r line; do echo "$line"; sleep 0.05; done'


def script(text: str) -> list[str]:
    return ["sh", "-c", text]


async def refused(work: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await work
    assert "hunter" not in caught.value.text
    assert caught.value.kept is None or "hunter" not in " ".join(caught.value.kept.reasons)
    return caught.value


def logged(listening: Listening) -> list[str]:
    """What the engine has in its log."""
    heard = [listening.heard.get_nowait() for _ in range(listening.heard.qsize())]
    return [each.message for each in heard if not each.ephemeral]


async def box(plugin: Driver) -> str:
    return (await plugin.create("Sandbox", {"name": "box"})).id


async def test_a_key_that_a_command_writes_line_by_line_is_struck_out_of_the_log_and_of_its_error(
    plugin: Driver,
) -> None:
    async with engine_listening() as (listening, address):
        await plugin.call("Attach", plugin_pb2.PluginAttach(address=address))
        news = {"sandboxId": await box(plugin), "env": {"KEY": secret(KEY)}, "create": script(f"{LINES}; exit 3")}
        failed = await refused(plugin.create("Command", news))
    assert "\n".join(logged(listening)).split() == ["[secret]"] * 4
    assert "exit code 3. Its last lines:\n[secret]" in failed.text
    assert failed.kept is not None
    assert read(failed.kept.properties)["stdout"] == secret(f"{KEY}\n")


@pytest.mark.parametrize(
    "inputs",
    [
        {"create": ["sh", "-c", secret("set -x; echo token=hunter2; exit 1")]},
        {"create": script("cat; exit 1"), "stdin": secret("password=hunter2")},
        {"create": script("pwd; exit 1"), "cwd": secret("hunter2")},
        {"create": script("ls -d hunter2 >&2; exit 1"), "triggers": [secret("hunter2")]},
    ],
)
async def test_of_a_command_with_a_secret_nothing_that_it_writes_is_shown(
    plugin: Driver, inputs: dict[str, Any]
) -> None:
    async with engine_listening() as (listening, address):
        await plugin.call("Attach", plugin_pb2.PluginAttach(address=address))
        sandbox = await box(plugin)
        await plugin.create("Command", {"sandboxId": sandbox, "create": ["mkdir", "hunter2"]})
        failed = await refused(plugin.create("Command", {"sandboxId": sandbox, **inputs}))
    assert logged(listening) == []
    assert failed.kept is not None
    kept = read(failed.kept.properties)
    assert kept["stdout"] == secret(kept["stdout"]["value"])
    assert kept["stderr"] == secret(kept["stderr"]["value"])


async def test_output_stays_a_secret_until_the_command_runs_without_one(plugin: Driver) -> None:
    command = {"sandboxId": await box(plugin), "create": script("echo done"), "update": script("echo again")}
    kept = await plugin.create("Command", {**command, "stdin": secret("hunter2")})
    assert kept.state["stdout"] == secret("done\n")
    refreshed = await plugin.refresh(kept)
    assert refreshed is not None
    assert refreshed.state["stdout"] == secret("done\n")

    # the engine stores what the program says now, and asks for nothing where the values are the same
    bare = Kept(kept.urn, kept.id, {**kept.inputs, "stdin": "hunter2"}, {**kept.state, "stdin": "hunter2"})
    kept = await plugin.update(bare, {**command, "stdin": "hunter2", "timeoutSeconds": 60})
    assert kept.state["stdout"] == secret("done\n")
    kept = await plugin.update(kept, {**command, "stdin": "hunter3"})
    assert kept.state["stdout"] == "again\n"


async def test_a_failed_update_seals_what_the_new_inputs_led_to(plugin: Driver) -> None:
    command = {"sandboxId": await box(plugin), "create": ["true"], "update": script("cat; exit 1")}
    kept = await plugin.create("Command", {**command, "stdin": "plain"})
    assert kept.state["stdout"] == ""
    failed = await refused(plugin.update(kept, {**command, "stdin": secret("hunter2")}))
    assert failed.kept is not None
    assert read(failed.kept.properties)["stdout"] == secret("hunter2")


async def test_what_the_api_quotes_back_is_struck_out(plugin: Driver, platform: Emulator) -> None:
    said = f"docker.io/x/hunter2:1, hunter3%2Fx and {platform.api_key} are refused"
    platform.add_fault("status", method="POST", path="/sandboxes", status=422, body={"message": said, "details": said})
    news = {"name": "box", "image": secret("docker.io/x/hunter2:1"), "env": {"A": secret("hunter3/x")}}
    failed = await refused(plugin.create("Sandbox", news))
    assert "[secret], [secret] and [secret] are refused; [secret], [secret]" in failed.text


async def test_a_secret_that_the_platform_made_up_is_struck_out_later(plugin: Driver, platform: Emulator) -> None:
    kept = await plugin.create("PreviewPort", {"sandboxId": await box(plugin), "port": 80})
    slug = kept.state["slug"]["value"]
    platform.add_fault("status", method="DELETE", path="/sandboxes/{id}/ports/{id}", status=409, body={"message": slug})
    with pytest.raises(Refusal) as caught:
        await plugin.delete(kept)
    assert slug not in caught.value.text
    assert "409" in caught.value.text


async def test_what_a_killed_process_leaves_behind_names_no_secret(
    plugin: Driver, capfd: pytest.CaptureFixture[str]
) -> None:
    await plugin.create("Sandbox", {"name": secret("hunter2")})
    assert "making [secret]" in capfd.readouterr().err


async def test_a_preview_keeps_what_was_secret_before(plugin: Driver) -> None:
    kept = await plugin.create("Sandbox", {"name": "box", "region": secret("dev")})
    request = provider_pb2.UpdateRequest(
        id=kept.id, urn=kept.urn, olds=struct(kept.state), news=struct({"name": "box"}), preview=True
    )
    assert read((await plugin.call("Update", request)).properties)["region"] == secret("dev")


async def test_a_preview_of_a_command_says_that_its_output_will_be_a_secret(unconfigured: Driver) -> None:
    for news, is_secret in (({"env": {"A": "b"}}, True), ({"triggers": [secret(1)]}, True), ({}, False)):
        properties = struct({"sandboxId": "x", "create": ["true"], **news})
        request = provider_pb2.CreateRequest(urn=urn("Command"), properties=properties, preview=True)
        stdout = read((await unconfigured.call("Create", request)).properties)["stdout"]
        assert isinstance(stdout, dict) is is_secret


async def test_a_function_names_no_secret_that_it_was_asked_with(plugin: Driver) -> None:
    request = provider_pb2.InvokeRequest(
        tok="neev:index:getSandboxTemplate", args=struct({"name": secret("hunter2"), "hunter": 1})
    )
    answer = await plugin.call("Invoke", request)
    assert [each.property for each in answer.failures] == [""]
    request = provider_pb2.InvokeRequest(tok="neev:index:getSandbox", args=struct({"name": secret("hunter2")}))
    answer = await plugin.call("Invoke", request)
    assert [each.property for each in answer.failures] == [""]
    assert "hunter2" not in answer.failures[0].reason
