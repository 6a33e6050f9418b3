"""The endpoints of resumable uploads, tus 1.0.0."""

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from neev_emulator.runtime.errors import failure, invalid
from neev_emulator.runtime.request_body import received
from neev_emulator.runtime.sandbox_host import Computer
from neev_emulator.runtime.uploads import Upload, destination_of

VERSION = "1.0.0"
UPLOADS = "/v1/files/uploads"
_CHUNK_TYPE = "application/offset+octet-stream"


async def create(computer: Computer, request: Request) -> Response:
    """An upload is open; Location says where its chunks go."""
    _require_version(request)
    length = _whole_number(request, "Upload-Length")
    destination = destination_of(request.headers.get("Upload-Metadata", ""))
    with computer.operation("fs.upload", target=destination.path):
        await run_in_threadpool(computer.files.refuse_unless_writable, destination.path, cwd=destination.cwd)
        upload_id = computer.uploads.start(destination, length=length)
    if length == 0:
        await _finish(computer, upload_id)
    return _answer(201, {"Location": f"{UPLOADS}/{upload_id}"})


async def append(computer: Computer, request: Request) -> Response:
    """The chunk has arrived, or as much of it as the connection let through; after the last the file is in place."""
    _require_version(request)
    if request.headers.get("Content-Type") != _CHUNK_TYPE:
        raise invalid(f"a chunk's Content-Type must be {_CHUNK_TYPE}")
    upload_id, upload = _upload(computer, request)
    offset = _whole_number(request, "Upload-Offset")
    chunk, whole = await received(request)
    async with upload.lock:
        reached = await run_in_threadpool(upload.append, chunk, offset=offset)
        computer.touch()
        if reached == upload.length:
            await _finish(computer, upload_id)
    if not whole:
        raise ClientDisconnect
    return _answer(204, {"Upload-Offset": str(reached)})


async def offset(computer: Computer, request: Request) -> Response:
    """How much of the upload has arrived."""
    _require_version(request)
    _, upload = _upload(computer, request)
    return _answer(200, {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.length)})


async def discard(computer: Computer, request: Request) -> Response:
    """The upload is over and leaves nothing."""
    _require_version(request)
    upload_id, _ = _upload(computer, request)
    computer.uploads.forget(upload_id)
    return _answer(204, {})


async def _finish(computer: Computer, upload_id: str) -> None:
    upload = computer.uploads.get(upload_id)
    path, cwd = upload.destination.path, upload.destination.cwd
    with computer.operation("fs.write", target=path):
        await run_in_threadpool(computer.files.place_upload, path, upload.staged, cwd=cwd)
    computer.uploads.forget(upload_id)


def _upload(computer: Computer, request: Request) -> tuple[str, Upload]:
    upload_id = request.path_params["upload_id"]
    return upload_id, computer.uploads.get(upload_id)


def _require_version(request: Request) -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise failure("failed_precondition", f"uploads speak tus {VERSION}: send Tus-Resumable: {VERSION}")


def _whole_number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not re.fullmatch("[0-9]{1,15}", text):
        raise invalid(f"{header} must be a whole number of bytes")
    return int(text)


def _answer(status: int, headers: dict[str, str]) -> Response:
    return Response(status_code=status, headers={"Tus-Resumable": VERSION, "Cache-Control": "no-store", **headers})
