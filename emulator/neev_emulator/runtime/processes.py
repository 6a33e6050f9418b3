"""The endpoints of supervised processes."""

import signal
from collections.abc import AsyncGenerator
from contextlib import ExitStack

from starlette.requests import Request
from starlette.responses import Response

from neev_emulator.api.json_response import JSONResponse
from neev_emulator.runtime.errors import invalid
from neev_emulator.runtime.request_body import Body, json_body
from neev_emulator.runtime.sandbox_host import Computer
from neev_emulator.runtime.streaming import Frame, FrameStream, exit_frame, output_frame, unless_gone
from neev_emulator.runtime.supervisor import Process

_LAST_CURSOR = 1 << 62


async def start(computer: Computer, request: Request) -> Response:
    """The process runs, and goes on when this answer is given."""
    body = await json_body(request)
    program, args, env, stdin = body.text("program"), body.texts("args"), body.variables("env"), body.content("stdin")
    cwd = body.optional_text("cwd")
    with computer.operation("process.start", command=program):
        child = computer.spawn(program, args, cwd=cwd, env=env, stdin=stdin)
        process = computer.processes.add(child, name=program, args=args, cwd=cwd)
    return JSONResponse(process.info())


async def get(computer: Computer, request: Request) -> Response:
    """The state of a process; where asked to wait, once it has exited."""
    body = await json_body(request)
    process_id, wait = body.text("process_id"), body.flag("wait")
    with computer.operation("process.get", target=process_id):
        process = computer.processes.get(process_id)
        if wait:
            await unless_gone(request.receive, process.log.complete())
        return JSONResponse(process.status())


async def entries(computer: Computer, request: Request) -> Response:
    """All that run, and the latest that have exited."""
    await json_body(request)
    with computer.operation("process.list"):
        return JSONResponse({"processes": [process.info() for process in computer.processes.all()]})


async def kill(computer: Computer, request: Request) -> Response:
    """The process and its group were sent the signal, if it was running."""
    body = await json_body(request)
    process_id, number = body.text("process_id"), _signal(body)
    with computer.operation("process.kill", target=process_id):
        return JSONResponse({"signalled": computer.processes.get(process_id).child.signal(number)})


async def kill_all(computer: Computer, request: Request) -> Response:
    """Every process that was running was sent the signal."""
    number = _signal(await json_body(request))
    with computer.operation("process.kill_all"):
        signalled = [process.child.signal(number) for process in computer.processes.all()]
        return JSONResponse({"signalled_count": sum(signalled)})


async def logs(computer: Computer, request: Request) -> Response:
    """What a process wrote from the cursor on: a page of it, or frames until it exits where asked to follow."""
    body = await json_body(request)
    process_id, follow = body.text("process_id"), body.flag("follow")
    cursor = body.integer("cursor", low=0, high=_LAST_CURSOR) or 0
    with ExitStack() as stack:
        stack.enter_context(computer.operation("process.logs", target=process_id))
        process = computer.processes.get(process_id)
        if follow:
            return FrameStream(_followed(process, cursor), stack.pop_all())
        return JSONResponse(_page(process, cursor))


def _page(process: Process, cursor: int) -> dict[str, object]:
    page = process.log.page(cursor)
    return {
        "entries": [{"stream": entry.stream, "data": entry.data.decode(errors="replace")} for entry in page.entries],
        "cursor": page.cursor,
        "dropped": page.dropped,
        "state": process.status()["state"],
    }


async def _followed(process: Process, cursor: int) -> AsyncGenerator[Frame, None]:
    while True:
        page = process.log.page(cursor)
        cursor = page.cursor
        for entry in page.entries:
            yield output_frame(entry.stream, entry.data)
        if page.entries:
            continue  # more may have come while these were sent
        if not process.running:
            yield exit_frame(await process.child.wait())
            return
        await process.log.more()


def _signal(body: Body) -> int:
    number = body.integer("signal", low=1, high=64) or signal.SIGTERM
    if number not in signal.valid_signals():
        raise invalid(f"{number} is not a signal of this system")
    return number
