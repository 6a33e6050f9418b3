"""The endpoints of supervised processes."""

import signal
from collections.abc import AsyncGenerator, Iterable
from contextlib import ExitStack, suppress

from starlette.requests import Request
from starlette.responses import Response

from neev_emulator.api.json_response import JSONResponse
from neev_emulator.runtime.errors import RuntimeApiError, invalid
from neev_emulator.runtime.request_body import RequestFields, read_json_fields
from neev_emulator.runtime.sandbox_host import SandboxHost
from neev_emulator.runtime.streaming import Frame, FrameStream, cancel_on_disconnect, exit_frame, output_frame
from neev_emulator.runtime.supervisor import ProcessDefinition, SupervisedProcess

_MAX_CURSOR = 1 << 62


async def start(host: SandboxHost, request: Request) -> Response:
    """Start a process that continues after the response."""
    body = await read_json_fields(request)
    program, args, env, stdin = body.text("program"), body.texts("args"), body.variables("env"), body.content("stdin")
    cwd = body.optional_text("cwd")
    with host.record_operation("process.start", command=program):
        definition = host.processes.define(program, tuple(args), cwd=cwd, env=env, stdin=stdin)
        return JSONResponse(_start(host, definition).info())


async def get(host: SandboxHost, request: Request) -> Response:
    """Return the state of a process; with `wait`, after it has exited."""
    body = await read_json_fields(request)
    process_id, wait = body.text("process_id"), body.flag("wait")
    with host.record_operation("process.get", target=process_id):
        process = host.processes.get(process_id)
        if wait:
            await cancel_on_disconnect(request.receive, process.log.wait_until_ended())
        return JSONResponse(process.status())


async def list_processes(host: SandboxHost, request: Request) -> Response:
    """Return all running processes and the latest that have exited."""
    await read_json_fields(request)
    with host.record_operation("process.list"):
        return JSONResponse({"processes": [process.info() for process in host.processes.all()]})


async def kill(host: SandboxHost, request: Request) -> Response:
    """Send the signal to the process and its group, if it is running."""
    body = await read_json_fields(request)
    process_id, number = body.text("process_id"), _parse_signal(body)
    with host.record_operation("process.kill", target=process_id):
        return JSONResponse({"signalled": host.processes.get(process_id).managed_process.signal(number)})


async def kill_all(host: SandboxHost, request: Request) -> Response:
    """Send the signal to every running process."""
    number = _parse_signal(await read_json_fields(request))
    with host.record_operation("process.kill_all"):
        signalled = [process.managed_process.signal(number) for process in host.processes.all()]
        return JSONResponse({"signalled_count": sum(signalled)})


async def logs(host: SandboxHost, request: Request) -> Response:
    """Return a page of the process's output from the cursor; with `follow`, stream it until the process exits."""
    body = await read_json_fields(request)
    process_id, follow = body.text("process_id"), body.flag("follow")
    cursor = body.integer("cursor", low=0, high=_MAX_CURSOR) or 0
    with ExitStack() as stack:
        stack.enter_context(host.record_operation("process.logs", target=process_id))
        process = host.processes.get(process_id)
        if follow:
            return FrameStream(_follow_log(process, cursor), stack.pop_all())
        return JSONResponse(_serialize_page(process, cursor))


def start_again(host: SandboxHost, definitions: Iterable[ProcessDefinition]) -> None:
    """Start the processes of a snapshot or fork; omit those whose program or directory is missing."""
    for definition in definitions:
        with suppress(RuntimeApiError):
            _start(host, definition)


def _start(host: SandboxHost, definition: ProcessDefinition) -> SupervisedProcess:
    managed_process = host.spawn(
        definition.program, definition.args, cwd=definition.cwd, env=definition.env, stdin=definition.stdin
    )
    return host.processes.add(definition, managed_process)


def _serialize_page(process: SupervisedProcess, cursor: int) -> dict[str, object]:
    page = process.log.read_page(cursor)
    return {
        "entries": [{"stream": entry.stream, "data": entry.data.decode(errors="replace")} for entry in page.entries],
        "cursor": page.cursor,
        "dropped": page.dropped,
        "state": process.status()["state"],
    }


async def _follow_log(process: SupervisedProcess, cursor: int) -> AsyncGenerator[Frame, None]:
    while True:
        page = process.log.read_page(cursor)
        cursor = page.cursor
        for entry in page.entries:
            yield output_frame(entry.stream, entry.data)
        if page.entries:
            continue  # more may have arrived while these were sent
        if not process.is_running:
            yield exit_frame(await process.managed_process.wait())
            return
        await process.log.wait_for_more()


def _parse_signal(body: RequestFields) -> int:
    number = body.integer("signal", low=1, high=64) or signal.SIGTERM
    if number not in signal.valid_signals():
        raise invalid(f"{number} is not a signal of this system")
    return number
