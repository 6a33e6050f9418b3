"""Commands and files of a sandbox: requests, streamed output, and the error for each failure."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.fakes.scripted_transport import ScriptedOutcome, ScriptedTransport, json_response

from neev_emulator import Emulator
from neev_provider.client import Api, Settings
from neev_provider.client.runtime import EXEC_TIMEOUT_MARGIN, READ_TIMEOUT, ExecRequest, Runtime, SandboxSession
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core import errors

KEY = "a-key-that-nobody-may-see"
SETTINGS = Settings("https://api.example", KEY, "org", "project")
SANDBOX = Sandbox(id="box-1", name="box", phase="Ready", connect_url="https://inside.example")


class OutputRecorder:
    """A listener that records the output, in order."""

    def __init__(self) -> None:
        self.outputs: list[tuple[str, str]] = []

    def __call__(self, stream: str, text: str) -> None:
        self.outputs.append((stream, text))


def frames_response(*frames: object) -> httpx.Response:
    return httpx.Response(200, content="".join(json.dumps(frame) + "\n" for frame in frames))


def output_frame(data: bytes, stream: str = "stdout") -> dict[str, str]:
    return {"type": stream, "data": b64encode(data).decode()}


async def run_scripted(outcome: ScriptedOutcome, run: ExecRequest | None = None) -> tuple[int, list[tuple[str, str]]]:
    """Return the exit code and the output of a command whose only request has this outcome."""
    script, received = ScriptedTransport(outcome), OutputRecorder()
    runtime = Runtime(SETTINGS, script)
    try:
        return await runtime.session(SANDBOX).exec(
            run or ExecRequest(["tool"]), received, read_timeout=5
        ), received.outputs
    finally:
        await runtime.aclose()
        assert len(script.sent) == 1


@pytest.fixture
async def session(api: Api, emulator: Emulator) -> SandboxSession:
    created = await api.sandboxes.create({"name": "box"})
    emulator.advance(60)
    return api.runtime.session(await api.sandboxes.get(created.id))


async def test_a_command_runs_once_with_its_environment_stdin_and_directory(
    session: SandboxSession, emulator: Emulator
) -> None:
    received = OutputRecorder()
    await session.exec(ExecRequest(["mkdir", "deep"]), received, read_timeout=5)
    emulator.clear_log()
    run = ExecRequest(
        ["sh", "-c", 'cat; echo "$A"; pwd; echo bad >&2; exit 3'], cwd="deep", env={"A": "b"}, stdin="in\n"
    )
    assert await session.exec(run, received, read_timeout=5) == 3
    assert "".join(text for stream, text in received.outputs if stream == "stdout").split()[:2] == ["in", "b"]
    assert "".join(text for stream, text in received.outputs if stream == "stdout").strip().endswith("deep")
    assert ("stderr", "bad\n") in received.outputs
    assert [entry["template"] for entry in emulator.requests] == ["/v1/exec"]


async def test_output_is_reported_while_the_command_runs(session: SandboxSession) -> None:
    """The command ends only after its first line was received."""
    going: list[asyncio.Future[int]] = []

    def handle_output(_stream: str, _text: str) -> None:
        going.append(
            asyncio.ensure_future(session.exec(ExecRequest(["touch", "go"]), OutputRecorder(), read_timeout=5))
        )

    waiting = 'echo one; until [ -e "$1" ]; do sleep 0.01; done'
    assert (
        await session.exec(ExecRequest(["sh", "-c", waiting, "-", "go"], timeout=10), handle_output, read_timeout=15)
        == 0
    )
    assert [await item for item in going] == [0]


async def test_a_command_that_exceeds_its_timeout_raises_operation_failed(session: SandboxSession) -> None:
    with pytest.raises(errors.OperationFailed, match=r"still running after 50 ms.*timeoutSeconds"):
        await session.exec(ExecRequest(["sleep", "60"], timeout=0.05), OutputRecorder(), read_timeout=5)


async def test_a_missing_program_raises_runtime_rejected_instead_of_not_found(session: SandboxSession) -> None:
    with pytest.raises(errors.RuntimeRejected, match="no-such-program") as caught:
        await session.exec(ExecRequest(["no-such-program"]), OutputRecorder(), read_timeout=5)
    assert caught.value.code == "not_found"
    assert not isinstance(caught.value, errors.NotFound)


async def test_a_connection_lost_during_a_command_raises_outcome_unknown(
    session: SandboxSession, emulator: Emulator
) -> None:
    emulator.inject("reset_after", method="POST", path="/v1/exec")
    with pytest.raises(errors.OutcomeUnknown, match="connection was lost"):
        await session.exec(ExecRequest(["touch", "was-here"]), OutputRecorder(), read_timeout=5)
    assert await session.exec(ExecRequest(["test", "-e", "was-here"]), OutputRecorder(), read_timeout=5) == 0


@pytest.mark.parametrize(
    ("ending", "error"),
    [
        (httpx.ConnectError("no route"), errors.RequestNotSent),
        (httpx.ReadError("reset"), errors.OutcomeUnknown),
        (httpx.ReadTimeout("silence"), errors.OutcomeUnknown),
        (json_response(502), errors.OutcomeUnknown),
        (json_response(408), errors.OutcomeUnknown),
        (json_response(425), errors.OutcomeUnknown),
        (json_response(499), errors.OutcomeUnknown),
        (json_response(500, {"reason_code": "internal", "message": "no"}), errors.OutcomeUnknown),
        (json_response(503, {"reason_code": "unavailable", "message": "Paused"}), errors.RuntimeRejected),
        (json_response(412, {"reason_code": "failed_precondition", "message": "Paused"}), errors.RuntimeRejected),
        (json_response(404), errors.RuntimeRejected),
        (json_response(401, {"reason_code": "permission_denied", "message": "no"}), errors.Unauthorized),
        (frames_response(output_frame(b"half")), errors.OutcomeUnknown),
        (frames_response({"type": "error", "reason_code": "not_found", "message": "no tool"}), errors.RuntimeRejected),
        (frames_response({"type": "error", "reason_code": "internal", "message": "no"}), errors.OutcomeUnknown),
        (
            frames_response(
                output_frame(b"x"), {"type": "error", "reason_code": "resource_exhausted", "message": "memory"}
            ),
            errors.OutcomeUnknown,
        ),
        (httpx.Response(200, content="<html>"), errors.OutcomeUnknown),
    ],
)
async def test_every_failed_request_raises_its_error_class(
    ending: ScriptedOutcome, error: type[errors.NeevError]
) -> None:
    """Each request is sent once."""
    with pytest.raises(error):
        await run_scripted(ending)


async def test_output_with_invalid_utf8_does_not_fail_the_command() -> None:
    code, received = await run_scripted(
        frames_response(
            output_frame(b"\xe2\x82"),
            output_frame(b"\xac\xff", "stdout"),
            output_frame(b"\xe2"),
            {"type": "exit", "exit_code": 0},
        )
    )
    assert (code, "".join(text for _, text in received)) == (0, "€��")


async def test_an_exit_frame_without_a_code_means_exit_code_0() -> None:
    assert (await run_scripted(frames_response({"type": "exit"})))[0] == 0


async def test_errors_redact_the_key_and_repr_hides_the_environment() -> None:
    refused = json_response(400, {"reason_code": "invalid_argument", "message": f"bad: {KEY}"})
    with pytest.raises(errors.RuntimeRejected) as caught:
        await run_scripted(refused)
    assert "bad: [secret]" in str(caught.value)
    assert "hunter2" not in repr(ExecRequest(["tool"], env={"TOKEN": "hunter2"}))


async def test_a_session_requires_a_secure_connect_url() -> None:
    runtime = Runtime(SETTINGS)
    with pytest.raises(errors.ConfigError, match=r"inside\.example in clear"):
        runtime.session(SANDBOX.model_copy(update={"connect_url": "http://inside.example"}))
    with pytest.raises(errors.OperationFailed, match="returned no URL"):
        runtime.session(SANDBOX.model_copy(update={"connect_url": None}))
    await runtime.aclose()


async def test_a_file_is_written_hashed_and_deleted(session: SandboxSession) -> None:
    content = b"0123456789abcdef" * (3 << 15)
    await session.write("deep/file", io.BytesIO(content))
    entry = await session.stat("deep/file")
    assert entry is not None
    assert (entry.is_file, entry.size) == (True, len(content))
    assert await session.sha256("deep/file") == hashlib.sha256(content).hexdigest()
    await session.delete("deep/file")
    assert await session.stat("deep/file") is None
    with pytest.raises(errors.RuntimeRejected, match="permission_denied"):
        await session.stat("/etc/passwd")


async def test_a_file_request_with_a_lost_response_raises_unavailable() -> None:
    """File requests are idempotent, so the outcome is not unknown."""
    runtime = Runtime(SETTINGS, ScriptedTransport(httpx.ReadError("reset")))
    with pytest.raises(errors.Unavailable, match="connection was lost"):
        await runtime.session(SANDBOX).sha256("file")
    with pytest.raises(errors.Unavailable):
        await runtime.session(SANDBOX).write("file", io.BytesIO(b""))
    await runtime.aclose()


async def test_a_server_error_while_a_file_is_read_raises_unavailable() -> None:
    """A read changes nothing, so the outcome is not unknown."""
    runtime = Runtime(
        SETTINGS,
        ScriptedTransport(json_response(500, {"reason_code": "internal", "message": "disk"}, x_request_id="r-7")),
    )
    with pytest.raises(errors.Unavailable, match="file was answered with 500 internal: disk") as caught:
        await runtime.session(SANDBOX).sha256("file")
    assert caught.value.request_id == "r-7"
    await runtime.aclose()


async def test_blank_lines_and_unknown_frames_are_ignored() -> None:
    """Blank lines keep a connection alive; a newer sandbox may send other frames."""
    exited = {"type": "exit", "exit_code": 4}
    content = "\n\n".join(json.dumps(item) for item in ({"type": "usage", "cpu": 1}, output_frame(b"x"), exited))
    assert await run_scripted(httpx.Response(200, content=content)) == (4, [("stdout", "x")])


async def run_error(outcome: ScriptedOutcome, *, run: bool) -> errors.NeevError:
    """Return the error of a command, or of a read of a file, whose request has this outcome."""
    runtime = Runtime(SETTINGS, ScriptedTransport(outcome))
    with pytest.raises(errors.NeevError) as caught:
        await (
            runtime.session(SANDBOX).exec(ExecRequest(["tool"]), OutputRecorder(), read_timeout=5)
            if run
            else runtime.session(SANDBOX).sha256("file")
        )
    await runtime.aclose()
    return caught.value


NO_REASON = "the sandbox gave no reason"


@pytest.mark.parametrize(
    ("ending", "of_a_command", "of_a_file"),
    [
        (
            json_response(401, {"reason_code": "expired", "message": "no"}, x_request_id="r-7"),
            "tool was answered with 401 expired: no (request id r-7).",
            "file was answered with 401 expired: no (request id r-7).",
        ),
        (
            json_response(504, {"reason_code": "deadline_exceeded", "message": "killed"}),
            "tool: killed.",
            "file: killed.",
        ),
        (
            json_response(400, {"message": "bad"}),
            "tool: the sandbox refuses (400): bad.",
            "file: the sandbox refuses (400): bad.",
        ),
        (
            json_response(498, {"reason_code": "odd", "message": "bad"}),
            "tool: the sandbox refuses (odd): bad.",
            "file: the sandbox refuses (odd): bad.",
        ),
        (
            json_response(503, {"reason_code": "other", "message": "busy"}),
            "tool: busy.",
            "file was answered with 503 other: busy.",
        ),
        (
            json_response(500, {"reason_code": "unavailable", "message": "busy"}, x_request_id="r-8"),
            "tool: busy.",
            "file was answered with 500 unavailable: busy (request id r-8).",
        ),
        (json_response(500), f"tool: {NO_REASON}.", f"file was answered with 500: {NO_REASON}."),
        (httpx.Response(502, content="<p>"), "tool: <p>.", "file was answered with 502: <p>."),
        (
            httpx.ConnectError("no route"),
            "tool: no connection to the sandbox.",
            "file: no connection to the sandbox.",
        ),
        (
            httpx.ReadTimeout("silence"),
            "tool: nothing was heard for too long.",
            "file was answered with nothing: nothing was heard for too long.",
        ),
        (
            httpx.ReadError("reset"),
            "tool: the connection was lost.",
            "file was answered with nothing: the connection was lost.",
        ),
    ],
)
async def test_every_failed_request_has_its_exact_error_message(
    ending: ScriptedOutcome, of_a_command: str, of_a_file: str
) -> None:
    assert (await run_error(ending, run=True)).summary == of_a_command
    assert (await run_error(ending, run=False)).summary == of_a_file


async def test_a_file_error_without_a_response_has_status_0() -> None:
    lost = await run_error(httpx.ReadError("reset"), run=False)
    assert isinstance(lost, errors.Unavailable)
    assert lost.status == 0


async def test_incomplete_frames_and_invalid_connect_urls_have_exact_error_messages() -> None:
    assert (
        await run_error(frames_response(output_frame(b"half")), run=True)
    ).summary == "tool: the connection ended before the command did."
    assert (await run_error(frames_response({"type": "error"}), run=True)).summary == f"tool: {NO_REASON}."
    late = await run_error(
        frames_response({"type": "error", "reason_code": "deadline_exceeded", "message": "late"}), run=True
    )
    assert str(late) == "tool: late. Raise `timeoutSeconds`, or make it faster."
    with pytest.raises(errors.OperationFailed, match=r"^the API returned no URL for its commands and files"):
        Runtime(SETTINGS).session(SANDBOX.model_copy(update={"connect_url": None}))
    with pytest.raises(errors.ConfigError, match=r"^the sandbox's connect URL would take"):
        Runtime(SETTINGS).session(SANDBOX.model_copy(update={"connect_url": "http://inside.example"}))


async def test_requests_for_commands_and_files_have_the_documented_format() -> None:
    script = ScriptedTransport(frames_response({"type": "exit", "exit_code": 0}))
    runtime = Runtime(SETTINGS, script)
    run = ExecRequest(["tool", "-v"], cwd="deep", env={"A": "b"}, stdin="in", timeout=2.5)
    await runtime.session(SANDBOX).exec(run, OutputRecorder(), read_timeout=5)
    await runtime.session(SANDBOX).exec(ExecRequest(["tool"]), OutputRecorder(), read_timeout=5)
    await runtime.session(SANDBOX).sha256("file")
    with pytest.raises(errors.OperationFailed):
        await runtime.session(SANDBOX).stat("file")
    full, bare, read, _ = script.sent
    expected = {"command": "tool", "args": ["-v"], "cwd": "deep", "env": ["A=b"], "timeout_ms": 2500, "stdin": "in"}
    assert json.loads(full.content) == expected
    unset = dict.fromkeys(("cwd", "env", "timeout_ms", "stdin"))
    assert json.loads(bare.content) == {"command": "tool", "args": [], **unset}
    assert json.loads(read.content) == {"path": "file"}
    for sent, kind in (
        (full, "application/x-ndjson"),
        (bare, "application/x-ndjson"),
        (read, "application/octet-stream"),
    ):
        assert sent.method == "POST"
        assert (sent.headers["accept"], sent.headers["content-type"]) == (kind, "application/json")
        assert sent.headers["x-sandbox-id"] == "box-1"
    assert [sent.extensions["timeout"]["read"] for sent in script.sent] == [
        5 + EXEC_TIMEOUT_MARGIN,
        5 + EXEC_TIMEOUT_MARGIN,
        READ_TIMEOUT,
        READ_TIMEOUT,
    ]
    await runtime.aclose()


async def test_an_incomplete_character_at_the_end_of_a_stream_is_replaced() -> None:
    exited = {"type": "exit", "exit_code": 0}
    _, received = await run_scripted(frames_response(output_frame(b"\xe2"), output_frame(b"\xe2", "stderr"), exited))
    assert received == [("stdout", "\N{REPLACEMENT CHARACTER}"), ("stderr", "\N{REPLACEMENT CHARACTER}")]


async def test_stat_returns_the_type_size_mode_and_time_of_a_file(session: SandboxSession) -> None:
    await session.write("file", io.BytesIO(b"12345"))
    await session.exec(ExecRequest(["chmod", "4750", "file"]), OutputRecorder(), read_timeout=5)
    entry = await session.stat("file")
    assert entry is not None
    assert (entry.is_file, entry.size, oct(entry.mode)) == (True, 5, "0o4750")
    assert datetime.fromisoformat(entry.modified_at) <= datetime.now(UTC)


async def test_list_directory_is_optionally_recursive_and_returns_none_if_missing(session: SandboxSession) -> None:
    await session.write("top/deep/file", io.BytesIO(b"123"))
    await session.exec(ExecRequest(["chmod", "2750", "top/deep/file"]), OutputRecorder(), read_timeout=5)
    assert await session.list_directory("nowhere") is None
    assert await session.list_directory("top/deep/file") is None
    top, every = await session.list_directory("top"), await session.list_directory("top", recursive=True)
    assert top is not None
    assert every is not None
    assert {name: entry.is_file for name, entry in top.items()} == {"deep": False}
    [file] = [entry for path, entry in every.items() if path.endswith("top/deep/file")]
    assert (file.is_file, file.size, oct(file.mode)) == (True, 3, "0o2750")
    with pytest.raises(errors.RuntimeRejected, match=r"^/etc: the sandbox refuses"):
        await session.list_directory("/etc")


@pytest.mark.parametrize(
    "work",
    [
        lambda session: session.stat("/etc/passwd"),
        lambda session: session.write("/etc/passwd", io.BytesIO(b"")),
        lambda session: session.delete("/etc/passwd"),
        lambda session: session.sha256("/etc/passwd"),
    ],
)
async def test_the_error_for_a_rejected_file_request_names_the_file(
    session: SandboxSession, work: Callable[[SandboxSession], Awaitable[Any]]
) -> None:
    with pytest.raises(errors.RuntimeRejected, match=r"^/etc/passwd: the sandbox refuses \(permission_denied\)"):
        await work(session)
