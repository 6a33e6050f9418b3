"""What happens inside a sandbox: commands and files, at the address where the sandbox itself is served.

Nothing is ever sent a second time. This is the one module that knows the official SDK, whose connection never retries;
it is imported when it is needed, for it takes its time.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from neev_provider.client.settings import fit_for_the_key
from neev_provider.core import errors
from neev_provider.core.redaction import Redactor

if TYPE_CHECKING:
    from neevai.errors import APIError
    from neevai.runtime import AsyncSandboxConnection
    from neevai.transport.runtime import AsyncRuntimeTransport
    from neevai.types import FileEntry

    from neev_provider.client.http.connection_pool import Pool, Seam
    from neev_provider.client.sandboxes import Sandbox
    from neev_provider.client.settings import Settings

Stream = Literal["stdout", "stderr"]
Hear = Callable[[Stream, str], None]
"""Told what a command writes, as it comes."""

SILENCE = 60.0
"""Seconds without a sign of life after which a request about a file is given up."""
MARGIN = 15.0
"""Seconds beyond a command's own time after which a silent connection is taken for broken."""


@dataclass(frozen=True)
class Entry:
    """What is at a path: whether it is a file, its size in bytes, its permissions, and when it was changed."""

    is_file: bool
    size: int
    mode: int
    modified: str
    target: str | None = None
    """Where it leads, where it is a symbolic link."""


@dataclass(frozen=True)
class Run:
    """One command: no shell is involved."""

    argv: Sequence[str]
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    stdin: str | None = field(default=None, repr=False)
    timeout: float | None = None
    """Seconds after which the sandbox kills it."""


class Runtime:
    """The insides of the sandboxes of one project; they share a pool of connections."""

    def __init__(self, settings: Settings, seam: Seam | None = None) -> None:
        self._settings = settings
        self._seam = seam
        self._pool: Pool | None = None

    def at(self, sandbox: Sandbox) -> Inside:
        """Return the inside of the sandbox, which must be running."""
        if not sandbox.connect_url:
            raise errors.Failed("the platform says no address at which its commands and files are served")
        fit_for_the_key(sandbox.connect_url, self._settings, what="the sandbox's connect URL")
        return Inside(sandbox, self._settings, self._http())

    async def aclose(self) -> None:
        """Close every connection."""
        if self._pool is not None:
            await self._pool.aclose()

    def _http(self) -> Pool:
        from neev_provider.client.http.connection_pool import pool  # noqa: PLC0415  httpx takes half a second to import

        if self._pool is None:
            self._pool = pool(self._settings, self._seam)
        return self._pool


class Inside:
    """The commands and files of one running sandbox."""

    def __init__(self, sandbox: Sandbox, settings: Settings, http: Pool) -> None:
        self._id = sandbox.id
        self._url = sandbox.connect_url or ""
        self._settings = settings
        self._http = http

    async def run(self, run: Run, hear: Hear, *, patience: float) -> int:
        """Return the exit code of the command, which has run once; `hear` was told what it wrote.

        `patience` is in seconds: how long the connection may be silent.

        Raises:
            Refused: the command was not started.
            Failed: it was still running at the end of its time, and was killed.
            OutcomeUnknown: it was started, and the connection ended before it did.
        """
        listening = _Listening(hear)
        body = {
            "command": run.argv[0],
            "args": list(run.argv[1:]),
            "cwd": run.cwd,
            "env": [f"{name}={value}" for name, value in run.env.items()] or None,
            "timeout_ms": None if run.timeout is None else int(run.timeout * 1000),
            "stdin": run.stdin,
        }
        headers = {"Accept": "application/x-ndjson"}
        async with self._translated(run.argv[0], wrote=True, heard=lambda: listening.heard):
            lines = self._transport(patience + MARGIN).stream_request("POST", "/v1/exec", headers=headers, body=body)
            async with aclosing(lines):
                async for line in lines:
                    if line.strip():
                        listening.frame(json.loads(line))
        if listening.exit_code is None:
            raise errors.OutcomeUnknown(f"{run.argv[0]}: the connection ended before the command did.")
        return listening.exit_code

    async def stat(self, path: str) -> Entry | None:
        """Return what is at the path, or None where nothing is."""
        try:
            async with self._translated(path):
                seen = await self._connection(SILENCE).files.stat(path)
        except errors.Refused as refused:
            if refused.code == "not_found":
                return None
            raise
        return _entry(seen)

    async def entries(self, path: str, *, recursive: bool = False) -> dict[str, Entry] | None:
        """Return what is in the directory by name, or all below it by paths; None where no directory is."""
        try:
            async with self._translated(path):
                seen = await self._connection(SILENCE).files.list(path, recursive=recursive)
        except errors.Refused as refused:
            if refused.code in ("not_found", "failed_precondition"):
                return None
            raise
        return {each.path if recursive else each.name: _entry(each) for each in seen}

    async def digest(self, path: str) -> str:
        """Return the SHA-256 of the file's content, which is read piece by piece."""
        found = hashlib.sha256()
        headers = {"Accept": "application/octet-stream"}
        async with self._translated(path):
            pieces = self._transport(SILENCE).stream_bytes(
                "POST", "/v1/files/read", headers=headers, body={"path": path}
            )
            async with aclosing(pieces):
                async for piece in pieces:
                    found.update(piece)
        return found.hexdigest()

    async def write(self, path: str, content: BinaryIO) -> None:
        """Return once the file holds what can be read from the stream, sent in chunks; it is replaced at the end."""
        async with self._translated(path):
            await self._connection(SILENCE).files.upload(path, content)

    async def make_folder(self, path: str) -> None:
        """Return once the directory is there, and those above it."""
        async with self._translated(path):
            await self._connection(SILENCE).files.mkdir(path)

    async def remove(self, path: str) -> None:
        """Return once the file, or the empty directory, is gone."""
        async with self._translated(path):
            await self._connection(SILENCE).files.remove(path)

    @asynccontextmanager
    async def _translated(
        self, what: str, *, wrote: bool = False, heard: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[None]:
        """What the SDK raises inside is one of our errors."""
        from neevai.errors import APIConnectionError, APIError, NeevAIError  # noqa: PLC0415

        key = Redactor.of(self._settings.api_key)
        try:
            yield
        except APIError as error:
            raise refusal(error, what, key=key, wrote=wrote, heard=heard()) from None
        except APIConnectionError as error:
            raise _no_answer(error, what, wrote=wrote) from error
        except (NeevAIError, ValueError) as error:
            # the answer makes no sense, and its words may hold a secret
            kind = errors.OutcomeUnknown if wrote else errors.Failed
            raise kind(f"{what}: the sandbox answered something that cannot be read ({type(error).__name__})") from None

    def _connection(self, seconds: float) -> AsyncSandboxConnection:
        from neevai.runtime import AsyncSandboxConnection  # noqa: PLC0415

        key, milliseconds = self._settings.api_key, int(seconds * 1000)
        return AsyncSandboxConnection(self._url, key, milliseconds, client=self._http, sandbox_id=self._id)

    def _transport(self, seconds: float) -> AsyncRuntimeTransport:
        from neevai.transport.runtime import AsyncRuntimeTransport  # noqa: PLC0415

        key = self._settings.api_key
        return AsyncRuntimeTransport(self._url, key, int(seconds * 1000), client=self._http, sandbox_id=self._id)


def _entry(seen: FileEntry) -> Entry:
    target = seen.symlink_target if seen.type == "symlink" else None
    return Entry(seen.type == "file", seen.size, seen.mode & 0o7777, seen.modified_time, target)


class _Listening:
    """The frames of a command, told as text; bytes that are no text are shown as such."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
        self.heard = False
        self.exit_code: int | None = None

    def frame(self, raw: Any) -> None:
        """One frame is told; an error's is raised as the SDK would."""
        from neevai.errors import error_from_status  # noqa: PLC0415

        match raw:
            case {"type": ("stdout" | "stderr") as stream, "data": str(data)}:
                self.heard = True
                self._tell(stream, base64.b64decode(data))
            case {"type": "exit", "exit_code": int(code)}:
                self._tell("stdout", b"", last=True)
                self._tell("stderr", b"", last=True)
                self.exit_code = code
            case {"type": "exit"}:
                self.exit_code = 0
            case {"type": "error"}:
                said = {"code": raw.get("reason_code"), "message": raw.get("message")}
                raise error_from_status(FRAME, said, None)

    def _tell(self, stream: Stream, data: bytes, *, last: bool = False) -> None:
        if text := self._decoders[stream].decode(data, last):
            self._hear(stream, text)


REFUSALS = ("invalid_argument", "permission_denied", "not_found", "failed_precondition", "resource_exhausted")
"""Reason codes that say that nothing was done, unless something had been heard of it already."""
AMBIGUOUS = (408, 425, 499)
"""Statuses that are given by what is between here and the sandbox, and say nothing of what the sandbox did."""
FRAME = 0
"""The status of an error that came as a frame, after the answer had begun."""


def refusal(error: APIError, what: str, *, key: Redactor, wrote: bool, heard: bool) -> errors.NeevError:
    """Return the error that an answer of the runtime stands for, the API key struck out.

    Its "not found" is a program or a path that is not there, never the sandbox itself.
    """
    body, code, status = error.body or {}, error.code or "", error.status_code
    said = key.redact(str(body.get("message") or body.get("details") or "the sandbox gave no reason"))
    if status == 401:  # noqa: PLR2004  unauthorized
        return errors.Unauthorized(status, said, code=code, request_id=error.request_id, path=what)
    if code == "deadline_exceeded":
        return errors.Failed(said, what=what, hint="Allow it more time (`timeoutSeconds`), or make it quicker.")
    away = status == 503 and code == "unavailable"  # noqa: PLR2004  the sandbox says that it does not run
    refused = 400 <= status < 500 and status not in AMBIGUOUS  # noqa: PLR2004  the range of refusals
    if not heard and (code in REFUSALS or refused or away):
        return errors.Refused(code or str(status), said, what=what)
    if wrote:
        return errors.OutcomeUnknown(f"{what}: {said}")
    return errors.Unavailable(status, said, code=code, request_id=error.request_id, path=what)


def _no_answer(error: Exception, what: str, *, wrote: bool) -> errors.NeevError:
    from neevai.errors import APITimeoutError  # noqa: PLC0415

    from neev_provider.client.http.transport import NEVER_SENT  # noqa: PLC0415

    if isinstance(error.__cause__, NEVER_SENT):
        return errors.NeverSent(f"{what}: no connection to the sandbox")
    reason = "nothing was heard for too long" if isinstance(error, APITimeoutError) else "the connection was lost"
    return errors.OutcomeUnknown(f"{what}: {reason}") if wrote else errors.Unavailable(0, reason, path=what)
