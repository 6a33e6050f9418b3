"""The runtime of a sandbox through the official client, over a real socket."""

import operator
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import uvicorn
from neevai.errors import (
    APIError,
    BadRequestError,
    DeadlineExceededError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionFailedError,
)
from neevai.runtime import AsyncSandboxConnection, SandboxConnection
from neevai.types import Signal
from starlette.applications import Starlette
from starlette.requests import Request

from helpers.poll import poll_until
from neev_emulator.runtime import RuntimeApiError, SandboxHost, build_routes

KEY = "key"
SANDBOX = "6f1c0a52-54ae-4a5e-a1a3-0d0e4c8f5d11"


def create_runtime_app(host: SandboxHost) -> Starlette:
    async def lookup(request: Request) -> SandboxHost:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            raise RuntimeApiError(401, "permission_denied", "the key is not valid")
        if request.headers.get("X-Sandbox-Id") != SANDBOX:
            raise RuntimeApiError(404, "not_found", "no such sandbox")
        return host

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await host.stop()

    return Starlette(routes=build_routes(lookup), lifespan=lifespan)


@contextmanager
def serve_in_thread(application: Starlette) -> Iterator[str]:
    config = uvicorn.Config(application, log_level="error", ws="none", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # asyncio does this only for sockets with an explicit protocol; otherwise each response takes 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> SandboxHost:
    return SandboxHost(tmp_path_factory.mktemp("sandbox"), env={"GREETING": "hello"}, now=time.time)


@pytest.fixture(scope="module")
def connect_url(host: SandboxHost) -> Iterator[str]:
    with serve_in_thread(create_runtime_app(host)) as url:
        yield url


@pytest.fixture
def sandbox(connect_url: str) -> Iterator[SandboxConnection]:
    connection = SandboxConnection(connect_url, KEY, sandbox_id=SANDBOX, timeout_ms=20_000)
    yield connection
    connection.close()


@pytest.fixture
async def async_sandbox(connect_url: str) -> AsyncIterator[AsyncSandboxConnection]:
    connection = AsyncSandboxConnection(connect_url, KEY, sandbox_id=SANDBOX, timeout_ms=20_000)
    yield connection
    await connection.aclose()


class TestExec:
    def test_exec_returns_the_output_and_the_exit_code(self, sandbox: SandboxConnection) -> None:
        result = sandbox.exec(["sh", "-c", "echo out; echo err >&2; exit 3"])
        assert (result.stdout, result.stderr, result.exit_code) == ("out\n", "err\n", 3)

    def test_exec_streams_output_while_the_command_runs(self, sandbox: SandboxConnection) -> None:
        events = sandbox.exec_stream(["sh", "-c", "echo first; until [ -e seen ]; do sleep 0.01; done; echo second"])
        assert next(events) == {"type": "stdout", "data": "first\n"}
        sandbox.files.write("seen", b"")
        assert list(events) == [{"type": "stdout", "data": "second\n"}, {"type": "exit", "exit_code": 0}]

    def test_exec_passes_stdin_to_the_command(self, sandbox: SandboxConnection) -> None:
        assert sandbox.exec(["cat"], stdin="line\nünïcode\n").stdout == "line\nünïcode\n"

    def test_stdin_is_empty_if_none_is_given(self, sandbox: SandboxConnection) -> None:
        assert sandbox.exec(["cat"]).stdout == ""

    def test_exec_runs_in_the_workspace_or_in_cwd(self, sandbox: SandboxConnection) -> None:
        sandbox.files.mkdir("sub/deeper")
        home = sandbox.exec(["sh", "-c", "cd && pwd"]).stdout.strip()
        assert sandbox.exec(["pwd"]).stdout.strip() == home
        assert sandbox.exec(["pwd"], cwd="sub").stdout.strip() == f"{home}/sub"
        assert sandbox.exec(["pwd"], cwd="/workspace/sub/deeper").stdout.strip() == f"{home}/sub/deeper"

    def test_env_of_a_request_extends_the_environment_of_the_sandbox(self, sandbox: SandboxConnection) -> None:
        result = sandbox.exec(["sh", "-c", "echo $GREETING $NAME"], env={"NAME": "a=b c"})
        assert result.stdout == "hello a=b c\n"

    def test_a_command_does_not_inherit_the_environment_of_the_emulator(
        self, sandbox: SandboxConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EMULATOR_SECRET", "hush")
        assert "hush" not in sandbox.exec(["env"]).stdout

    def test_a_command_is_killed_with_its_child_processes_after_its_timeout(self, sandbox: SandboxConnection) -> None:
        script = "sleep 60 & echo $!; wait"
        events = sandbox.exec_stream(["sh", "-c", script], timeout_ms=300)
        pid = int(str(next(events).get("data")))
        with pytest.raises(DeadlineExceededError) as caught:
            list(events)
        assert caught.value.code == "deadline_exceeded"
        poll_until(lambda: is_alive(pid), operator.not_)

    def test_a_missing_program_raises_not_found(self, sandbox: SandboxConnection) -> None:
        with pytest.raises(NotFoundError, match="program not found"):
            sandbox.exec(["no-such-program"])

    def test_a_command_string_is_not_split_by_a_shell(self, sandbox: SandboxConnection) -> None:
        with pytest.raises(NotFoundError, match="No shell"):
            sandbox.exec("echo hello")

    def test_a_character_split_between_two_frames_is_decoded(self, sandbox: SandboxConnection) -> None:
        assert sandbox.exec(["sh", "-c", "printf '\\303'; sleep 0.05; printf '\\251'"]).stdout == "é"

    def test_five_megabytes_of_output_are_returned_completely(self, sandbox: SandboxConnection) -> None:
        assert sandbox.exec(["head", "-c", "5000000", "/dev/zero"]).stdout == "\0" * 5_000_000

    def test_the_exit_code_after_a_signal_is_128_plus_its_number(self, sandbox: SandboxConnection) -> None:
        assert sandbox.exec(["sh", "-c", "kill -TERM $$"]).exit_code == 143

    def test_a_command_is_killed_if_the_client_disconnects(self, sandbox: SandboxConnection) -> None:
        events = sandbox.exec_stream(["sh", "-c", "echo $$; exec sleep 60"])
        pid = int(str(next(events).get("data")))
        events.close()  # type: ignore[attr-defined]
        sandbox.close()
        poll_until(lambda: is_alive(pid), operator.not_)

    async def test_the_async_client_streams_output(self, async_sandbox: AsyncSandboxConnection) -> None:
        events = [event async for event in async_sandbox.exec_stream(["echo", "hi"])]
        assert events == [{"type": "stdout", "data": "hi\n"}, {"type": "exit", "exit_code": 0}]


class TestFiles:
    def test_read_returns_the_bytes_that_write_stored(self, sandbox: SandboxConnection) -> None:
        content = bytes(range(256)) * 4096
        assert sandbox.files.write("bin/data", content) == {"bytes_written": len(content)}
        assert sandbox.files.read("/workspace/bin/data") == content

    def test_an_empty_file_can_be_uploaded(self, sandbox: SandboxConnection) -> None:
        sandbox.files.upload("empty", b"")
        assert sandbox.files.stat("empty").size == 0

    def test_a_path_is_relative_to_cwd(self, sandbox: SandboxConnection) -> None:
        sandbox.files.write("notes.txt", "hi", cwd="deep/down")
        assert sandbox.files.read_text("../down/notes.txt", cwd="deep/down") == "hi"

    def test_list_and_stat_return_types_sizes_and_permissions(self, sandbox: SandboxConnection) -> None:
        sandbox.files.write("tree/b/c.txt", "abc")
        sandbox.exec(["ln", "-s", "b/c.txt", "tree/a"])
        shown = [
            (entry.name, entry.type, entry.path, entry.symlink_target)
            for entry in sandbox.files.list("tree", recursive=True)
        ]
        assert shown == [
            ("a", "symlink", "tree/a", "b/c.txt"),
            ("b", "directory", "tree/b", None),
            ("c.txt", "file", "tree/b/c.txt", None),
        ]
        entry = sandbox.files.stat("tree/b/c.txt")
        assert (entry.size, entry.mode, entry.permissions) == (3, 0o644, "rw-r--r--")
        assert [entry.name for entry in sandbox.files.list("tree")] == ["a", "b"]
        assert [entry.name for entry in sandbox.files.list("tree", recursive=True, max_count=1)] == ["a"]

    def test_mkdir_move_and_remove_change_the_workspace(self, sandbox: SandboxConnection) -> None:
        assert sandbox.files.mkdir("moves/from").type == "directory"
        sandbox.files.write("moves/from/x", "1")
        assert sandbox.files.move("moves/from", "moves/to").path == "moves/to"
        assert not sandbox.files.exists("moves/from")
        with pytest.raises(PreconditionFailedError):
            sandbox.files.remove("moves")
        sandbox.files.remove("moves", recursive=True)
        assert not sandbox.files.exists("moves/to/x")

    def test_reading_a_missing_file_raises_not_found(self, sandbox: SandboxConnection) -> None:
        with pytest.raises(NotFoundError) as caught:
            sandbox.files.read("missing")
        assert caught.value.code == "not_found"

    @pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "/workspace/../x", "/workspaces"])
    def test_a_path_outside_the_workspace_is_rejected(self, sandbox: SandboxConnection, path: str) -> None:
        for operation in (sandbox.files.read, sandbox.files.stat, sandbox.files.list, sandbox.files.remove):
            with pytest.raises(PermissionDeniedError) as caught:
                operation(path)
            assert caught.value.code == "permission_denied"
        with pytest.raises(PermissionDeniedError):
            sandbox.files.write(path, b"x")
        with pytest.raises(PermissionDeniedError):
            sandbox.files.upload(path, b"x" * (1 << 17))

    def test_a_symlink_to_outside_the_workspace_is_not_followed(self, sandbox: SandboxConnection) -> None:
        sandbox.exec(["ln", "-sfn", "/etc", "etc"])
        with pytest.raises(PermissionDeniedError):
            sandbox.files.read("etc/passwd")
        assert sandbox.files.stat("etc").symlink_target == "/etc"

    def test_watch_streams_the_changes_in_a_directory(self, sandbox: SandboxConnection) -> None:
        sandbox.files.write("watched/deep/old", "1")
        ticking = sandbox.processes.start(["sh", "-c", "while sleep 0.02; do : $((i+=1)); mkdir watched/$i; done"])
        events = sandbox.files.watch("watched", recursive=True, timeout_ms=10_000)
        first = next(events)
        ticking.kill()
        assert (first.type, first.entry and first.entry.type) == ("create", "directory")
        sandbox.files.move("watched/deep/old", "watched/renamed")
        renamed = next(event for event in events if event.type == "rename")
        assert (renamed.path, renamed.entry) == ("watched/deep/old", None)
        assert (next(events).path) == "watched/renamed"

    def test_a_watch_ends_after_its_timeout(self, sandbox: SandboxConnection) -> None:
        assert list(sandbox.files.watch(".", timeout_ms=50)) == []

    async def test_the_async_client_reads_and_writes_files(self, async_sandbox: AsyncSandboxConnection) -> None:
        await async_sandbox.files.write("async.txt", "hi")
        assert await async_sandbox.files.read_text("async.txt") == "hi"


class TestUploads:
    def test_an_upload_of_20_mebibytes_preserves_the_content(self, sandbox: SandboxConnection, tmp_path: Path) -> None:
        content = os.urandom(20 << 20)
        source, back = tmp_path / "source", tmp_path / "back"
        source.write_bytes(content)
        progress: list[tuple[int, int]] = []
        sent = sandbox.files.upload_file(
            source, "up/loaded", on_progress=lambda done, total: progress.append((done, total))
        )
        assert sent == {"bytes_written": len(content)}
        assert len(progress) == 20
        assert progress[-1] == (len(content), len(content))
        assert sandbox.files.download_file("up/loaded", back) == {"bytes_written": len(content)}
        assert back.read_bytes() == content

    def test_an_uploaded_file_does_not_exist_until_the_upload_is_complete(self, sandbox: SandboxConnection) -> None:
        results: list[bool] = []

        def check_exists(*_: int) -> None:
            results.append(sandbox.files.exists("late"))

        sandbox.files.upload("late", b"x" * (1 << 18), chunk_size=1 << 16, on_progress=check_exists)
        assert results == [False, False, False, True]

    def test_a_failed_upload_leaves_no_files(self, sandbox: SandboxConnection, host: SandboxHost) -> None:
        def give_up(done: int, _: int) -> None:
            raise InterruptedError(done)

        with pytest.raises(InterruptedError):
            sandbox.files.upload("partial", b"x" * (1 << 18), chunk_size=1 << 16, on_progress=give_up)
        assert not sandbox.files.exists("partial")
        assert list((host.workspace.parent / "uploads").iterdir()) == []

    async def test_the_async_client_uploads_files(self, async_sandbox: AsyncSandboxConnection) -> None:
        await async_sandbox.files.write("big", b"x" * 3_000_000)
        assert (await async_sandbox.files.stat("big")).size == 3_000_000


class TestProcesses:
    def test_a_process_continues_after_the_request_that_started_it(self, sandbox: SandboxConnection) -> None:
        process = sandbox.processes.start(["sh", "-c", "until [ -e go ]; do sleep 0.01; done; exit 4"])
        assert (process.status().state, process.exit_code) == ("running", None)
        sandbox.files.write("go", b"")
        assert (process.wait().state, process.exit_code) == ("exited", 4)

    def test_the_process_list_contains_a_started_process(self, sandbox: SandboxConnection) -> None:
        process = sandbox.processes.start(["sleep", "60"], cwd=".")
        (info,) = [info for info in sandbox.processes.list() if info.process_id == process.id]
        assert (info.name, info.args, info.cwd, info.state) == ("sleep", ["60"], ".", "running")
        assert abs(info.started_at / 1000 - time.time()) < 60
        assert process.kill(Signal.KILL)
        assert process.wait().exit_code == 137
        assert not process.kill()

    def test_logs_continue_from_the_cursor(self, sandbox: SandboxConnection) -> None:
        process = sandbox.processes.start(
            ["sh", "-c", "echo one; until [ -e more ]; do sleep 0.01; done; echo two >&2"], env={"A": "b"}
        )
        followed = process.follow()
        assert next(followed) == {"type": "stdout", "data": "one\n"}
        page = process.logs()
        assert [(entry.stream, entry.data) for entry in page.entries] == [("stdout", "one\n")]
        assert (page.state, page.dropped) == ("running", False)
        sandbox.files.write("more", b"")
        assert list(followed) == [{"type": "stderr", "data": "two\n"}, {"type": "exit", "exit_code": 0}]
        rest = process.logs(cursor=page.cursor)
        assert [(entry.stream, entry.data) for entry in rest.entries] == [("stderr", "two\n")]
        assert rest.state == "exited"
        assert process.logs(cursor=rest.cursor).entries == []

    def test_the_oldest_output_is_dropped_from_the_logs(self, sandbox: SandboxConnection) -> None:
        process = sandbox.processes.start(["head", "-c", "3000000", "/dev/zero"])
        process.wait()
        page = process.logs()
        assert page.dropped
        assert 900_000 < sum(len(entry.data) for entry in page.entries) <= 1 << 20
        assert not process.logs(cursor=page.cursor).dropped

    def test_kill_all_signals_every_process(self, sandbox: SandboxConnection) -> None:
        processes = [sandbox.processes.start("sleep", args=["60"]) for _ in range(3)]
        assert sandbox.processes.kill_all() == 3
        assert [process.wait().exit_code for process in processes] == [143] * 3
        assert sandbox.processes.kill_all() == 0

    def test_stdin_is_passed_to_a_process(self, sandbox: SandboxConnection) -> None:
        process = sandbox.processes.start("cat", stdin="fed")
        process.wait()
        assert [entry.data for entry in process.logs().entries] == ["fed"]

    def test_an_unknown_process_id_raises_not_found(self, sandbox: SandboxConnection) -> None:
        for call in (sandbox.processes.get, sandbox.processes.logs, sandbox.processes.kill):
            with pytest.raises(NotFoundError) as caught:
                call("proc-none")
            assert caught.value.code == "not_found"

    def test_an_unknown_signal_is_rejected(self, sandbox: SandboxConnection) -> None:
        with pytest.raises(BadRequestError):
            sandbox.processes.kill_all(signal=99)

    async def test_the_async_client_follows_the_logs(self, async_sandbox: AsyncSandboxConnection) -> None:
        process = await async_sandbox.processes.start(["echo", "hi"])
        events = [event async for event in process.follow()]
        assert events == [{"type": "stdout", "data": "hi\n"}, {"type": "exit", "exit_code": 0}]
        assert (await process.wait()).exit_code == 0


def test_an_error_of_the_sandbox_lookup_is_returned_to_the_client(connect_url: str) -> None:
    connection = SandboxConnection(connect_url, "wrong", sandbox_id=SANDBOX)
    with pytest.raises(APIError, match="the key is not valid") as caught:
        connection.exec(["true"])
    connection.close()
    assert caught.value.status_code == 401


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
