"""Actions: their arguments, their lines while they run, and how they end."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from tests.unit.adapters.terraform.features.conftest import Engine, config_of

from neev_provider.actions import ACTIONS
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.names import action_of
from neev_provider.core.errors import InputError
from neev_provider.core.model import UNKNOWN

SECRET = "hunter2-of-the-env"


async def create_sandbox(engine: Engine) -> str:
    """Create a sandbox, wait until it is ready, and return its id."""
    sandbox = await (await engine.api()).sandboxes.create({"name": "box"})
    engine.emulator.advance(5)
    return sandbox.id


def config(engine: Engine, type_name: str, arguments: dict[str, Any]) -> pb.DynamicValue:
    """Return the configuration of an action."""
    return config_of(engine.schema.action_schemas[type_name].schema, **arguments)


async def iter_events(engine: Engine, type_name: str, arguments: dict[str, Any]) -> AsyncGenerator[Any, None]:
    """Yield the events of an invocation."""
    async for event in engine.stream(
        "InvokeAction", action_type=type_name, config=config(engine, type_name, arguments)
    ):
        yield event


async def invoke(engine: Engine, type_name: str, **arguments: Any) -> tuple[list[str], list[pb.Diagnostic]]:
    """Invoke the action; return its progress lines and its diagnostics."""
    events = [event async for event in iter_events(engine, type_name, arguments)]
    *progress, completed = events
    assert completed.WhichOneof("type") == "completed"
    return [event.progress.message for event in progress], list(completed.completed.diagnostics)


async def test_the_schema_has_every_action_with_its_arguments(engine: Engine) -> None:
    attributes = {
        name: {item.name for item in schema.schema.block.attributes if item.required}
        for name, schema in engine.schema.action_schemas.items()
    }
    assert attributes == {
        "neev_exec": {"command", "sandbox_id"},
        "neev_pause": {"sandbox_id"},
        "neev_resume": {"sandbox_id"},
        "neev_snapshot": {"sandbox_id"},
    }
    assert len(attributes) == len(list(ACTIONS))


async def test_validate_and_plan_check_the_known_arguments_of_an_action(engine: Engine) -> None:
    for timeout, errors in ((UNKNOWN, 0), (30, 0), (4000, 1)):
        arguments = {"sandbox_id": "box", "command": ["true"], "timeout_seconds": timeout}
        sent = config(engine, "neev_exec", arguments)
        validated = await engine.call("ValidateActionConfig", type_name="neev_exec", config=sent)
        planned = await engine.call("PlanAction", action_type="neev_exec", config=sent)
        assert [len(response.diagnostics) for response in (validated, planned)] == [errors, errors]
    assert planned.diagnostics[0].attribute.steps[0].attribute_name == "timeout_seconds"
    _, (error,) = await invoke(engine, "neev_exec", **arguments)
    assert error.attribute.steps[0].attribute_name == "timeout_seconds"
    assert not engine.emulator.requests


async def test_a_command_sends_its_output_lines_while_it_runs(engine: Engine) -> None:
    id = await create_sandbox(engine)
    command = ["sh", "-c", "echo one; until [ -e go ]; do sleep 0.05; done; echo two >&2"]
    events = iter_events(engine, "neev_exec", {"sandbox_id": id, "command": command})
    assert (await anext(events)).progress.message == "one"
    assert (await invoke(engine, "neev_exec", sandbox_id="box", command=["touch", "go"]))[1] == []
    assert (await anext(events)).progress.message == "two"
    assert (await anext(events)).completed == pb.InvokeAction.Event.Completed()
    assert [event async for event in events] == []


async def test_a_nonzero_exit_code_is_an_error_with_the_last_lines_redacted(engine: Engine) -> None:
    await create_sandbox(engine)
    command = ["sh", "-c", 'echo "the key is $KEY"; pwd; exit 3']
    lines, (error,) = await invoke(engine, "neev_exec", sandbox_id="box", command=command, env={"KEY": SECRET}, cwd=".")
    assert error.summary == "Cannot invoke neev_exec"
    assert "sh ended with exit code 3. Its last lines:\nthe key is [secret]" in error.detail
    assert "the key is [secret]" in "\n".join(lines)
    assert SECRET not in f"{lines} {error}"


async def test_a_paused_sandbox_is_paused_again_after_the_command(engine: Engine) -> None:
    id = await create_sandbox(engine)
    assert (await invoke(engine, "neev_pause", sandbox_id="box"))[1] == []
    assert (await invoke(engine, "neev_exec", sandbox_id="box", command=["true"]))[1] == []
    assert (await (await engine.api()).sandboxes.get(id)).phase == "Paused"


async def test_a_cancelled_command_ends_with_an_error_that_it_was_under_way(engine: Engine) -> None:
    await create_sandbox(engine)
    arguments = {"sandbox_id": "box", "command": ["sh", "-c", "echo began; sleep 60"]}
    events = iter_events(engine, "neev_exec", arguments)
    assert (await anext(events)).progress.message == "began"
    await engine.call("StopProvider")
    (error,) = (await anext(events)).completed.diagnostics
    assert "The command was under way." in error.detail
    assert "look in the sandbox before you invoke the action again" in error.detail


async def test_a_lost_connection_is_an_error_with_an_unknown_outcome(engine: Engine) -> None:
    await create_sandbox(engine)
    engine.emulator.inject("reset_after", method="POST", path="/v1/exec")
    _, (error,) = await invoke(engine, "neev_exec", sandbox_id="box", command=["true"])
    assert "look in the sandbox before you invoke the action again" in error.detail


async def test_the_command_ends_if_the_engine_cancels_the_call(engine: Engine) -> None:
    id = await create_sandbox(engine)
    await invoke(engine, "neev_pause", sandbox_id="box")
    events = iter_events(engine, "neev_exec", {"sandbox_id": id, "command": ["sh", "-c", "echo began; sleep 60"]})
    while (await anext(events)).progress.message != "began":
        pass
    await events.aclose()
    # the sandbox that was resumed for the command is paused again
    while (await (await engine.api()).sandboxes.get(id)).phase != "Paused":  # noqa: ASYNC110  no event
        await asyncio.sleep(0.02)


async def test_the_snapshot_action_waits_until_the_snapshot_is_ready(engine: Engine) -> None:
    id = await create_sandbox(engine)
    lines, diagnostics = await invoke(engine, "neev_snapshot", sandbox_id="box", name="kept", retain_for="720h")
    assert not diagnostics
    (snapshot,) = await (await engine.api()).snapshots.list(id)
    assert (snapshot.name, snapshot.status) == ("kept", "Ready")
    assert snapshot.expires_at
    assert lines[0] == f"snapshot {snapshot.id} is being taken"
    assert lines[-1] == f"snapshot {snapshot.id} is ready"


async def test_the_completed_event_has_the_warnings(engine: Engine) -> None:
    await create_sandbox(engine)
    engine.emulator.change_settings(ignore_retain_for=True)
    _, (warning,) = await invoke(engine, "neev_snapshot", sandbox_id="box", name="kept", retain_for="720h")
    assert warning.severity == pb.Diagnostic.WARNING
    assert "does not expire: the API accepted `retain_for`" in warning.detail


async def test_pause_and_resume_send_no_request_if_repeated(engine: Engine) -> None:
    id = await create_sandbox(engine)
    engine.emulator.clear_log()
    for type_name, phase in (("neev_pause", "Paused"), ("neev_resume", "Ready")):
        for _ in range(2):
            assert (await invoke(engine, type_name, sandbox_id="box"))[1] == []
            assert (await (await engine.api()).sandboxes.get(id)).phase == phase
    assert [request["template"].rpartition("/")[2] for request in engine.emulator.mutating_requests] == [
        "pause",
        "resume",
    ]


@pytest.mark.parametrize("type_name", ["neev_exec", "neev_pause", "neev_resume", "neev_snapshot"])
async def test_a_missing_sandbox_is_an_error_at_the_argument(engine: Engine, type_name: str) -> None:
    more = {"command": ["true"]} if type_name == "neev_exec" else {}
    _, (error,) = await invoke(engine, type_name, sandbox_id="none", **more)
    assert "sandbox_id: there is no sandbox 'none' in the project" in error.detail
    assert error.attribute.steps[0].attribute_name == "sandbox_id"


def test_an_unknown_action_is_an_error() -> None:
    with pytest.raises(InputError, match="this version of the provider has no action neev_dance"):
        action_of("neev_dance")
