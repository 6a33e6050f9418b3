"""Resumable uploads in chunks, tus 1.0.0.

Bytes are staged outside the workspace and moved into place when complete: no partial file is ever visible.
"""

import asyncio
import secrets
import shutil
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path

from neev_emulator.runtime.errors import RuntimeApiError, invalid, runtime_error, translate_os_errors
from neev_emulator.runtime.request_body import require_plain_text

_MAX_UPLOADS = 256


@dataclass(frozen=True)
class Destination:
    """The destination of an upload, as its creator named it."""

    path: str
    cwd: str | None


@dataclass
class Upload:
    """An upload: its destination, its length and its staged bytes."""

    destination: Destination
    length: int
    staging_path: Path
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def offset(self) -> int:
        """Return the number of bytes that have arrived."""
        with translate_os_errors("the upload"):
            return self.staging_path.stat().st_size

    def append(self, chunk: bytes, *, offset: int) -> int:
        """Append the chunk to the staged bytes; return the new offset."""
        if offset != self.offset:
            raise RuntimeApiError(409, "failed_precondition", f"the upload is at byte {self.offset}, not {offset}")
        if offset + len(chunk) > self.length:
            raise invalid(f"the chunk goes beyond the length of the upload ({self.length})")
        with translate_os_errors("the upload"), self.staging_path.open("r+b") as file:
            file.seek(offset)
            file.write(chunk)
        return offset + len(chunk)


class Uploads:
    """The uploads in progress of one sandbox, staged in their own directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._uploads: dict[str, Upload] = {}

    def start(self, destination: Destination, *, length: int) -> str:
        """Start an upload; return its id."""
        if len(self._uploads) >= _MAX_UPLOADS:
            raise runtime_error("resource_exhausted", f"{_MAX_UPLOADS} uploads are in progress in this sandbox")
        upload_id = secrets.token_hex(16)
        staging_path = self._directory / upload_id
        with translate_os_errors("the upload"):
            if not self._uploads:
                shutil.rmtree(self._directory, ignore_errors=True)  # left by a killed emulator
            self._directory.mkdir(mode=0o700, exist_ok=True)
            staging_path.touch()
        self._uploads[upload_id] = Upload(destination, length, staging_path)
        return upload_id

    def get(self, upload_id: str) -> Upload:
        """Return the upload with this id."""
        upload = self._uploads.get(upload_id)
        if upload is None:
            raise runtime_error("not_found", "no such upload: it is complete, discarded or was never started")
        return upload

    def discard(self, upload_id: str) -> None:
        """End the upload and remove its staged bytes."""
        upload = self._uploads.pop(upload_id, None)
        if upload is not None:
            upload.staging_path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Discard all uploads."""
        for upload_id in list(self._uploads):
            self.discard(upload_id)


def parse_destination(metadata: str) -> Destination:
    """Return the destination in the tus metadata: comma-separated pairs of a key and a base64 value."""
    values = {}
    for pair in metadata.split(","):
        key, _, encoded = pair.strip().partition(" ")
        try:
            values[key] = b64decode(encoded, validate=True).decode()
        except ValueError as error:
            raise invalid("Upload-Metadata must be comma-separated pairs of a key and a base64 value") from error
    if not values.get("path"):
        raise invalid("Upload-Metadata must name the path")
    cwd = values.get("cwd")
    return Destination(require_plain_text("path", values["path"]), require_plain_text("cwd", cwd) if cwd else None)
