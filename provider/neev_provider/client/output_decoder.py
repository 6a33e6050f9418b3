"""The output of a command, from the frames of its response."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable
from typing import Any, Literal

from neev_provider.client.runtime_errors import error_from_frame

Stream = Literal["stdout", "stderr"]
OutputHandler = Callable[[Stream, str], None]
"""Callback for each piece of a command's output."""


class OutputDecoder:
    """Decodes the frames of a command to text; invalid bytes are replaced."""

    def __init__(self, on_output: OutputHandler) -> None:
        self._on_output = on_output
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
        self.output_received = False
        self.exit_code: int | None = None

    def handle_frame(self, raw: Any) -> None:
        """Report the output in a frame; raise the error in a frame as the SDK does."""
        match raw:
            case {"type": ("stdout" | "stderr") as stream, "data": str(data)}:
                self.output_received = True
                self._emit(stream, base64.b64decode(data))
            case {"type": "exit", "exit_code": int(code)}:
                self._emit("stdout", b"", final=True)
                self._emit("stderr", b"", final=True)
                self.exit_code = code
            case {"type": "exit"}:
                self.exit_code = 0
            case {"type": "error"}:
                raise error_from_frame(raw)

    def _emit(self, stream: Stream, data: bytes, *, final: bool = False) -> None:
        if text := self._decoders[stream].decode(data, final):
            self._on_output(stream, text)
