"""The file endpoints."""

import os
from collections.abc import Callable, Iterator
from io import FileIO
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from neev_emulator.api.json_response import JSONResponse
from neev_emulator.runtime.errors import invalid
from neev_emulator.runtime.request_body import json_body, plain_text, raw_body
from neev_emulator.runtime.sandbox_host import Computer

T = TypeVar("T")
_BLOCK = 1 << 18
_MOST_ENTRIES = 1 << 31


async def write(computer: Computer, request: Request) -> Response:
    """The body, at most 1 MiB, is the file's content."""
    path, cwd = request.query_params.get("path"), request.query_params.get("cwd")
    if not path:
        raise invalid("path is required")
    content = await raw_body(request)
    with computer.operation("fs.write", target=plain_text("path", path)):
        written = await run_in_threadpool(computer.files.write, path, content, cwd=cwd)
    return JSONResponse({"bytes_written": written})


async def read(computer: Computer, request: Request) -> Response:
    """The file's bytes, however many."""
    file = await _of_path("fs.read", computer.files.reader, computer, request)
    size = os.fstat(file.fileno()).st_size
    return StreamingResponse(
        _content(file, size), media_type="application/octet-stream", headers={"Content-Length": str(size)}
    )


async def entries(computer: Computer, request: Request) -> Response:
    """The entries of a directory."""
    body = await json_body(request)
    path, cwd, recursive = body.text("path"), body.optional_text("cwd"), body.flag("recursive")
    max_count = body.integer("max_count", low=0, high=_MOST_ENTRIES) or None
    with computer.operation("fs.list", target=path):
        listed = await run_in_threadpool(
            computer.files.entries, path, cwd=cwd, recursive=recursive, max_count=max_count
        )
    return JSONResponse({"entries": listed})


async def stat(computer: Computer, request: Request) -> Response:
    """The entry of a path."""
    return JSONResponse({"entry": await _of_path("fs.stat", computer.files.stat, computer, request)})


async def exists(computer: Computer, request: Request) -> Response:
    """Whether the path names anything."""
    return JSONResponse({"exists": await _of_path("fs.exists", computer.files.exists, computer, request)})


async def mkdir(computer: Computer, request: Request) -> Response:
    """The path is a directory, and so are its parents."""
    return JSONResponse({"entry": await _of_path("fs.mkdir", computer.files.mkdir, computer, request)})


async def move(computer: Computer, request: Request) -> Response:
    """The destination is what the source was."""
    body = await json_body(request)
    source, destination = body.text("source"), body.text("destination")
    with computer.operation("fs.move", target=f"{source} -> {destination}"):
        entry = await run_in_threadpool(computer.files.move, source, destination, cwd=body.optional_text("cwd"))
    return JSONResponse({"entry": entry})


async def remove(computer: Computer, request: Request) -> Response:
    """The path is gone."""
    body = await json_body(request)
    path, cwd, recursive = body.text("path"), body.optional_text("cwd"), body.flag("recursive")
    with computer.operation("fs.remove", target=path):
        await run_in_threadpool(computer.files.remove, path, cwd=cwd, recursive=recursive)
    return JSONResponse({})


async def _of_path(name: str, work: Callable[..., T], computer: Computer, request: Request) -> T:
    """What the work gives for the path that the request names, as one operation of the log."""
    body = await json_body(request)
    path = body.text("path")
    with computer.operation(name, target=path):
        return await run_in_threadpool(work, path, cwd=body.optional_text("cwd"))


def _content(file: FileIO, size: int) -> Iterator[bytes]:
    """As many bytes as were promised; fewer, and so a broken answer, where the file was cut short meanwhile."""
    with file:
        while size > 0 and (block := file.read(min(size, _BLOCK))):
            size -= len(block)
            yield block
