"""The Process resource against the emulator: one process runs for each resource."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.lifecycle import create_and_finish
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.client.processes import ProcessInfo
from neev_provider.core import lifecycle, redaction
from neev_provider.core.errors import Cancelled, NeevError, OperationFailed, OutcomeUnknown, RuntimeRejected
from neev_provider.core.labels import Owner
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.redaction import Redactor
from neev_provider.core.reference_errors import MissingReference
from neev_provider.core.resource import OperationContext
from neev_provider.resources.process.inputs import ProcessStop, StopSignal
from neev_provider.resources.process.process import START_KEY, ProcessResource
from neev_provider.resources.process.supervision import stop_process
from neev_provider.resources.process.tag import ProcessTag, parse_process
from neev_provider.resources.sandbox.sandbox import SandboxResource

SANDBOX, PROCESS = SandboxResource(), ProcessResource()
START = "POST /v1/processes/start"
READY = {"readiness": {"logPattern": "^up$"}}
OWNER = Owner("pulumi-neev", "shop", "dev", "server")


def build_argv(script: str = "echo up") -> list[str]:
    """Return a command that runs the script and does not end."""
    return ["sh", "-c", f"{script}; exec sleep 600"]


async def create_sandbox(driver: LifecycleDriver, **inputs: Any) -> str:
    """Create a sandbox, clear the request log and return its id."""
    created = await driver.create(SANDBOX, **{"name": "box", **inputs})
    driver.take_requests()
    return created.id


async def create_process(driver: LifecycleDriver, **inputs: Any) -> StoredResource:
    """Create a process in a sandbox of its own."""
    box = await create_sandbox(driver)
    return await driver.create(PROCESS, **{"sandboxId": box, "command": build_argv(), **READY, **inputs})


async def list_running(driver: LifecycleDriver, sandbox_id: str) -> list[ProcessInfo]:
    session = driver.api.runtime.session(await driver.api.sandboxes.get(sandbox_id))
    return [process for process in await session.list_processes() if process.is_running]


async def kill(driver: LifecycleDriver, stored: StoredResource) -> None:
    """Kill the process without the provider."""
    session = driver.api.runtime.session(await driver.api.sandboxes.get(stored.inputs["sandboxId"]))
    stop = ProcessStop(signal=StopSignal.SIGKILL)
    await stop_process(session, stored.state["processId"], stop, driver.new_context().deadline)


async def expect_init_failed(operation: Any) -> ResourceInitFailed:
    """Return the error of the operation, which has the stored resource."""
    with pytest.raises(ResourceInitFailed) as caught:
        await operation
    return caught.value


async def create_in(driver: LifecycleDriver, context: OperationContext, **inputs: Any) -> StoredResource:
    return await create_and_finish(PROCESS.connect(driver.api), inputs, context)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Yield a socket that listens on a port of this machine, which all sandboxes of the emulator share."""
    with socket.create_server(("127.0.0.1", 0)) as created:
        yield created


async def test_a_process_keeps_running_after_its_create_with_its_env_and_cwd(driver: LifecycleDriver) -> None:
    command = ["sh", "-c", 'echo "$WORD in ${PWD##*/}" >&2; echo up; exec sleep 600']
    stored = await create_process(driver, command=command, env={"WORD": "hi"}, cwd=".")
    (process,) = await list_running(driver, stored.inputs["sandboxId"])
    assert (stored.state["status"], stored.state["processId"]) == ("running", process.id)
    assert stored.state["startedAt"].startswith("20")
    assert stored.state["startedAt"].endswith("Z")
    assert "exitCode" not in stored.state
    assert stored.id.startswith(f"{stored.inputs['sandboxId']}/")
    assert sorted(driver.log_lines) == ["hi in workspace", "up"]
    assert "hi" not in " ".join(process.argv)
    observed = await driver.read(PROCESS, stored)
    assert observed == stored


async def test_a_process_is_ready_once_it_listens_on_its_port(driver: LifecycleDriver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    serve = f"import time, socket; time.sleep(0.3); s = socket.create_server(('', {port})); time.sleep(600)"
    await create_process(driver, command=["python3", "-c", serve], readiness={"port": port})
    with socket.create_connection(("127.0.0.1", port)):
        pass


async def test_a_port_that_is_taken_is_an_error_before_the_process_is_started(
    driver: LifecycleDriver, listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    failed = await expect_init_failed(create_process(driver, readiness={"port": port}))
    assert f"something else listens on port {port} already" in str(failed)
    assert failed.stored.state["status"] == "pending"
    assert START not in driver.take_requests()
    observed = await driver.read(PROCESS, failed.stored)
    assert observed is not None
    assert (observed.state["status"], observed.problem) == ("pending", "it was not started")


async def test_a_new_port_that_is_taken_is_an_error_before_the_process_is_stopped(
    driver: LifecycleDriver, listener: socket.socket
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        old_port = unused.getsockname()[1]
    serve = f"import time, socket; s = socket.create_server(('', {old_port})); time.sleep(600)"
    stored = await create_process(driver, command=["python3", "-c", serve], readiness={"port": old_port})
    changed = {"command": build_argv(), "readiness": {"port": listener.getsockname()[1]}}
    failed = await expect_init_failed(driver.update(PROCESS, stored, **{**stored.inputs, **changed}))
    assert "already. Stop what listens there, or let the process listen on another port." in str(failed)
    assert "change only `readiness` first" in str(failed)
    assert failed.stored == stored
    (process,) = await list_running(driver, stored.inputs["sandboxId"])
    assert process.id == stored.state["processId"]


async def test_a_process_without_readiness_must_run_for_one_second(driver: LifecycleDriver) -> None:
    stored = await create_process(driver, readiness=None)
    assert stored.state["status"] == "running"


async def test_an_exit_fails_the_create_with_the_last_lines_and_the_next_attempt_restarts(
    driver: LifecycleDriver,
) -> None:
    command = [
        "sh",
        "-c",
        "[ -e fixed ] && exec sleep 600; for i in $(seq 20); do echo line $i; done; echo why; exit 3",
    ]
    failed = await expect_init_failed(create_process(driver, command=command, readiness=None))
    assert isinstance(failed.__cause__, OperationFailed)
    assert "sh: it ended with exit code 3" in str(failed)
    assert str(failed).endswith("\nline 20\nwhy.")
    assert "line 6\n" not in str(failed)
    assert (failed.stored.state["status"], failed.stored.state["exitCode"]) == ("exited", 3)
    session = driver.api.runtime.session(await driver.api.sandboxes.get(failed.stored.inputs["sandboxId"]))
    await session.create_directory("fixed")
    again = await driver.finish(PROCESS, failed.stored)
    assert (again.id, again.state["status"]) == (failed.stored.id, "running")


@pytest.mark.parametrize(
    ("readiness", "reason"),
    [
        ({"logPattern": "never"}, "no line of its output matches logPattern"),
        ({"port": 1}, "nothing listens on port 1"),
    ],
)
async def test_a_process_that_is_not_ready_in_time_is_stopped(
    driver: LifecycleDriver, readiness: dict[str, Any], reason: str
) -> None:
    failed = await expect_init_failed(create_process(driver, readiness={**readiness, "timeoutSeconds": 1}))
    assert f"sh: it was not ready after 1 s ({reason}). Its last lines:\nup" in str(failed)
    assert "timeoutSeconds" in str(failed)
    assert (failed.stored.state["status"], failed.stored.state["exitCode"]) == ("exited", 143)
    assert await list_running(driver, failed.stored.inputs["sandboxId"]) == []


async def test_a_cancel_stops_the_process(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    context = driver.new_context()
    context = replace(context, log=lambda _line: context.deadline.cancelled.set())
    inputs = {"sandboxId": box, "command": build_argv(), "readiness": {"logPattern": "never"}}
    failed = await expect_init_failed(create_in(driver, context, **inputs))
    assert isinstance(failed.__cause__, Cancelled)
    assert "POST /v1/processes/kill" in driver.take_requests()


@pytest.mark.parametrize(
    "change", [{"command": build_argv("echo up; echo 2")}, {"cwd": "."}, {"env": {"A": "1"}}, {"triggers": [2]}]
)
async def test_a_change_of_command_cwd_env_or_triggers_restarts_the_process(
    driver: LifecycleDriver, change: dict[str, Any]
) -> None:
    stored = await create_process(driver, triggers=[1])
    inputs = {**stored.inputs, **change}
    assert not PROCESS.diff(stored.inputs, stored.state, inputs).requires_replacement
    updated = await driver.update(PROCESS, stored, **inputs)
    (process,) = await list_running(driver, stored.inputs["sandboxId"])
    assert (updated.id, updated.state["processId"]) == (stored.id, process.id)
    assert process.id != stored.state["processId"]


async def test_a_change_of_readiness_or_stop_does_not_restart_the_process(driver: LifecycleDriver) -> None:
    stored = await create_process(driver)
    driver.take_requests()
    inputs = {**stored.inputs, "readiness": {"logPattern": "never"}, "stop": {"signal": "SIGKILL"}}
    assert PROCESS.diff(stored.inputs, stored.state, inputs).changes
    updated = await driver.update(PROCESS, stored, **inputs)
    assert (updated.state["processId"], updated.state["stop"]["signal"]) == (stored.state["processId"], "SIGKILL")
    assert driver.take_requests() == []


async def test_a_stop_sends_the_signal_and_a_process_that_ignores_it_is_killed(driver: LifecycleDriver) -> None:
    script = "trap 'echo bye > bye; exit' INT; trap '' TERM; echo up; while true; do sleep 0.01; done"
    graceful = await create_process(driver, command=["sh", "-c", script], stop={"signal": "SIGINT", "graceSeconds": 60})
    box = graceful.inputs["sandboxId"]
    await driver.delete(PROCESS, graceful)
    session = driver.api.runtime.session(await driver.api.sandboxes.get(box))
    assert await session.stat("bye") is not None
    inputs = {"sandboxId": box, "command": ["sh", "-c", script], **READY}
    unresponsive = await driver.create(PROCESS, **inputs, stop={"signal": "SIGTERM", "graceSeconds": 1})
    await driver.delete(PROCESS, unresponsive)
    codes = {process.id: process.exit_code for process in await session.list_processes()}
    assert codes[unresponsive.state["processId"]] == 128 + 9


async def test_a_refresh_detects_an_exited_process_and_the_next_update_starts_it(driver: LifecycleDriver) -> None:
    stored = await create_process(driver)
    assert PROCESS.diff(stored.inputs, stored.state, stored.inputs).changes == ()
    await kill(driver, stored)
    observed = await driver.read(PROCESS, stored)
    assert observed is not None
    assert (observed.state["status"], observed.state["exitCode"]) == ("exited", 137)
    assert observed.problem == "it ended with exit code 137"
    (change,) = PROCESS.diff(observed.inputs, observed.state, observed.inputs).changes
    assert (change.path, change.requires_replacement) == ("status", False)
    updated = await driver.update(PROCESS, observed, **observed.inputs)
    assert (updated.id, updated.state["status"]) == (stored.id, "running")
    assert "exitCode" not in updated.state


async def test_a_refresh_detects_a_missing_process_and_an_outdated_start(
    driver: LifecycleDriver,
) -> None:
    stored = await create_process(driver)
    unknown = replace(stored, id=f"{stored.inputs['sandboxId']}/another")
    missing = await driver.read(PROCESS, unknown)
    assert missing is not None
    assert missing.state["status"] == "missing"
    assert "it is not in the sandbox's list of processes" in (missing.problem or "")
    outdated = await driver.read(PROCESS, replace(stored, state={**stored.state, START_KEY: "older"}))
    assert outdated is not None
    assert outdated.state["status"] == "outdated"
    assert "an earlier start of it runs" in (outdated.problem or "")
    updated = await driver.update(PROCESS, outdated, **stored.inputs)
    (process,) = await list_running(driver, stored.inputs["sandboxId"])
    assert (updated.state["status"], updated.state["processId"]) == ("running", process.id)


async def test_a_refresh_does_not_resume_a_paused_sandbox_and_keeps_the_state(driver: LifecycleDriver) -> None:
    stored = await create_process(driver)
    box = stored.inputs["sandboxId"]
    await driver.api.sandboxes.pause(box)
    driver.emulator.advance(10)
    driver.take_requests()
    assert await driver.read(PROCESS, stored) == stored
    assert driver.take_requests() == []
    await driver.api.sandboxes.resume(box)
    driver.emulator.advance(10)
    assert await driver.read(PROCESS, stored) == stored


async def test_a_refresh_keeps_the_state_if_the_sandbox_is_resuming(driver: LifecycleDriver) -> None:
    """The API resumes it for the request, so its processes are not known yet."""
    stored = await create_process(driver)
    await kill(driver, stored)
    body = {"reason_code": "unavailable", "reason": "sandbox_waking", "message": "waking up"}
    driver.emulator.inject("status", method="POST", path="/v1/processes/list", status=503, body=body)
    assert await driver.read(PROCESS, stored) == stored
    observed = await driver.read(PROCESS, stored)
    assert observed is not None
    assert observed.state["status"] == "exited"
    unavailable = {"reason_code": "unavailable", "message": "not now"}
    driver.emulator.inject("status", method="POST", path="/v1/processes/list", status=503, body=unavailable)
    with pytest.raises(RuntimeRejected, match="not now"):
        await driver.read(PROCESS, stored)


async def test_a_paused_sandbox_is_resumed_for_a_start_and_for_a_stop_and_paused_again(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver, paused=True)
    stored = await driver.create(PROCESS, sandboxId=box, command=build_argv(), **READY)
    control = [request for request in driver.take_requests() if "sandboxes" in request]
    assert control == ["POST /sandboxes/{id}/resume", "POST /sandboxes/{id}/pause"]
    await driver.delete(PROCESS, stored)
    control = [request for request in driver.take_requests() if "sandboxes" in request]
    assert control == ["POST /sandboxes/{id}/resume", "POST /sandboxes/{id}/pause"]


async def test_a_start_with_a_lost_response_runs_one_process(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    driver.emulator.inject("reset_after", method="POST", path="/v1/processes/start")
    stored = await driver.create(PROCESS, sandboxId=box, command=build_argv(), **READY)
    (process,) = await list_running(driver, box)
    assert (stored.state["status"], stored.state["processId"]) == ("running", process.id)


async def test_a_start_request_that_is_not_received_fails_and_the_next_attempt_retries(driver: LifecycleDriver) -> None:
    driver.emulator.inject("reset_before", method="POST", path="/v1/processes/start")
    failed = await expect_init_failed(create_process(driver))
    assert isinstance(failed.__cause__, OutcomeUnknown)
    assert failed.stored.state["status"] == "pending"
    started = await driver.finish(PROCESS, failed.stored)
    (process,) = await list_running(driver, failed.stored.inputs["sandboxId"])
    assert started.state["processId"] == process.id


@pytest.mark.parametrize("path", ["list", "start", "logs"])
async def test_an_unavailable_runtime_fails_the_create_and_the_next_attempt_retries(
    driver: LifecycleDriver, path: str
) -> None:
    box = await create_sandbox(driver)
    body = {"reason_code": "unavailable", "message": "not now"}
    driver.emulator.inject("status", method="POST", path=f"/v1/processes/{path}", status=503, body=body)
    failed = await expect_init_failed(driver.create(PROCESS, sandboxId=box, command=build_argv(), **READY))
    started = await driver.finish(PROCESS, failed.stored)
    (process,) = await list_running(driver, box)
    assert started.state["processId"] == process.id


async def test_a_stop_with_a_lost_response_waits_until_the_process_has_ended(driver: LifecycleDriver) -> None:
    stored = await create_process(driver)
    driver.emulator.inject("reset_after", method="POST", path="/v1/processes/kill")
    await driver.delete(PROCESS, stored)
    assert await list_running(driver, stored.inputs["sandboxId"]) == []


async def test_a_process_that_could_not_be_stopped_is_stopped_by_the_next_attempt(driver: LifecycleDriver) -> None:
    driver.emulator.inject("status", method="POST", path="/v1/processes/kill", status=403, times=1)
    failed = await expect_init_failed(create_process(driver, readiness={"logPattern": "never", "timeoutSeconds": 1}))
    (first,) = await list_running(driver, failed.stored.inputs["sandboxId"])
    assert (failed.stored.state["status"], failed.stored.state["processId"]) == ("running", first.id)
    await expect_init_failed(driver.finish(PROCESS, failed.stored))
    assert await list_running(driver, failed.stored.inputs["sandboxId"]) == []


async def test_a_create_stops_only_the_process_of_its_own_interrupted_create(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "command": build_argv(), **READY}
    context = replace(driver.new_context(), owner=OWNER)
    orphan = await create_in(driver, context, **inputs)
    others = [
        await create_in(driver, replace(context, owner=replace(OWNER, address="other")), **inputs),
        await create_in(driver, replace(context, owner=None), **inputs),
        await create_in(driver, context, **{**inputs, "command": build_argv("echo up; echo 2")}),
    ]
    created = await create_in(driver, context, **inputs)
    found = await lifecycle.find_created(PROCESS.connect(driver.api), inputs, OWNER)
    assert found is not None
    assert found.id == created.id
    kept = {item.state["processId"] for item in (*others, created)}
    assert {process.id for process in await list_running(driver, box)} == kept
    assert orphan.state["processId"] not in kept


async def test_a_start_in_a_fork_stops_the_copy_with_the_same_command(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    session = driver.api.runtime.session(await driver.api.sandboxes.get(box))
    tag = ProcessTag.generate("source/owner-token")
    copy = await session.start_process(tag.to_argv(build_argv()))
    other = await session.start_process(tag.to_argv(build_argv("echo another")))
    plain = await session.start_process(["sleep", "600"])
    stored = await driver.create(PROCESS, sandboxId=box, command=build_argv(), **READY)
    running = {process.id for process in await list_running(driver, box)}
    assert running == {other.id, plain.id, stored.state["processId"]}
    assert copy.id not in running


async def create_snapshot(driver: LifecycleDriver, sandbox_id: str) -> str:
    """Create a snapshot of the sandbox and return its id."""
    snapshot = await driver.api.snapshots.create(sandbox_id)
    driver.emulator.advance(10)
    return snapshot.id


async def test_a_process_is_outdated_after_a_rollback_and_the_next_update_restarts_it(driver: LifecycleDriver) -> None:
    stored = await create_process(driver)
    box = stored.inputs["sandboxId"]
    snapshot = await create_snapshot(driver, box)
    changed = await driver.update(PROCESS, stored, **{**stored.inputs, "env": {"A": "1"}})
    await driver.api.sandboxes.rollback(box, snapshot)
    driver.emulator.advance(10)
    observed = await driver.read(PROCESS, changed)
    assert observed is not None
    assert observed.state["status"] == "outdated"
    updated = await driver.update(PROCESS, observed, **changed.inputs)
    (process,) = await list_running(driver, box)
    assert (updated.state["status"], updated.state["processId"]) == ("running", process.id)


async def test_a_rollback_to_the_same_start_is_not_drift(driver: LifecycleDriver) -> None:
    stored = await create_process(driver)
    box = stored.inputs["sandboxId"]
    await driver.api.sandboxes.rollback(box, await create_snapshot(driver, box))
    driver.emulator.advance(10)
    observed = await driver.read(PROCESS, stored)
    assert observed is not None
    assert (observed.state["status"], observed.problem) == ("running", None)
    assert PROCESS.diff(observed.inputs, observed.state, observed.inputs).changes == ()


async def test_a_refresh_detects_a_rollback_to_before_the_start_of_the_process(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    snapshot = await create_snapshot(driver, box)
    stored = await driver.create(PROCESS, sandboxId=box, command=build_argv(), **READY)
    await driver.api.sandboxes.rollback(box, snapshot)
    driver.emulator.advance(10)
    observed = await driver.read(PROCESS, stored)
    assert observed is not None
    assert observed.state["status"] in ("missing", "exited")
    updated = await driver.update(PROCESS, observed, **stored.inputs)
    assert updated.state["status"] == "running"


async def test_a_fork_runs_a_copy_until_a_process_with_the_same_command_starts_there(driver: LifecycleDriver) -> None:
    stored = await create_process(driver)
    fork = await driver.api.sandboxes.fork(stored.inputs["sandboxId"], "fork")
    driver.emulator.advance(10)
    (copy,) = await list_running(driver, fork.id)
    created = await driver.create(PROCESS, **{**stored.inputs, "sandboxId": fork.id})
    (process,) = await list_running(driver, fork.id)
    assert process.id == created.state["processId"]
    assert process.id != copy.id
    assert await driver.read(PROCESS, stored) == stored


async def test_find_created_finds_a_process_by_its_command(driver: LifecycleDriver) -> None:
    stored = await create_process(driver)
    inputs = dict(stored.inputs)
    found = await lifecycle.find_created(PROCESS.connect(driver.api), inputs)
    assert found is not None
    assert (found.id, found.state) == (stored.id, stored.state)
    assert await lifecycle.find_created(PROCESS.connect(driver.api), inputs, OWNER) is None
    other = {**inputs, "command": ["sleep", "1"]}
    assert await lifecycle.find_created(PROCESS.connect(driver.api), other) is None
    await driver.create(PROCESS, **inputs)
    assert await lifecycle.find_created(PROCESS.connect(driver.api), inputs) is None
    await driver.api.sandboxes.pause(inputs["sandboxId"])
    assert await lifecycle.find_created(PROCESS.connect(driver.api), inputs) is None
    missing = {**inputs, "sandboxId": "no-such"}
    assert await lifecycle.find_created(PROCESS.connect(driver.api), missing) is None


async def test_a_delete_stops_the_process_and_succeeds_if_it_is_already_deleted(driver: LifecycleDriver) -> None:
    stored = await create_process(driver)
    box = stored.inputs["sandboxId"]
    neighbour = await driver.create(PROCESS, **stored.inputs)
    await driver.delete(PROCESS, stored)
    (process,) = await list_running(driver, box)
    assert process.id == neighbour.state["processId"]
    await driver.delete(PROCESS, stored)
    await driver.delete(SANDBOX, StoredResource(box, {}, {}))
    await driver.delete(PROCESS, stored)
    assert await driver.read(PROCESS, stored) is None


async def test_a_failed_delete_is_an_error_unless_the_sandbox_is_deleted(driver: LifecycleDriver) -> None:
    stored = await create_process(driver)
    driver.emulator.inject("status", method="POST", path="/v1/processes/kill", status=403, times=2)
    with pytest.raises(RuntimeRejected, match=stored.state["processId"]):
        await driver.delete(PROCESS, stored)
    await driver.api.sandboxes.delete(stored.inputs["sandboxId"])
    await driver.delete(PROCESS, stored)


async def test_output_is_logged_with_the_secrets_of_env_redacted(driver: LifecycleDriver) -> None:
    command = ["sh", "-c", "echo token is $TOKEN; exit 1"]
    with redaction.use_redactor(Redactor.from_values("hunter2")):
        failed = await expect_init_failed(create_process(driver, command=command, env={"TOKEN": "hunter2"}))
    assert driver.log_lines == ["token is [secret]"]
    assert "token is [secret]" in str(failed)


async def test_output_is_hidden_if_the_command_contains_a_secret(driver: LifecycleDriver) -> None:
    context = replace(driver.new_context(), secret_inputs=frozenset(("command", "env")))
    inputs = {"sandboxId": await create_sandbox(driver), "command": ["sh", "-c", "echo hunter2; exit 1"]}
    failed = await expect_init_failed(create_in(driver, context, **inputs))
    assert "Its output is a secret, so it is not shown." in str(failed)
    assert driver.log_lines == []


async def test_a_missing_program_or_sandbox_is_an_error(driver: LifecycleDriver) -> None:
    failed = await expect_init_failed(create_process(driver, command=["no-such-program"], readiness=None))
    assert "no-such-program: it ended with exit code 127" in str(failed)
    assert "foreground" not in str(failed)
    with pytest.raises(MissingReference, match="sandboxId: there is no sandbox 'no-such' in the project"):
        await driver.create(PROCESS, sandboxId="no-such", command=["true"])


async def test_the_error_for_a_missing_directory_names_the_cwd(driver: LifecycleDriver) -> None:
    failed = await expect_init_failed(create_process(driver, cwd="no-such-directory"))
    assert "sh (cwd no-such-directory): the sandbox refuses (not_found): no-such-directory" in str(failed)


async def test_a_process_that_moves_to_the_background_is_reported_as_ended(driver: LifecycleDriver) -> None:
    failed = await expect_init_failed(create_process(driver, command=["sh", "-c", "true &"], readiness=None))
    assert "sh: it ended with exit code 0. It wrote nothing. The program must stay in the foreground" in str(failed)


async def test_a_process_cannot_be_imported(driver: LifecycleDriver) -> None:
    with pytest.raises(OperationFailed, match="cannot be imported"):
        await lifecycle.read(PROCESS.connect(driver.api), "some-id", None)


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"command": []}, "command", "must not be empty"),
        ({"command": ["A=b"]}, "command", "must not begin with a program that has = in its name"),
        ({"readiness": {}}, "readiness.port", "set exactly one of port and logPattern"),
        ({"readiness": {"port": 1, "logPattern": "x"}}, "readiness.port", "set exactly one of port and logPattern"),
        ({"readiness": {"logPattern": "("}}, "readiness.logPattern", "must be a regular expression"),
        ({"readiness": {"port": 65536}}, "readiness.port", "65535"),
        ({"stop": {"signal": "SIGSTOP"}}, "stop.signal", "SIGTERM"),
        ({"stop": {"graceSeconds": -1}}, "stop.graceSeconds", "0"),
    ],
)
def test_invalid_inputs_are_rejected_by_validation(inputs: dict[str, Any], path: str, reason: str) -> None:
    _, failures = PROCESS.check({}, {"sandboxId": "box", "command": ["true"], **inputs}, str)
    assert [failure.path for failure in failures] == [path]
    assert reason in failures[0].reason


@pytest.mark.parametrize("argv", [("env",), ("env", "A=b", "true"), ("sleep", "1"), ("env", "NEEV_PROCESS=x", "true")])
def test_a_process_without_a_valid_tag_is_ignored(argv: tuple[str, ...]) -> None:
    assert parse_process(ProcessInfo("1", argv, True, None, 0)) is None  # noqa: FBT003  a record


async def test_a_failed_pause_after_the_start_is_an_error_and_keeps_the_process(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver, paused=True)
    driver.emulator.inject("status", method="POST", path="/sandboxes/{id}/pause", status=403)
    failed = await expect_init_failed(driver.create(PROCESS, sandboxId=box, command=build_argv(), **READY))
    assert isinstance(failed.__cause__, NeevError)
    assert failed.stored.state["status"] == "running"
