"""Commands and files in a sandbox, at the address of the sandbox itself.

No request that can have reached the sandbox is sent twice. Only this module and ``runtime_errors`` use the official
SDK, which never retries and is slow to import.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

from neev_provider.client.output_decoder import OutputDecoder, OutputHandler
from neev_provider.client.processes import LogPage, ProcessInfo
from neev_provider.client.resume_wait import ResumeWait, RuntimeCall, runtime_call
from neev_provider.client.runtime_errors import translate_errors
from neev_provider.client.settings import require_secure_url
from neev_provider.core import errors

if TYPE_CHECKING:
    from neevai.runtime import AsyncSandboxConnection
    from neevai.transport.runtime import AsyncRuntimeTransport
    from neevai.types import FileEntry

    from neev_provider.client.http.connection_pool import HttpClient, HttpTransport
    from neev_provider.client.sandboxes import Sandbox
    from neev_provider.client.settings import Settings

READ_TIMEOUT = 60.0
"""Read timeout of a request about a file, in seconds."""
RANGE_BYTES = 16 * 1024 * 1024
"""Bytes of one request for a part of a file."""
EXEC_TIMEOUT_MARGIN = 15.0
"""Seconds added to a command's own timeout before a silent connection counts as broken."""


@dataclass(frozen=True)
class FileInfo:
    """A file or directory: its type, size in bytes, permissions and modification time."""

    is_file: bool
    size: int
    mode: int
    modified_at: str
    link_target: str | None = None
    """The target of a symbolic link."""


@dataclass(frozen=True)
class ExecRequest:
    """One command, which runs without a shell."""

    argv: Sequence[str]
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    stdin: str | None = field(default=None, repr=False)
    timeout: float | None = None
    """Seconds after which the sandbox kills the command."""


class Runtime:
    """The sessions in the sandboxes of one project; they share a connection pool."""

    def __init__(self, settings: Settings, transport: HttpTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport
        self._client: HttpClient | None = None

    def session(self, sandbox: Sandbox, resume_wait: ResumeWait | None = None) -> SandboxSession:
        """Return a session in the sandbox, which must be running.

        With `resume_wait`, its calls wait if the sandbox was paused meanwhile and the platform resumes it for them.
        """
        if not sandbox.connect_url:
            raise errors.OperationFailed("the API returned no URL for its commands and files")
        require_secure_url(sandbox.connect_url, self._settings, subject="the sandbox's connect URL")
        return SandboxSession(sandbox, self._settings, self._get_client(), resume_wait)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()

    def _get_client(self) -> HttpClient:
        from neev_provider.client.http.connection_pool import new_http_client  # noqa: PLC0415  httpx is slow to import
        from neev_provider.client.http.runtime_client import RuntimeClient  # noqa: PLC0415

        if self._client is None:
            self._client = new_http_client(self._settings, self._transport, client_class=RuntimeClient)
        return self._client


class SandboxSession:
    """The commands and files of one running sandbox."""

    def __init__(
        self, sandbox: Sandbox, settings: Settings, client: HttpClient, resume_wait: ResumeWait | None
    ) -> None:
        self._id = sandbox.id
        self._url = sandbox.connect_url or ""
        self._settings = settings
        self._client = client
        self._resume_wait = resume_wait

    @property
    def is_resuming(self) -> bool:
        """Return whether a call has not reached the sandbox yet, because the platform is resuming it."""
        return self._resume_wait is not None and self._resume_wait.is_waiting

    async def exec(self, request: ExecRequest, on_output: OutputHandler, *, read_timeout: float) -> int:
        """Run the command once; return its exit code. `on_output` is called with its output.

        `read_timeout` is in seconds: the connection may be silent for that long.

        Raises:
            RuntimeRejected: the command was not started.
            OperationFailed: it was still running at its timeout, and was killed.
            OutcomeUnknown: it was started, and the connection ended before the command did.
        """
        listening = OutputDecoder(on_output)
        body = {
            "command": request.argv[0],
            "args": list(request.argv[1:]),
            "cwd": request.cwd,
            "env": [f"{name}={value}" for name, value in request.env.items()] or None,
            "timeout_ms": None if request.timeout is None else int(request.timeout * 1000),
            "stdin": request.stdin,
        }
        headers = {"Accept": "application/x-ndjson"}
        async with self._translate_errors(
            request.argv[0], is_write=True, output_received=lambda: listening.output_received
        ):
            lines = self._transport(read_timeout + EXEC_TIMEOUT_MARGIN).stream_request(
                "POST", "/v1/exec", headers=headers, body=body
            )
            async with aclosing(lines):
                async for line in lines:
                    if line.strip():
                        listening.handle_frame(json.loads(line))
        if listening.exit_code is None:
            raise errors.OutcomeUnknown(f"{request.argv[0]}: the connection ended before the command did.")
        return listening.exit_code

    async def stat(self, path: str) -> FileInfo | None:
        """Return what is at the path, or None."""
        try:
            async with self._translate_errors(path):
                entry = await self._connection(READ_TIMEOUT).files.stat(path)
        except errors.RuntimeRejected as refused:
            if refused.code == "not_found":
                return None
            raise
        return _to_file_info(entry)

    async def list_directory(self, path: str, *, recursive: bool = False) -> dict[str, FileInfo] | None:
        """Return the entries of the directory by name, or all below it by path; None if it is no directory."""
        try:
            async with self._translate_errors(path):
                entries = await self._connection(READ_TIMEOUT).files.list(path, recursive=recursive)
        except errors.RuntimeRejected as refused:
            if refused.code in ("not_found", "failed_precondition"):
                return None
            raise
        return {entry.path if recursive else entry.name: _to_file_info(entry) for entry in entries}

    async def sha256(self, path: str) -> str:
        """Return the SHA-256 of the file, which is read in ranges, or at once if the API has no ranges."""
        digest, start = hashlib.sha256(), 0
        while True:
            received, call = await self._read_range(path, start, digest.update)
            start += received
            # a response may be shorter than the range; its Content-Range ends with the size of the file
            is_last = not received or call.content_range.endswith(f"/{start}")
            if call.status != HTTPStatus.PARTIAL_CONTENT or is_last:
                return digest.hexdigest()

    async def _read_range(self, path: str, start: int, on_bytes: Callable[[bytes], None]) -> tuple[int, RuntimeCall]:
        """Return the number of received bytes and the call; a range after the end of the file has no bytes."""
        received = 0
        headers = {"Accept": "application/octet-stream", "Range": f"bytes={start}-{start + RANGE_BYTES - 1}"}
        with runtime_call(self._resume_wait) as call:
            try:
                async with translate_errors(path, self._settings.api_key):
                    pieces = self._transport(READ_TIMEOUT).stream_bytes(
                        "POST", "/v1/files/read", headers=headers, body={"path": path}
                    )
                    async with aclosing(pieces):
                        async for piece in pieces:
                            received += len(piece)
                            on_bytes(piece)
            except errors.RuntimeRejected:
                if call.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise
        return received, call

    async def write(self, path: str, content: BinaryIO) -> None:
        """Replace the file by the content of the stream, which is sent in chunks."""
        async with self._translate_errors(path):
            await self._connection(READ_TIMEOUT).files.upload(path, content)

    async def create_directory(self, path: str) -> None:
        """Create the directory and its parents."""
        async with self._translate_errors(path):
            await self._connection(READ_TIMEOUT).files.mkdir(path)

    async def delete(self, path: str) -> None:
        """Delete the file or the empty directory."""
        async with self._translate_errors(path):
            await self._connection(READ_TIMEOUT).files.remove(path)

    async def start_process(
        self, argv: Sequence[str], *, cwd: str | None = None, env: Mapping[str, str] | None = None, subject: str = ""
    ) -> ProcessInfo:
        """Start a supervised process, which goes on after the response, and return it; errors name the subject."""
        async with self._translate_errors(subject or argv[0], is_write=True):
            started = await self._connection(READ_TIMEOUT).processes.start(
                list(argv), cwd=cwd, env=dict(env) if env else None
            )
        return ProcessInfo(started.id, tuple(argv), started.state == "running", started.exit_code, started.started_at)

    async def list_processes(self) -> tuple[ProcessInfo, ...]:
        """Return the supervised processes: all that run, and the latest that have exited."""
        async with self._translate_errors("the list of processes"):
            listed = await self._connection(READ_TIMEOUT).processes.list()
        return tuple(
            ProcessInfo(
                item.process_id, (item.name, *item.args), item.state == "running", item.exit_code, item.started_at
            )
            for item in listed
        )

    async def read_process_log(self, process_id: str, cursor: int) -> LogPage:
        """Return the output of the process from the cursor; 0 is the beginning."""
        async with self._translate_errors(process_id):
            page = await self._connection(READ_TIMEOUT).processes.logs(process_id, cursor=cursor)
        entries = tuple((entry.stream, entry.data) for entry in page.entries)
        return LogPage(entries, page.cursor, page.state == "running")

    async def signal_process(self, process_id: str, number: int) -> None:
        """Send the signal to the process, unless it has exited."""
        async with self._translate_errors(process_id):
            await self._connection(READ_TIMEOUT).processes.kill(process_id, signal=number)

    @asynccontextmanager
    async def _translate_errors(
        self, subject: str, *, is_write: bool = False, output_received: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[None]:
        key = self._settings.api_key
        with runtime_call(self._resume_wait):
            async with translate_errors(subject, key, is_write=is_write, output_received=output_received):
                yield

    def _connection(self, timeout: float) -> AsyncSandboxConnection:
        from neevai.runtime import AsyncSandboxConnection  # noqa: PLC0415

        key, milliseconds = self._settings.api_key, int(timeout * 1000)
        return AsyncSandboxConnection(self._url, key, milliseconds, client=self._client, sandbox_id=self._id)

    def _transport(self, timeout: float) -> AsyncRuntimeTransport:
        from neevai.transport.runtime import AsyncRuntimeTransport  # noqa: PLC0415

        key = self._settings.api_key
        return AsyncRuntimeTransport(self._url, key, int(timeout * 1000), client=self._client, sandbox_id=self._id)


def _to_file_info(entry: FileEntry) -> FileInfo:
    target = entry.symlink_target if entry.type == "symlink" else None
    return FileInfo(entry.type == "file", entry.size, entry.mode & 0o7777, entry.modified_time, target)
