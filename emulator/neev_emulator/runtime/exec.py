"""POST /v1/exec: run one command and stream its output."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing

from starlette.requests import Request
from starlette.responses import Response

from neev_emulator.runtime.audit import AuditedOperation
from neev_emulator.runtime.process import ManagedProcess
from neev_emulator.runtime.request_body import RequestFields, is_before_0_9, read_json_fields
from neev_emulator.runtime.sandbox_host import SandboxHost
from neev_emulator.runtime.streaming import Frame, FrameStream, exit_frame, output_frame

MAX_TIMEOUT_MS = 7 * 24 * 3600 * 1000
_MAX_EXEC_MS = 3600 * 1000


async def run(host: SandboxHost, request: Request) -> Response:
    """Stream the command's output and its exit code; kill it on disconnect or timeout."""
    body = await read_json_fields(request)
    program, args, env, stdin = body.text("command"), body.texts("args"), body.variables("env"), body.content("stdin")
    timeout_ms = _parse_timeout(body, None if is_before_0_9(request) else _MAX_EXEC_MS)
    with ExitStack() as stack:
        operation = stack.enter_context(host.record_operation("exec", command=program))
        process = host.spawn(program, args, cwd=body.optional_text("cwd"), env=env, stdin=stdin)
        stack.callback(process.close)
        if timeout_ms:
            process.kill_after(timeout_ms / 1000)
        operation.reason_code = "cancelled"  # unless it ends by itself
        return FrameStream(_frames(process, timeout_ms, operation), stack.pop_all())


def _parse_timeout(body: RequestFields, limit: int | None) -> int | None:
    """Return the timeout of the request; the limit if it has none."""
    return body.integer("timeout_ms", low=0, high=limit or MAX_TIMEOUT_MS) or limit


async def _frames(
    process: ManagedProcess, timeout_ms: int | None, operation: AuditedOperation
) -> AsyncGenerator[Frame, None]:
    async with aclosing(process.read_output()) as output:
        async for stream, data in output:
            yield output_frame(stream, data)
    if process.timed_out:
        operation.reason_code = "deadline_exceeded"
        message = f"the command was still running after {timeout_ms} ms and was killed"
        yield {"type": "error", "reason_code": "deadline_exceeded", "message": message}
    else:
        operation.reason_code = "ok"
        yield exit_frame(await process.wait())
