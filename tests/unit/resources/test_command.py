"""Commands in sandboxes on a platform: run once for each change, whatever happens."""

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
    """The clock of this machine, on which a Retry-After takes no time."""

    @override
    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds if seconds > 2 else 0)


def shell_argv(script: str) -> list[str]:
    return ["sh", "-c", script]


async def create_sandbox(driver: LifecycleDriver, **inputs: Any) -> str:
    """The id of a sandbox; nothing is in the log."""
    created = await driver.create(SANDBOX, name="box", **inputs)
    driver.take_requests()
    return created.id


async def expect_init_failed(operation: Any) -> ResourceInitFailed:
    """How the work failed, with what is kept."""
    with pytest.raises(ResourceInitFailed) as caught:
        await operation
    return caught.value


async def test_a_command_runs_when_it_is_made_and_says_how_it_went(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(
        COMMAND, sandboxId=box, create=shell_argv('cat; echo "$A" >&2'), env={"A": "b"}, stdin="in", cwd="."
    )
    assert (stored.state["stdout"], stored.state["stderr"], stored.state["exitCode"]) == ("in", "b\n", 0)
    assert (stored.state["outcome"], stored.state["durationMs"] >= 0) == ("succeeded", True)
    assert driver.take_requests() == [EXEC]


async def test_a_change_runs_update_in_place_or_replaces_where_there_is_none(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    bare = {"sandboxId": box, "create": shell_argv("echo 1")}
    stored = await driver.create(COMMAND, **bare)
    assert COMMAND.diff(stored.inputs, stored.state, {**bare, "create": shell_argv("echo 2")}).requires_replacement
    assert COMMAND.diff(stored.inputs, stored.state, {**bare, "env": {"A": "1"}}).requires_replacement
    output = {**bare, "update": shell_argv("echo updated")}
    stored = await driver.update(COMMAND, stored, **output)
    assert stored.state["stdout"] == "1\n"
    changed = {**output, "create": shell_argv("echo 2")}
    assert not COMMAND.diff(stored.inputs, stored.state, changed).requires_replacement
    assert COMMAND.diff(stored.inputs, stored.state, {**changed, "triggers": [1]}).requires_replacement
    driver.take_requests()
    stored = await driver.update(COMMAND, stored, **changed)
    assert stored.state["stdout"] == "updated\n"
    assert driver.take_requests() == [EXEC]


async def test_another_delete_or_time_limit_is_noted_and_runs_nothing(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(COMMAND, sandboxId=box, create=["true"], delete=["true"], timeoutSeconds=5)
    driver.take_requests()
    assert COMMAND.diff(stored.inputs, stored.state, {"sandboxId": box, "create": ["true"]}).changes
    stored = await driver.update(COMMAND, stored, sandboxId=box, create=["true"], delete=["false"], timeoutSeconds=9)
    assert stored.state["delete"] == ["false"]
    assert driver.take_requests() == []


async def test_another_exit_code_fails_with_the_last_lines_and_the_next_attempt_runs_it_again(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver)
    script = "for i in $(seq 20); do echo line $i; done; echo why; test -e fixed"
    failed = await expect_init_failed(driver.create(COMMAND, sandboxId=box, create=shell_argv(script)))
    assert isinstance(failed.__cause__, OperationFailed)
    assert "exit code 1" in str(failed)
    assert str(failed).endswith("\nline 20\nwhy.")
    assert "line 6\n" not in str(failed)
    assert (failed.stored.state["outcome"], failed.stored.state["exitCode"]) == ("failed", 1)
    await driver.create(COMMAND, sandboxId=box, create=["touch", "fixed"])
    assert (await driver.finish(COMMAND, failed.stored)).state["outcome"] == "succeeded"


async def test_a_failure_shows_both_streams(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    failed = await expect_init_failed(
        driver.create(COMMAND, sandboxId=box, create=shell_argv("echo what; echo why >&2; exit 1"))
    )
    # there is no order between the two
    assert sorted(str(failed).rstrip(".").splitlines()[1:]) == ["what", "why"]


async def test_a_failure_that_is_allowed_is_none(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(COMMAND, sandboxId=box, create=shell_argv("exit 7"), allowFailure=True)
    assert (stored.state["exitCode"], stored.state["outcome"]) == (7, "succeeded")


async def test_a_create_that_failed_is_replaced_by_a_change_even_where_update_is_given(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "create": ["false"], "update": ["true"]}
    failed = await expect_init_failed(driver.create(COMMAND, **inputs))
    kept = failed.stored
    assert COMMAND.diff(kept.inputs, kept.state, {**inputs, "create": ["true"]}).requires_replacement


async def test_a_command_past_its_time_has_failed(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    failed = await expect_init_failed(driver.create(COMMAND, sandboxId=box, create=["sleep", "60"], timeoutSeconds=1))
    assert "still running" in str(failed)
    assert failed.stored.state["outcome"] == "failed"


async def test_a_broken_connection_is_not_replayed_and_the_next_attempt_asks(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "create": shell_argv("echo x >> runs")}
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


async def test_an_update_of_unknown_outcome_is_not_run_again_but_another_one_is(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "create": ["true"], "update": shell_argv("echo x >> runs")}
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


async def test_what_is_stopped_in_the_middle_is_unknown_and_what_never_began_is_run_later(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver)
    checked = {"sandboxId": box, "create": shell_argv("sleep 60")}
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


async def test_an_attempt_of_which_nothing_came_back_is_not_repeated(driver: LifecycleDriver) -> None:
    """The provider was killed: what was stored before it began is all there is."""
    box = await create_sandbox(driver)
    checked = {"sandboxId": box, "create": ["touch", "x"]}
    begun = await lifecycle.start_create(COMMAND.connect(driver.api), checked, driver.new_context())
    assert isinstance((await expect_init_failed(driver.finish(COMMAND, begun))).__cause__, OutcomeUnknown)
    assert driver.take_requests() == []


@pytest.mark.parametrize("argv", [["true"], ["false"]])
async def test_a_paused_sandbox_is_woken_and_paused_again_also_after_a_failure(
    driver: LifecycleDriver, argv: list[str]
) -> None:
    box = await create_sandbox(driver, paused=True)
    if argv == ["true"]:
        await driver.create(COMMAND, sandboxId=box, create=argv)
    else:
        await expect_init_failed(driver.create(COMMAND, sandboxId=box, create=argv))
    assert driver.take_requests() == ["POST /sandboxes/{id}/resume", EXEC, "POST /sandboxes/{id}/pause"]
    assert (await driver.api.sandboxes.get(box)).phase in ("Pausing", "Paused")


async def test_commands_side_by_side_wake_a_sandbox_once_and_the_last_one_pauses_it(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver, paused=True)
    scripts = [shell_argv(f"touch {i}; until [ -e {1 - i} ]; do sleep 0.01; done") for i in range(2)]
    await asyncio.gather(
        *(driver.create(COMMAND, sandboxId=box, create=script, timeoutSeconds=10) for script in scripts)
    )
    assert driver.take_requests() == ["POST /sandboxes/{id}/resume", EXEC, EXEC, "POST /sandboxes/{id}/pause"]


async def test_a_sandbox_that_is_paused_before_the_call_is_resumed_by_the_platform_and_paused_again(
    driver: LifecycleDriver,
) -> None:
    """The call says so and is sent again; the provider sends no resume."""
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
async def test_a_command_whose_sandbox_is_not_resumed_in_time_was_not_run(*, is_cancelled: bool) -> None:
    """The next update runs it, without a question."""
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


async def test_a_command_that_is_sent_again_and_not_answered_may_have_run() -> None:
    """The sandbox is resumed, so the next update does not run it by itself."""
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


async def test_a_pause_that_fails_afterwards_does_not_run_the_command_again(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver, paused=True)
    driver.emulator.inject("status", method="POST", path="/sandboxes/{id}/pause", status=403)
    failed = await expect_init_failed(driver.create(COMMAND, sandboxId=box, create=["true"]))
    assert failed.stored.state["outcome"] == "succeeded"
    driver.take_requests()
    assert (await driver.finish(COMMAND, failed.stored)).state["exitCode"] == 0
    assert driver.take_requests() == []


@pytest.mark.parametrize(("seconds", "is_valid"), [(3600, True), (3601, False)])
def test_a_command_runs_an_hour_at_most(seconds: int, *, is_valid: bool) -> None:
    """The API kills it then, and the plan says so."""
    failures = COMMAND.check({}, {"sandboxId": "box", "create": ["true"], "timeoutSeconds": seconds}, str)[1]
    assert [failure.path for failure in failures] == ([] if is_valid else ["timeoutSeconds"])


async def test_deleting_runs_delete_once_and_needs_no_sandbox(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "create": ["true"], "delete": shell_argv("echo gone >> log")}
    first, second = await driver.create(COMMAND, **inputs), await driver.create(COMMAND, **inputs)
    silent = await driver.create(COMMAND, sandboxId=box, create=["true"])
    driver.take_requests()
    await driver.delete(COMMAND, first)
    await driver.delete(COMMAND, silent)
    assert driver.take_requests() == [EXEC]
    await driver.delete(SANDBOX, StoredResource(box, {}, {}))
    await driver.delete(COMMAND, second)
    assert await driver.read(COMMAND, second) is None


async def test_a_delete_that_fails_says_so_and_one_of_what_never_ran_runs_nothing(driver: LifecycleDriver) -> None:
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


async def test_lines_show_while_it_runs_without_the_secrets_it_was_given(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    script = "echo token is $TOKEN; printf unfinished >&2"
    with redaction.use_redactor(Redactor.from_values("hunter2")):
        failed = await expect_init_failed(
            driver.create(COMMAND, sandboxId=box, create=shell_argv(f"{script}; exit 1"), env={"TOKEN": "hunter2"})
        )
    assert driver.log_lines == ["token is [secret]", "unfinished"]
    assert "hunter2" not in str(failed)


async def test_output_that_is_a_secret_is_neither_logged_nor_told(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "create": shell_argv("echo hunter2; exit 1"), "secretOutput": True}
    failed = await expect_init_failed(driver.create(COMMAND, **inputs))
    assert "hunter2" not in str(failed)
    assert driver.log_lines == []
    assert COMMAND.outputs.properties["stdout"].is_secret(failed.stored.inputs)
    assert not COMMAND.outputs.properties["stdout"].is_secret({})


@pytest.mark.parametrize("secret", ["create", "stdin", "cwd", "triggers", "sandboxId"])
async def test_of_a_command_that_a_secret_is_a_part_of_nothing_that_it_writes_is_told(
    driver: LifecycleDriver, secret: str
) -> None:
    """The secret that the engine knows is the whole argument, say, and the command may write a part of that."""
    call = replace(driver.new_context(), secret_inputs=frozenset((secret, "env")))
    arguments = {"sandboxId": await create_sandbox(driver), "create": shell_argv("echo hunter2; exit 1")}
    failed = await expect_init_failed(create_and_finish(COMMAND.connect(driver.api), arguments, call))
    assert "Its output is a secret, so it is not shown." in str(failed)
    assert driver.log_lines == []


async def test_of_a_long_output_the_end_is_kept_and_what_is_left_out_is_said(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(COMMAND, sandboxId=box, create=shell_argv("seq 100000; echo end"))
    message, rest = stored.state["stdout"].split("\n", 1)
    assert message == f"[{588895 + 4 - MAX_CAPTURED_CHARS} characters left out]"
    assert len(rest) == MAX_CAPTURED_CHARS
    assert rest.endswith("100000\nend\n")
    assert sum(map(len, driver.log_lines)) < 3 * MAX_CAPTURED_CHARS
    assert driver.log_lines[-1] == "… and more, which is not logged"


async def test_a_command_cannot_be_imported(driver: LifecycleDriver) -> None:
    with pytest.raises(OperationFailed, match="cannot be imported"):
        await lifecycle.read(COMMAND.connect(driver.api), "some-id", None)


async def test_a_sandbox_that_is_gone_fails_and_runs_nothing(driver: LifecycleDriver) -> None:
    with pytest.raises(MissingReference, match="sandboxId: there is no sandbox 'no-such' in the project"):
        await driver.create(COMMAND, sandboxId="no-such", create=["true"])
    begun = StoredResource("id", {"sandboxId": "no-such", "create": ["true"]}, {"outcome": "pending"})
    failed = await expect_init_failed(driver.finish(COMMAND, begun))
    assert "it no longer exists" in str(failed)
    assert failed.stored.state["outcome"] == "pending"


async def test_a_wish_to_stop_while_it_runs_leaves_the_outcome_unknown_and_the_sandbox_asleep(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver, paused=True)
    call = driver.new_context()
    deadline: Deadline = call.deadline

    def begun(_line: str) -> None:
        deadline.cancelled.set()

    checked = {"sandboxId": box, "create": shell_argv("echo begun; sleep 60")}
    listening = type(call)(call.resource_name, deadline, log=begun)
    stored = await lifecycle.start_create(COMMAND.connect(driver.api), checked, call)
    stopped = await expect_init_failed(
        lifecycle.finish_create(COMMAND.connect(driver.api), stored, listening, just_created=True)
    )
    assert isinstance(stopped.__cause__, OutcomeUnknown)
    assert (await driver.api.sandboxes.get(box)).phase in ("Pausing", "Paused")


@pytest.mark.parametrize("inputs", [{"create": []}, {"create": ["x"], "timeoutSeconds": 0}, {"create": "x"}])
def test_what_cannot_be_is_refused_before_anything_is_sent(inputs: dict[str, Any]) -> None:
    checked = COMMAND.check({}, {"sandboxId": "x", **inputs}, str)
    assert len(checked[1]) == 1


async def test_a_delete_that_ends_with_its_sandbox_is_done(driver: LifecycleDriver) -> None:
    """What it was to clean up is gone, too."""
    box = await create_sandbox(driver)
    stored = await driver.create(COMMAND, sandboxId=box, create=["true"], delete=shell_argv("echo going; sleep 60"))
    going = asyncio.Event()
    call = replace(driver.new_context(stored=stored.state), log=lambda _line: going.set())
    deleting = asyncio.ensure_future(COMMAND.connect(driver.api).delete(stored.id, call))
    await going.wait()
    await driver.delete(SANDBOX, StoredResource(box, {}, {}))
    await deleting


@pytest.mark.parametrize(
    "odd", [{"outcome": "hibernating"}, {"create": 5}, {"delete": 5}, {"sandboxId": [1]}, {"createSucceeded": "x"}]
)
async def test_a_delete_does_what_it_can_read(driver: LifecycleDriver, odd: dict[str, Any]) -> None:
    box = await create_sandbox(driver)
    created = await driver.create(COMMAND, sandboxId=box, create=["true"], delete=shell_argv("touch gone"))
    await lifecycle.delete(COMMAND.connect(driver.api), created.id, driver.new_context(stored={**created.state, **odd}))
    is_run = not odd.keys() & {"delete", "sandboxId"}
    looked = await driver.create(COMMAND, sandboxId=box, create=["test", "-e", "gone"], allowFailure=True)
    assert (looked.state["exitCode"] == 0) is is_run


def test_a_command_with_a_delete_is_deleted_before_it_is_made_anew() -> None:
    """Else the old `delete` would undo what the new `create` has done, whoever asks for the replacement."""
    old = {"sandboxId": "box", "create": ["x"], "delete": ["y"], "triggers": [1]}
    assert COMMAND.diff(old, old, {**old, "triggers": [2]}).delete_before_replace
    assert COMMAND.diff(old, old, old).delete_before_replace
    assert COMMAND.diff(
        old, {**old, "createSucceeded": True}, {**old, "create": ["z"], "update": ["u"]}
    ).delete_before_replace
    without = {"sandboxId": "box", "create": ["x"], "triggers": [1]}
    assert not COMMAND.diff(without, without, {**without, "triggers": [2], "delete": ["y"]}).delete_before_replace
