"""The endpoints of resumable uploads, tus 1.0.0."""

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from neev_emulator.runtime.errors import invalid, runtime_error
from neev_emulator.runtime.request_body import read_partial_body
from neev_emulator.runtime.sandbox_host import SandboxHost
from neev_emulator.runtime.uploads import Upload, parse_destination

VERSION = "1.0.0"
UPLOADS_PATH = "/v1/files/uploads"
_CHUNK_TYPE = "application/offset+octet-stream"


async def create(host: SandboxHost, request: Request) -> Response:
    """Start an upload; `Location` is the path for its chunks."""
    _require_version(request)
    length = _parse_int_header(request, "Upload-Length")
    destination = parse_destination(request.headers.get("Upload-Metadata", ""))
    with host.record_operation("fs.upload", target=destination.path):
        await run_in_threadpool(host.files.require_writable, destination.path, cwd=destination.cwd)
        upload_id = host.uploads.start(destination, length=length)
    if length == 0:
        await _finish(host, upload_id)
    return _response(201, {"Location": f"{UPLOADS_PATH}/{upload_id}"})


async def append(host: SandboxHost, request: Request) -> Response:
    """Append the chunk, or the part that arrived; the last chunk puts the file in place."""
    _require_version(request)
    if request.headers.get("Content-Type") != _CHUNK_TYPE:
        raise invalid(f"a chunk's Content-Type must be {_CHUNK_TYPE}")
    upload_id, upload = _find_upload(host, request)
    offset = _parse_int_header(request, "Upload-Offset")
    chunk, is_complete = await read_partial_body(request)
    async with upload.lock:
        new_offset = await run_in_threadpool(upload.append, chunk, offset=offset)
        host.touch()
        if new_offset == upload.length:
            await _finish(host, upload_id)
    if not is_complete:
        raise ClientDisconnect
    return _response(204, {"Upload-Offset": str(new_offset)})


async def get_offset(host: SandboxHost, request: Request) -> Response:
    """Return the number of bytes that have arrived."""
    _require_version(request)
    _, upload = _find_upload(host, request)
    return _response(200, {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.length)})


async def discard(host: SandboxHost, request: Request) -> Response:
    """Discard the upload."""
    _require_version(request)
    upload_id, _ = _find_upload(host, request)
    host.uploads.discard(upload_id)
    return _response(204, {})


async def _finish(host: SandboxHost, upload_id: str) -> None:
    upload = host.uploads.get(upload_id)
    path, cwd = upload.destination.path, upload.destination.cwd
    with host.record_operation("fs.write", target=path):
        await run_in_threadpool(host.files.install_upload, path, upload.staging_path, cwd=cwd)
    host.uploads.discard(upload_id)


def _find_upload(host: SandboxHost, request: Request) -> tuple[str, Upload]:
    upload_id = request.path_params["upload_id"]
    return upload_id, host.uploads.get(upload_id)


def _require_version(request: Request) -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise runtime_error("failed_precondition", f"uploads need tus {VERSION}: send Tus-Resumable: {VERSION}")


def _parse_int_header(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not re.fullmatch("[0-9]{1,15}", text):
        raise invalid(f"{header} must be a whole number of bytes")
    return int(text)


def _response(status: int, headers: dict[str, str]) -> Response:
    return Response(status_code=status, headers={"Tus-Resumable": VERSION, "Cache-Control": "no-store", **headers})
