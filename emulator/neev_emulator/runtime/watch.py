"""Changes below a directory, found by polling."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from neev_emulator.runtime.errors import RuntimeApiError
from neev_emulator.runtime.exec import MAX_TIMEOUT_MS
from neev_emulator.runtime.filesystem import FileStat, WorkspaceFiles
from neev_emulator.runtime.request_body import read_json_fields
from neev_emulator.runtime.sandbox_host import SandboxHost
from neev_emulator.runtime.streaming import Frame, FrameStream

_SCAN_INTERVAL = 0.1

FileStats = Mapping[str, FileStat]


async def run(host: SandboxHost, request: Request) -> Response:
    """Stream the changes after this request until the timeout or a disconnect."""
    body = await read_json_fields(request)
    watch = Watch(host.files, body.text("path"), cwd=body.optional_text("cwd"), recursive=body.flag("recursive"))
    timeout_ms = body.integer("timeout_ms", low=0, high=MAX_TIMEOUT_MS) or MAX_TIMEOUT_MS
    with ExitStack() as stack:
        stack.enter_context(host.record_operation("fs.watch", target=watch.path))
        frames = watch.frames(await watch.scan(), seconds=timeout_ms / 1000)
        return FrameStream(frames, stack.pop_all())


@dataclass(frozen=True)
class Watch:
    """A directory that is polled."""

    files: WorkspaceFiles
    path: str
    cwd: str | None
    recursive: bool

    async def scan(self) -> FileStats:
        """Return the current stats of the directory's entries."""
        return await run_in_threadpool(self.files.scan, self.path, cwd=self.cwd, recursive=self.recursive)

    async def frames(self, before: FileStats, *, seconds: float) -> AsyncGenerator[Frame, None]:
        """Yield the changes until the timeout or until the directory is gone."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (remaining := deadline - loop.time()) > 0:
            await asyncio.sleep(min(remaining, _SCAN_INTERVAL))
            try:
                after = await self.scan()
            except RuntimeApiError:
                return
            for kind, path in find_changes(before, after):
                yield {"type": kind, "path": path, **await self._entry(path)}
            before = after

    async def _entry(self, path: str) -> Frame:
        try:
            return {"entry": await run_in_threadpool(self.files.stat, path)}
        except RuntimeApiError:
            return {}


def find_changes(before: FileStats, after: FileStats) -> Iterator[tuple[str, str]]:
    """Yield the kind and path of each change. A renamed file is a `rename` of the old path and a `create`."""
    new_inodes = {file_stat.inode for path, file_stat in after.items() if path not in before}
    for path in sorted(before.keys() | after.keys()):
        old_stat, new_stat = before.get(path), after.get(path)
        if old_stat is None:
            yield "create", path
        elif new_stat is None:
            yield "rename" if old_stat.inode in new_inodes else "remove", path
        elif old_stat.content != new_stat.content:
            yield "write", path
        elif old_stat.mode != new_stat.mode:
            yield "chmod", path
