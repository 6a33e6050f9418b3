"""What a user sees of a long operation while it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import io
from typing import Any

import grpc.aio
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from tests.fakes.clock import FakeClock

from pulumi_neev.faces.reporting import Engine, Progress, making


class Listening(engine_pb2_grpc.EngineServicer):
    """An engine that remembers what it was told."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[engine_pb2.LogRequest] = asyncio.Queue()

    async def Log(self, request: engine_pb2.LogRequest, _context: Any) -> Empty:  # noqa: N802  the protocol's
        self.heard.put_nowait(request)
        return Empty()


async def test_a_line_stands_on_the_resources_row_and_is_no_part_of_the_log() -> None:
    listening = Listening()
    server = grpc.aio.server()
    engine_pb2_grpc.add_EngineServicer_to_server(listening, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    engine = Engine()
    engine.show("urn", "before anyone listens")
    await engine.attach(f"127.0.0.1:{port}")
    engine.show("urn", "Pending, 2 s")
    heard = await listening.heard.get()
    assert (heard.urn, heard.message, heard.ephemeral, heard.severity) == (
        "urn",
        "Pending, 2 s",
        True,
        engine_pb2.INFO,
    )
    await server.stop(None)
    engine.show("urn", "after it left")
    await engine.close()


async def test_many_rows_together_are_told_no_more_than_anybody_reads() -> None:
    listening = Listening()
    server = grpc.aio.server()
    engine_pb2_grpc.add_EngineServicer_to_server(listening, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    engine = Engine()
    await engine.attach(f"127.0.0.1:{port}")
    for number in range(200):
        engine.show(f"urn-{number}", "Pending, 2 s")
    await listening.heard.get()
    await engine.close()
    await server.stop(None)
    assert listening.heard.qsize() < 5


class Shown(Engine):
    """An engine's display."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def show(self, urn: str, text: str) -> None:
        self.lines.append(f"{urn} {text}")


def test_a_row_changes_at_most_once_a_second_and_not_for_what_is_quick() -> None:
    shown, clock = Shown(), FakeClock()
    progress = Progress(shown, "urn", clock)
    for _ in range(15):
        progress(f"Pending, {int(clock.monotonic())} s")
        clock.advance(0.25)
    assert shown.lines == ["urn Pending, 1 s", "urn Pending, 2 s", "urn Pending, 3 s"]
    assert progress.last == "Pending, 3 s"


def test_a_row_does_not_repeat_itself() -> None:
    shown, clock = Shown(), FakeClock()
    progress = Progress(shown, "urn", clock)
    for _ in range(5):
        clock.advance(2)
        progress("Pending")
    assert shown.lines == ["urn Pending"]


async def test_what_is_logged_stays_in_the_log_in_its_order() -> None:
    listening = Listening()
    server = grpc.aio.server()
    engine_pb2_grpc.add_EngineServicer_to_server(listening, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    engine = Engine()
    await engine.heard()
    engine.log("urn", "before anyone listens")
    await engine.attach(f"127.0.0.1:{port}")
    for number in range(20):
        engine.log("urn", f"line {number}")
    await engine.heard()
    heard = [listening.heard.get_nowait() for _ in range(listening.heard.qsize())]
    assert [each.message for each in heard] == [f"line {number}" for number in range(20)]
    assert not any(each.ephemeral for each in heard)
    await server.stop(None)
    await engine.close()


def test_a_process_that_is_killed_has_said_what_it_was_making(capsys: pytest.CaptureFixture[str]) -> None:
    with making("Sandbox box", "box-1a2b3c4"):
        begun = capsys.readouterr().err
    assert begun.startswith("Sandbox box: making box-1a2b3c4.")
    assert capsys.readouterr().err == "Sandbox box: the engine knows what became of box-1a2b3c4.\n"


def test_what_has_no_name_to_look_for_is_not_spoken_of(capsys: pytest.CaptureFixture[str]) -> None:
    with making("File note", None):
        pass
    assert capsys.readouterr().err == ""


class Closed(io.StringIO):
    """Whoever read this is gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_it_is_no_matter_that_nobody_hears_what_is_being_made() -> None:
    with contextlib.redirect_stderr(Closed()), making("Sandbox box", "box"):
        pass
