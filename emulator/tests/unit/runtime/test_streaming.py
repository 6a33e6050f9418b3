"""Streamed responses: they end and release resources when the client disconnects."""

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import ExitStack
from typing import Any, NoReturn

import pytest

from neev_emulator.runtime.streaming import Frame, FrameStream, cancel_on_disconnect

Message = MutableMapping[str, Any]


async def stay_connected() -> Message:
    return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]


async def disconnect() -> Message:
    return {"type": "http.disconnect"}


async def stream_forever() -> AsyncGenerator[Frame, None]:
    while True:
        yield {"type": "stdout"}
        await asyncio.sleep(0)


async def test_each_frame_is_sent_as_one_line() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def yield_two_frames() -> AsyncGenerator[Frame, None]:
        yield {"type": "create", "path": "a"}
        yield {"type": "remove", "path": "é"}

    await FrameStream(yield_two_frames(), ExitStack())({}, stay_connected, send)
    lines = b'{"type":"create","path":"a"}\n', b'{"type":"remove","path":"\\u00e9"}\n'
    assert [message.get("body") for message in sent] == [None, *lines, b""]
    assert (b"content-length", b"0") not in sent[0]["headers"]


@pytest.mark.parametrize(("frame_type", "end"), [("exit", 2), ("error", 2), ("create", 3)])
async def test_the_exit_stack_is_closed_before_the_end_is_sent(frame_type: str, end: int) -> None:
    """The end is the exit code or error of a command; without either, the end of the response."""
    closed: list[bool] = []
    closed_at_message: list[bool] = []
    stack = ExitStack()
    stack.callback(lambda: closed.append(True))

    async def send(_: Message) -> None:
        closed_at_message.append(bool(closed))

    async def yield_output_and_end() -> AsyncGenerator[Frame, None]:
        yield {"type": "stdout"}
        yield {"type": frame_type}

    await FrameStream(yield_output_and_end(), stack)({}, stay_connected, send)
    assert closed_at_message.index(True) == end


async def test_the_exit_stack_is_closed_if_the_client_disconnects() -> None:
    closed: list[bool] = []
    stack = ExitStack()
    stack.callback(lambda: closed.append(True))

    async def send(_: Message) -> None:
        await asyncio.sleep(0)

    await FrameStream(stream_forever(), stack)({}, disconnect, send)
    assert closed == [True]


async def test_a_broken_connection_ends_the_stream_without_an_error() -> None:
    async def send(_: Message) -> NoReturn:
        raise BrokenPipeError

    await FrameStream(stream_forever(), ExitStack())({}, stay_connected, send)


async def test_work_is_cancelled_only_if_the_client_disconnects() -> None:
    assert await cancel_on_disconnect(stay_connected, asyncio.sleep(0))
    assert not await cancel_on_disconnect(disconnect, asyncio.sleep(60))


async def test_an_exception_in_the_work_is_raised() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cancel_on_disconnect(stay_connected, work())
