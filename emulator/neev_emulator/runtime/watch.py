"""Changes below a directory, told as they are seen."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from neev_emulator.runtime.errors import RuntimeFailure
from neev_emulator.runtime.exec import LONGEST_MS
from neev_emulator.runtime.filesystem import Files, Glance
from neev_emulator.runtime.request_body import json_body
from neev_emulator.runtime.sandbox_host import Computer
from neev_emulator.runtime.streaming import Frame, FrameStream

_INTERVAL_SECONDS = 0.1

Glances = Mapping[str, Glance]


async def run(computer: Computer, request: Request) -> Response:
    """Frames of the changes after this request, until its time is over or its caller leaves."""
    body = await json_body(request)
    watch = Watch(computer.files, body.text("path"), cwd=body.optional_text("cwd"), recursive=body.flag("recursive"))
    timeout_ms = body.integer("timeout_ms", low=0, high=LONGEST_MS) or LONGEST_MS
    with ExitStack() as stack:
        stack.enter_context(computer.operation("fs.watch", target=watch.path))
        frames = watch.frames(await watch.look(), seconds=timeout_ms / 1000)
        return FrameStream(frames, stack.pop_all())


@dataclass(frozen=True)
class Watch:
    """A directory looked at again and again."""

    files: Files
    path: str
    cwd: str | None
    recursive: bool

    async def look(self) -> Glances:
        """What is there now."""
        return await run_in_threadpool(self.files.glance, self.path, cwd=self.cwd, recursive=self.recursive)

    async def frames(self, before: Glances, *, seconds: float) -> AsyncGenerator[Frame, None]:
        """What changes, for as many seconds or until the directory is gone."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (left := deadline - loop.time()) > 0:
            await asyncio.sleep(min(left, _INTERVAL_SECONDS))
            try:
                after = await self.look()
            except RuntimeFailure:
                return
            for kind, path in changes(before, after):
                yield {"type": kind, "path": path, **await self._entry(path)}
            before = after

    async def _entry(self, path: str) -> Frame:
        try:
            return {"entry": await run_in_threadpool(self.files.stat, path)}
        except RuntimeFailure:
            return {}


def changes(before: Glances, after: Glances) -> Iterator[tuple[str, str]]:
    """What happened to which path between two looks. A file renamed is that under its old name, and created."""
    arrived = {glance.inode for path, glance in after.items() if path not in before}
    for path in sorted(before.keys() | after.keys()):
        old, new = before.get(path), after.get(path)
        if old is None:
            yield "create", path
        elif new is None:
            yield "rename" if old.inode in arrived else "remove", path
        elif old.content != new.content:
            yield "write", path
        elif old.mode != new.mode:
            yield "chmod", path
