"""The Command resource against the emulator: a command runs once for each change."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.fakes.lifecycle import create_and_finish
from tests.fakes.scripted_transport import ScriptedTransport, json_response
from tests.unit.resources.conftest import LifecycleDriver
from typing_extensions import override

from neev_provider.client import Settings, connect
from neev_provider.client.runtime import ExecRequest
from neev_provider.core import lifecycle, redaction
from neev_provider.core.clock import SYSTEM_CLOCK, SystemClock
from neev_provider.core.errors import Cancelled, OperationFailed, OutcomeUnknown, RuntimeRejected
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.redaction import Redactor
from neev_provider.core.reference_errors import MissingReference
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline
from neev_provider.resources.command import CommandResource
from neev_provider.resources.output_capture import MAX_CAPTURED_CHARS
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.session import open_session

SANDBOX, COMMAND = SandboxResource(), CommandResource()
EXEC, PAUSE = "POST /v1/exec", "POST /sandboxes/{id}/pause"


class ShortSleepClock(SystemClock):
    """The clock of this machine, without the waits for a Retry-After."""

    @override
    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds if seconds > 2 else 0)


def build_argv(script: str) -> list[str]:
    return ["sh", "-c", script]


async def create_sandbox(driver: LifecycleDriver, **inputs: Any) -> str:
    """Create a sandbox, clear the request log and return its id."""
    created = await driver.create(SANDBOX, name="box", **inputs)
    driver.take_requests()
    return created.id


async def expect_init_failed(operation: Any) -> ResourceInitFailed:
    """Return the error of the operation, which has the stored resource."""
    with pytest.raises(ResourceInitFailed) as caught:
        await operation
    return caught.value


async def test_a_create_runs_the_command_and_stores_output_and_exit_code(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(
        COMMAND, sandboxId=box, create=build_argv('cat; echo "$A" >&2'), env={"A": "b"}, stdin="in", cwd="."
    )
    assert (stored.state["stdout"], stored.state["stderr"], stored.state["exitCode"]) == ("in", "b\n", 0)
    assert (stored.state["outcome"], stored.state["durationMs"] >= 0) == ("succeeded", True)
    assert driver.take_requests() == [EXEC]


async def test_a_change_runs_update_or_replaces_the_command_if_update_is_absent(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    bare = {"sandboxId": box, "create": build_argv("echo 1")}
    stored = await driver.create(COMMAND, **bare)
    assert COMMAND.diff(stored.inputs, stored.state, {**bare, "create": build_argv("echo 2")}).requires_replacement
    assert COMMAND.diff(stored.inputs, stored.state, {**bare, "env": {"A": "1"}}).requires_replacement
    output = {**bare, "update": build_argv("echo updated")}
    stored = await driver.update(COMMAND, stored, **output)
    assert stored.state["stdout"] == "1\n"
    changed = {**output, "create": build_argv("echo 2")}
    assert not COMMAND.diff(stored.inputs, stored.state, changed).requires_replacement
    assert COMMAND.diff(stored.inputs, stored.state, {**changed, "triggers": [1]}).requires_replacement
    driver.take_requests()
    stored = await driver.update(COMMAND, stored, **changed)
    assert stored.state["stdout"] == "updated\n"
    assert driver.take_requests() == [EXEC]


async def test_a_changed_delete_or_timeout_is_stored_without_a_run(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(COMMAND, sandboxId=box, create=["true"], delete=["true"], timeoutSeconds=5)
    driver.take_requests()
    assert COMMAND.diff(stored.inputs, stored.state, {"sandboxId": box, "create": ["true"]}).changes
    stored = await driver.update(COMMAND, stored, sandboxId=box, create=["true"], delete=["false"], timeoutSeconds=9)
    assert stored.state["delete"] == ["false"]
    assert driver.take_requests() == []


async def test_a_nonzero_exit_code_fails_with_the_last_lines_and_the_next_attempt_retries(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver)
    script = "for i in $(seq 20); do echo line $i; done; echo why; test -e fixed"
    failed = await expect_init_failed(driver.create(COMMAND, sandboxId=box, create=build_argv(script)))
    assert isinstance(failed.__cause__, OperationFailed)
    assert "exit code 1" in str(failed)
    assert str(failed).endswith("\nline 20\nwhy.")
    assert "line 6\n" not in str(failed)
    assert (failed.stored.state["outcome"], failed.stored.state["exitCode"]) == ("failed", 1)
    await driver.create(COMMAND, sandboxId=box, create=["touch", "fixed"])
    assert (await driver.finish(COMMAND, failed.stored)).state["outcome"] == "succeeded"


async def test_the_error_contains_the_last_lines_of_stdout_and_stderr(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    failed = await expect_init_failed(
        driver.create(COMMAND, sandboxId=box, create=build_argv("echo what; echo why >&2; exit 1"))
    )
    # the order of the two streams is undefined
    assert sorted(str(failed).rstrip(".").splitlines()[1:]) == ["what", "why"]


async def test_a_nonzero_exit_code_succeeds_if_allow_failure_is_set(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(COMMAND, sandboxId=box, create=build_argv("exit 7"), allowFailure=True)
    assert (stored.state["exitCode"], stored.state["outcome"]) == (7, "succeeded")


async def test_a_change_after_a_failed_create_replaces_the_command_even_with_update(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "create": ["false"], "update": ["true"]}
    failed = await expect_init_failed(driver.create(COMMAND, **inputs))
    kept = failed.stored
    assert COMMAND.diff(kept.inputs, kept.state, {**inputs, "create": ["true"]}).requires_replacement


async def test_a_command_fails_after_its_timeout(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    failed = await expect_init_failed(driver.create(COMMAND, sandboxId=box, create=["sleep", "60"], timeoutSeconds=1))
    assert "still running" in str(failed)
    assert failed.stored.state["outcome"] == "failed"


async def test_a_command_with_a_lost_connection_is_outcome_unknown_and_not_retried(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "create": build_argv("echo x >> runs")}
    driver.emulator.inject("reset_after", method="POST", path="/v1/exec")
    lost = await expect_init_failed(driver.create(COMMAND, **inputs))
    assert isinstance(lost.__cause__, OutcomeUnknown)
    assert "triggers" in str(lost)
    again = await expect_init_failed(driver.finish(COMMAND, lost.stored))
    assert isinstance(again.__cause__, OutcomeUnknown)
    assert "Nobody knows" in str(again)
    observed = await driver.read(COMMAND, again.stored)
    assert observed is not None
    assert observed.problem == "the outcome of its last run: unknown"
    accepted = await driver.update(COMMAND, again.stored, **inputs, allowFailure=True)
    assert accepted.state["outcome"] == "succeeded"
    assert driver.take_requests() == [EXEC]
    counted = await driver.create(COMMAND, sandboxId=box, create=["cat", "runs"])
    assert counted.state["stdout"] == "x\n"


async def test_an_update_with_an_unknown_outcome_is_not_retried_until_the_inputs_change(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "create": ["true"], "update": build_argv("echo x >> runs")}
    stored = await driver.create(COMMAND, **inputs)
    driver.take_requests()
    driver.emulator.inject("reset_after", method="POST", path="/v1/exec")
    changed = {**inputs, "stdin": "1"}
    lost = await expect_init_failed(driver.update(COMMAND, stored, **changed))
    assert isinstance(lost.__cause__, OutcomeUnknown)
    again = await expect_init_failed(driver.update(COMMAND, lost.stored, **changed))
    assert isinstance(again.__cause__, OutcomeUnknown)
    kept = StoredResource(again.stored.id, changed, again.stored.state)
    assert isinstance((await expect_init_failed(driver.finish(COMMAND, kept))).__cause__, OutcomeUnknown)
    assert driver.take_requests() == [EXEC]
    stored = await driver.update(COMMAND, again.stored, **{**inputs, "stdin": "2"})
    assert (stored.state["outcome"], driver.take_requests()) == ("succeeded", [EXEC])


async def test_an_interrupted_command_is_outcome_unknown_and_an_unstarted_one_is_retried(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver)
    checked = {"sandboxId": box, "create": build_argv("sleep 60")}
    begun = await lifecycle.start_create(COMMAND.connect(driver.api), checked, driver.new_context())
    assert begun.state["outcome"] == "unknown"
    stopped = await expect_init_failed(
        lifecycle.finish_create(COMMAND.connect(driver.api), begun, driver.new_context(0.5), just_created=True)
    )
    assert isinstance(stopped.__cause__, OutcomeUnknown)
    assert stopped.stored.state["outcome"] == "unknown"
    never = await expect_init_failed(driver.create(COMMAND, sandboxId=box, create=["no-such-program"]))
    assert "no-such-program" in str(never)
    assert never.stored.state["outcome"] == "pending"
    driver.take_requests()
    await expect_init_failed(driver.finish(COMMAND, never.stored))
    assert driver.take_requests() == [EXEC]


async def test_a_create_is_not_retried_after_the_provider_was_killed(driver: LifecycleDriver) -> None:
    """The state is the one that was stored before the run."""
    box = await create_sandbox(driver)
    checked = {"sandboxId": box, "create": ["touch", "x"]}
    begun = await lifecycle.start_create(COMMAND.connect(driver.api), checked, driver.new_context())
    assert isinstance((await expect_init_failed(driver.finish(COMMAND, begun))).__cause__, OutcomeUnknown)
    assert driver.take_requests() == []


@pytest.mark.parametrize("argv", [["true"], ["false"]])
async def test_a_paused_sandbox_is_resumed_and_paused_again_even_after_a_failure(
    driver: LifecycleDriver, argv: list[str]
) -> None:
    box = await create_sandbox(driver, paused=True)
    if argv == ["true"]:
        await driver.create(COMMAND, sandboxId=box, create=argv)
    else:
        await expect_init_failed(driver.create(COMMAND, sandboxId=box, create=argv))
    assert driver.take_requests() == ["POST /sandboxes/{id}/resume", EXEC, "POST /sandboxes/{id}/pause"]
    assert (await driver.api.sandboxes.get(box)).phase in ("Pausing", "Paused")


async def test_concurrent_commands_resume_and_pause_a_sandbox_once(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver, paused=True)
    scripts = [build_argv(f"touch {i}; until [ -e {1 - i} ]; do sleep 0.01; done") for i in range(2)]
    await asyncio.gather(
        *(driver.create(COMMAND, sandboxId=box, create=script, timeoutSeconds=10) for script in scripts)
    )
    assert driver.take_requests() == ["POST /sandboxes/{id}/resume", EXEC, EXEC, "POST /sandboxes/{id}/pause"]


async def test_a_sandbox_that_the_api_resumes_for_a_request_is_paused_again(
    driver: LifecycleDriver,
) -> None:
    """The request is rejected and retried; the provider sends no resume request."""
    box = await create_sandbox(driver)

    def advance(_status: str) -> None:
        driver.emulator.advance(5)

    deadline = Deadline(60, ShortSleepClock(), asyncio.Event(), advance)
    context = replace(driver.new_context(), deadline=deadline)
    driver.take_requests()
    async with open_session(driver.api, box, context) as session:
        await driver.api.sandboxes.pause(box)
        driver.emulator.advance(5)
        assert await session.exec(ExecRequest(["true"]), lambda _stream, _text: None, read_timeout=5) == 0
    assert driver.take_requests() == [PAUSE, EXEC, EXEC, PAUSE]
    assert (await driver.api.sandboxes.get(box)).phase == "Paused"


@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_the_outcome_is_pending_if_the_sandbox_is_not_resumed_in_time(*, is_cancelled: bool) -> None:
    """The next update runs the command."""
    sandbox = {"id": "the-id", "name": "box", "phase": "Ready", "connect_url": "https://inside.example"}
    resuming = {"reason_code": "unavailable", "reason": "sandbox_waking", "message": "waking up"}
    script = ScriptedTransport(json_response(json=sandbox), json_response(503, resuming, retry_after="2"))
    event = asyncio.Event()

    def cancel_while_resuming(status: str) -> None:
        if status.startswith("Resuming"):
            event.set()

    deadline = Deadline(20 if is_cancelled else 1.5, SYSTEM_CLOCK, event, cancel_while_resuming)
    context = OperationContext("Command run", deadline)
    async with connect(Settings("https://api.example", "key", "org", "project"), transport=script) as api:
        stored = await lifecycle.start_create(
            COMMAND.connect(api), {"sandboxId": "the-id", "create": ["tool"]}, context
        )
        finish = lifecycle.finish_create(COMMAND.connect(api), stored, context, just_created=True)
        failed = await expect_init_failed(finish)
    assert failed.stored.state["outcome"] == "pending"
    assert isinstance(failed.__cause__, Cancelled if is_cancelled else RuntimeRejected)


async def test_the_outcome_is_unknown_if_a_retried_request_has_no_response() -> None:
    """The sandbox is resumed, so the command may have run, and the next update does not run it."""
    event = asyncio.Event()
    sandbox = {"id": "the-id", "name": "box", "phase": "Ready", "connect_url": "https://inside.example"}
    resuming = {"reason_code": "unavailable", "reason": "sandbox_waking", "message": "waking up"}
    responses = [json_response(json=sandbox), json_response(503, resuming, retry_after="0")]

    async def respond(_request: httpx.Request) -> httpx.Response:
        if not responses:
            event.set()
            await asyncio.Event().wait()
        return responses.pop(0)

    context = OperationContext("Command run", Deadline(20, SYSTEM_CLOCK, event))
    settings, transport = Settings("https://api.example", "key", "org", "project"), httpx.MockTransport(respond)
    async with connect(settings, transport=transport) as api:
        inputs = {"sandboxId": "the-id", "create": ["tool"]}
        failed = await expect_init_failed(create_and_finish(COMMAND.connect(api), inputs, context))
    assert failed.stored.state["outcome"] == "unknown"
    assert isinstance(failed.__cause__, OutcomeUnknown)


async def test_a_failed_pause_after_the_run_does_not_run_the_command_again(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver, paused=True)
    driver.emulator.inject("status", method="POST", path="/sandboxes/{id}/pause", status=403)
    failed = await expect_init_failed(driver.create(COMMAND, sandboxId=box, create=["true"]))
    assert failed.stored.state["outcome"] == "succeeded"
    driver.take_requests()
    assert (await driver.finish(COMMAND, failed.stored)).state["exitCode"] == 0
    assert driver.take_requests() == []


@pytest.mark.parametrize(("seconds", "is_valid"), [(3600, True), (3601, False)])
def test_a_timeout_above_one_hour_is_rejected(seconds: int, *, is_valid: bool) -> None:
    """The API kills a command after one hour."""
    failures = COMMAND.check({}, {"sandboxId": "box", "create": ["true"], "timeoutSeconds": seconds}, str)[1]
    assert [failure.path for failure in failures] == ([] if is_valid else ["timeoutSeconds"])


async def test_a_delete_runs_delete_once_and_succeeds_without_the_sandbox(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "create": ["true"], "delete": build_argv("echo gone >> log")}
    first, second = await driver.create(COMMAND, **inputs), await driver.create(COMMAND, **inputs)
    silent = await driver.create(COMMAND, sandboxId=box, create=["true"])
    driver.take_requests()
    await driver.delete(COMMAND, first)
    await driver.delete(COMMAND, silent)
    assert driver.take_requests() == [EXEC]
    await driver.delete(SANDBOX, StoredResource(box, {}, {}))
    await driver.delete(COMMAND, second)
    assert await driver.read(COMMAND, second) is None


async def test_a_failed_delete_raises_an_error_and_delete_is_skipped_if_create_never_ran(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(COMMAND, sandboxId=box, create=["true"], delete=["false"])
    with pytest.raises(OperationFailed, match="false ended with exit code 1"):
        await driver.delete(COMMAND, stored)
    driver.emulator.inject("reset_after", method="POST", path="/v1/exec")
    with pytest.raises(OutcomeUnknown, match="remove the resource from the state"):
        await driver.delete(COMMAND, stored)
    never = await expect_init_failed(
        driver.create(COMMAND, sandboxId=box, create=["no-such-program"], delete=["false"])
    )
    await driver.delete(COMMAND, never.stored)


async def test_output_is_logged_with_the_secrets_of_env_redacted(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    script = "echo token is $TOKEN; printf unfinished >&2"
    with redaction.use_redactor(Redactor.from_values("hunter2")):
        failed = await expect_init_failed(
            driver.create(COMMAND, sandboxId=box, create=build_argv(f"{script}; exit 1"), env={"TOKEN": "hunter2"})
        )
    assert driver.log_lines == ["token is [secret]", "unfinished"]
    assert "hunter2" not in str(failed)


async def test_secret_output_is_neither_logged_nor_in_the_error(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "create": build_argv("echo hunter2; exit 1"), "secretOutput": True}
    failed = await expect_init_failed(driver.create(COMMAND, **inputs))
    assert "hunter2" not in str(failed)
    assert driver.log_lines == []
    assert COMMAND.outputs.properties["stdout"].is_secret(failed.stored.inputs)
    assert not COMMAND.outputs.properties["stdout"].is_secret({})


@pytest.mark.parametrize("secret", ["create", "stdin", "cwd", "triggers", "sandboxId"])
async def test_output_is_hidden_if_an_input_other_than_env_is_secret(driver: LifecycleDriver, secret: str) -> None:
    """The command may write a part of the secret, which cannot be redacted."""
    call = replace(driver.new_context(), secret_inputs=frozenset((secret, "env")))
    arguments = {"sandboxId": await create_sandbox(driver), "create": build_argv("echo hunter2; exit 1")}
    failed = await expect_init_failed(create_and_finish(COMMAND.connect(driver.api), arguments, call))
    assert "Its output is a secret, so it is not shown." in str(failed)
    assert driver.log_lines == []


async def test_long_output_is_truncated_to_its_end_with_the_number_of_omitted_characters(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(COMMAND, sandboxId=box, create=build_argv("seq 100000; echo end"))
    message, rest = stored.state["stdout"].split("\n", 1)
    assert message == f"[{588895 + 4 - MAX_CAPTURED_CHARS} characters left out]"
    assert len(rest) == MAX_CAPTURED_CHARS
    assert rest.endswith("100000\nend\n")
    assert sum(map(len, driver.log_lines)) < 3 * MAX_CAPTURED_CHARS
    assert driver.log_lines[-1] == "… and more, which is not logged"


async def test_a_command_cannot_be_imported(driver: LifecycleDriver) -> None:
    with pytest.raises(OperationFailed, match="cannot be imported"):
        await lifecycle.read(COMMAND.connect(driver.api), "some-id", None)


async def test_a_command_in_a_missing_sandbox_fails_and_is_not_run(driver: LifecycleDriver) -> None:
    with pytest.raises(MissingReference, match="sandboxId: there is no sandbox 'no-such' in the project"):
        await driver.create(COMMAND, sandboxId="no-such", create=["true"])
    begun = StoredResource("id", {"sandboxId": "no-such", "create": ["true"]}, {"outcome": "pending"})
    failed = await expect_init_failed(driver.finish(COMMAND, begun))
    assert "it no longer exists" in str(failed)
    assert failed.stored.state["outcome"] == "pending"


async def test_a_cancel_during_the_run_is_outcome_unknown_and_pauses_the_sandbox(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver, paused=True)
    call = driver.new_context()
    deadline: Deadline = call.deadline

    def cancel_on_output(_line: str) -> None:
        deadline.cancelled.set()

    checked = {"sandboxId": box, "create": build_argv("echo begun; sleep 60")}
    listening = type(call)(call.resource_name, deadline, log=cancel_on_output)
    stored = await lifecycle.start_create(COMMAND.connect(driver.api), checked, call)
    stopped = await expect_init_failed(
        lifecycle.finish_create(COMMAND.connect(driver.api), stored, listening, just_created=True)
    )
    assert isinstance(stopped.__cause__, OutcomeUnknown)
    assert (await driver.api.sandboxes.get(box)).phase in ("Pausing", "Paused")


@pytest.mark.parametrize("inputs", [{"create": []}, {"create": ["x"], "timeoutSeconds": 0}, {"create": "x"}])
def test_invalid_inputs_are_rejected_before_any_request(inputs: dict[str, Any]) -> None:
    checked = COMMAND.check({}, {"sandboxId": "x", **inputs}, str)
    assert len(checked[1]) == 1


async def test_a_delete_succeeds_if_the_sandbox_is_deleted_while_it_runs(driver: LifecycleDriver) -> None:
    """The deleted sandbox leaves nothing to clean up."""
    box = await create_sandbox(driver)
    stored = await driver.create(COMMAND, sandboxId=box, create=["true"], delete=build_argv("echo going; sleep 60"))
    going = asyncio.Event()
    call = replace(driver.new_context(stored=stored.state), log=lambda _line: going.set())
    deleting = asyncio.ensure_future(COMMAND.connect(driver.api).delete(stored.id, call))
    await going.wait()
    await driver.delete(SANDBOX, StoredResource(box, {}, {}))
    await deleting


@pytest.mark.parametrize(
    "odd", [{"outcome": "hibernating"}, {"create": 5}, {"delete": 5}, {"sandboxId": [1]}, {"createSucceeded": "x"}]
)
async def test_a_delete_ignores_invalid_values_in_the_state(driver: LifecycleDriver, odd: dict[str, Any]) -> None:
    box = await create_sandbox(driver)
    created = await driver.create(COMMAND, sandboxId=box, create=["true"], delete=build_argv("touch gone"))
    await lifecycle.delete(COMMAND.connect(driver.api), created.id, driver.new_context(stored={**created.state, **odd}))
    is_run = not odd.keys() & {"delete", "sandboxId"}
    looked = await driver.create(COMMAND, sandboxId=box, create=["test", "-e", "gone"], allowFailure=True)
    assert (looked.state["exitCode"] == 0) is is_run


def test_a_command_with_delete_is_deleted_before_it_is_replaced() -> None:
    """Otherwise the old `delete` would undo the new `create`, also if the user requests the replacement."""
    old = {"sandboxId": "box", "create": ["x"], "delete": ["y"], "triggers": [1]}
    assert COMMAND.diff(old, old, {**old, "triggers": [2]}).delete_before_replace
    assert COMMAND.diff(old, old, old).delete_before_replace
    assert COMMAND.diff(
        old, {**old, "createSucceeded": True}, {**old, "create": ["z"], "update": ["u"]}
    ).delete_before_replace
    without = {"sandboxId": "box", "create": ["x"], "triggers": [1]}
    assert not COMMAND.diff(without, without, {**without, "triggers": [2], "delete": ["y"]}).delete_before_replace
