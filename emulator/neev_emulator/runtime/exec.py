"""One command, run while its caller listens."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing

from starlette.requests import Request
from starlette.responses import Response

from neev_emulator.runtime.audit import Operation
from neev_emulator.runtime.process import Child
from neev_emulator.runtime.request_body import json_body
from neev_emulator.runtime.sandbox_host import Computer
from neev_emulator.runtime.streaming import Frame, FrameStream, exit_frame, output_frame

LONGEST_MS = 7 * 24 * 3600 * 1000


async def run(computer: Computer, request: Request) -> Response:
    """Frames of what the command writes, then of how it ended. It does not outlive its caller or its time."""
    body = await json_body(request)
    program, args, env, stdin = body.text("command"), body.texts("args"), body.variables("env"), body.content("stdin")
    timeout_ms = body.integer("timeout_ms", low=0, high=LONGEST_MS)
    with ExitStack() as stack:
        operation = stack.enter_context(computer.operation("exec", command=program))
        child = computer.spawn(program, args, cwd=body.optional_text("cwd"), env=env, stdin=stdin)
        stack.callback(child.close)
        if timeout_ms:
            child.kill_after(timeout_ms / 1000)
        operation.reason_code = "cancelled"  # unless it comes to an end of its own
        return FrameStream(_frames(child, timeout_ms, operation), stack.pop_all())


async def _frames(child: Child, timeout_ms: int | None, operation: Operation) -> AsyncGenerator[Frame, None]:
    async with aclosing(child.output()) as output:
        async for stream, data in output:
            yield output_frame(stream, data)
    if child.timed_out:
        operation.reason_code = "deadline_exceeded"
        message = f"the command was still running after {timeout_ms} ms and was killed"
        yield {"type": "error", "reason_code": "deadline_exceeded", "message": message}
    else:
        operation.reason_code = "ok"
        yield exit_frame(await child.wait())
