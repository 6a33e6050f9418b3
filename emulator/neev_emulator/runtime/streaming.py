"""Streamed NDJSON responses, cancelled when the caller disconnects."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import ExitStack, aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Frame = Mapping[str, object]
_FINAL_FRAME_TYPES = "exit", "error"


class FrameStream(Response):
    """A stream of frames. The stack is closed before the end is sent, or when the response is cut short."""

    media_type = "application/x-ndjson"

    def __init__(self, frames: AsyncGenerator[Frame, None], stack: ExitStack) -> None:
        self.status_code = 200
        self.init_headers({"Cache-Control": "no-store"})
        self._frames = frames
        self._stack = stack

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the frames until the caller disconnects."""
        with self._stack:
            await cancel_on_disconnect(receive, self._send(send))

    async def _send(self, send: Send) -> None:
        async with aclosing(self._frames) as frames:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for frame in frames:
                if frame["type"] in _FINAL_FRAME_TYPES:
                    self._stack.close()  # a caller that has received the end finds the operation in the audit log
                line = json.dumps(frame, separators=(",", ":")).encode() + b"\n"
                await send({"type": "http.response.body", "body": line, "more_body": True})
            self._stack.close()
            await send({"type": "http.response.body", "body": b""})


def output_frame(stream: str, data: bytes) -> Frame:
    """Return the frame of a piece of output."""
    return {"type": stream, "data": b64encode(data).decode()}


def exit_frame(exit_code: int) -> Frame:
    """Return the frame of a process's exit."""
    return {"type": "exit", "exit_code": exit_code}


async def cancel_on_disconnect(receive: Receive, operation: Coroutine[Any, Any, None]) -> bool:
    """Run the operation; cancel it on disconnect. Return whether it finished."""
    operation_task = asyncio.create_task(operation)
    disconnect_task = asyncio.create_task(_wait_for_disconnect(receive))
    try:
        await asyncio.wait({operation_task, disconnect_task}, return_when=asyncio.FIRST_COMPLETED)
        finished = operation_task.done()
    finally:
        operation_task.cancel()
        disconnect_task.cancel()
        result, _ = await asyncio.gather(operation_task, disconnect_task, return_exceptions=True)
    if finished and isinstance(result, Exception) and not isinstance(result, OSError):
        raise result
    return finished


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
