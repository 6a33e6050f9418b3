"""The file endpoints."""

import os
import re
from collections.abc import Callable, Iterator
from io import FileIO
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from neev_emulator.api.json_response import JSONResponse
from neev_emulator.runtime.errors import RuntimeApiError, invalid
from neev_emulator.runtime.request_body import is_before_0_9, read_body, read_json_fields, require_plain_text
from neev_emulator.runtime.sandbox_host import SandboxHost

T = TypeVar("T")
_BLOCK_BYTES = 1 << 18
_MAX_ENTRIES = 1 << 31
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


async def write(host: SandboxHost, request: Request) -> Response:
    """Write the body, at most 1 MiB, to the file."""
    path, cwd = request.query_params.get("path"), request.query_params.get("cwd")
    if not path:
        raise invalid("path is required")
    content = await read_body(request)
    with host.record_operation("fs.write", target=require_plain_text("path", path)):
        length = await run_in_threadpool(host.files.write, path, content, cwd=cwd)
    return JSONResponse({"bytes_written": length})


async def read(host: SandboxHost, request: Request) -> Response:
    """Stream the file's content, or one range of its bytes."""
    file = await _run_on_path("fs.read", host.files.open_reader, host, request)
    size = os.fstat(file.fileno()).st_size
    byte_range = None if is_before_0_9(request) else _parse_range(request.headers.get("range", ""), size)
    headers, status = {}, 200
    if byte_range is not None:
        if not byte_range:
            file.close()
            limits, reason = {"Content-Range": f"bytes */{size}"}, f"the range is beyond the end of the file ({size})"
            raise RuntimeApiError(416, "invalid_argument", reason, headers=limits)
        headers, status = {"Content-Range": f"bytes {byte_range[0]}-{byte_range[-1]}/{size}"}, 206
        file.seek(byte_range[0])
    length = size if byte_range is None else len(byte_range)
    return StreamingResponse(
        _stream_content(file, length),
        status,
        media_type="application/octet-stream",
        headers={"Content-Length": str(length), **headers},
    )


async def list_entries(host: SandboxHost, request: Request) -> Response:
    """Return the entries of a directory."""
    body = await read_json_fields(request)
    path, cwd, recursive = body.text("path"), body.optional_text("cwd"), body.flag("recursive")
    max_count = body.integer("max_count", low=0, high=_MAX_ENTRIES) or None
    with host.record_operation("fs.list", target=path):
        entries = await run_in_threadpool(
            host.files.list_entries, path, cwd=cwd, recursive=recursive, max_count=max_count
        )
    return JSONResponse({"entries": entries})


async def stat(host: SandboxHost, request: Request) -> Response:
    """Return the entry of a path."""
    return JSONResponse({"entry": await _run_on_path("fs.stat", host.files.stat, host, request)})


async def exists(host: SandboxHost, request: Request) -> Response:
    """Return whether the path exists."""
    return JSONResponse({"exists": await _run_on_path("fs.exists", host.files.exists, host, request)})


async def mkdir(host: SandboxHost, request: Request) -> Response:
    """Create the directory and its parents."""
    return JSONResponse({"entry": await _run_on_path("fs.mkdir", host.files.mkdir, host, request)})


async def move(host: SandboxHost, request: Request) -> Response:
    """Move the source to the destination."""
    body = await read_json_fields(request)
    source, destination = body.text("source"), body.text("destination")
    with host.record_operation("fs.move", target=f"{source} -> {destination}"):
        entry = await run_in_threadpool(host.files.move, source, destination, cwd=body.optional_text("cwd"))
    return JSONResponse({"entry": entry})


async def remove(host: SandboxHost, request: Request) -> Response:
    """Remove the path."""
    body = await read_json_fields(request)
    path, cwd, recursive = body.text("path"), body.optional_text("cwd"), body.flag("recursive")
    with host.record_operation("fs.remove", target=path):
        await run_in_threadpool(host.files.remove, path, cwd=cwd, recursive=recursive)
    return JSONResponse({})


async def _run_on_path(tool: str, operation: Callable[..., T], host: SandboxHost, request: Request) -> T:
    """Run an operation on the request's path; record it in the audit log."""
    body = await read_json_fields(request)
    path = body.text("path")
    with host.record_operation(tool, target=path):
        return await run_in_threadpool(operation, path, cwd=body.optional_text("cwd"))


def _parse_range(header: str, size: int) -> range | None:
    """Return the positions of a range, which are none if it begins after the end; None for the whole file."""
    match = _RANGE.fullmatch(header)
    first, last = match.groups() if match else ("", "")
    if first and (not last or int(first) <= int(last)):
        return range(int(first), min(int(last) + 1, size) if last else size)
    return range(max(0, size - int(last)), size) if last and not first else None


def _stream_content(file: FileIO, size: int) -> Iterator[bytes]:
    """Yield the promised number of bytes; fewer if the file is truncated meanwhile."""
    with file:
        while size > 0 and (block := file.read(min(size, _BLOCK_BYTES))):
            size -= len(block)
            yield block
