"""The progress that a user sees during a long operation."""

from __future__ import annotations

import asyncio
import contextlib
import io
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import grpc.aio
import pytest
from google.protobuf import struct_pb2
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2
from tests.fakes.clock import FakeClock
from tests.unit.adapters.fake_pulumi_engine import FakePulumiEngine

from neev_emulator import Emulator
from neev_provider.adapters.pulumi.plugin.engine_client import EngineClient, StatusReporter, announce_create
from neev_provider.adapters.pulumi.plugin.grpc_errors import ServicerContext
from neev_provider.adapters.pulumi.plugin.servicer import ProviderServicer


class RecordingEngine(engine_pb2_grpc.EngineServicer):
    """An engine that records the messages it receives."""

    def __init__(self) -> None:
        self.log_requests: asyncio.Queue[engine_pb2.LogRequest] = asyncio.Queue()

    async def Log(self, request: engine_pb2.LogRequest, _context: Any) -> Empty:  # noqa: N802  the protocol's
        self.log_requests.put_nowait(request)
        return Empty()


@asynccontextmanager
async def serve_engine(who: RecordingEngine | None = None, port: int = 0) -> AsyncIterator[tuple[RecordingEngine, str]]:
    """Yield a listening engine and its address."""
    listening = who or RecordingEngine()
    server = grpc.aio.server()
    engine_pb2_grpc.add_EngineServicer_to_server(listening, server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield listening, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


async def test_the_engine_that_shakes_hands_or_attaches_is_the_one_that_hears() -> None:
    observed: list[EngineClient] = []

    def load(engine: EngineClient) -> Any:
        observed.append(engine)
        raise NotImplementedError

    plugin, nobody = ProviderServicer(load), cast("ServicerContext", None)
    with pytest.raises(NotImplementedError):
        await plugin.get_provider()
    [engine] = observed
    async with serve_engine() as (first, address):
        await plugin.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address=address), nobody)
        engine.log("urn", "by the handshake")
        assert (await first.log_requests.get()).message == "by the handshake"
        async with serve_engine() as (second, other):
            await plugin.Attach(plugin_pb2.PluginAttach(address=other), nobody)
            engine.log("urn", "attached")
            assert (await second.log_requests.get()).message == "attached"
    assert first.log_requests.empty()
    await engine.close()


async def test_a_line_stands_on_the_resources_row_and_is_no_part_of_the_log() -> None:
    async with serve_engine() as (listening, address):
        engine = EngineClient()
        engine.set_status("urn", "before anyone listens")
        await engine.attach(address)
        engine.set_status("urn", "Pending, 2 s")
        received = await listening.log_requests.get()
        assert (received.urn, received.message, received.ephemeral, received.severity) == (
            "urn",
            "Pending, 2 s",
            True,
            engine_pb2.INFO,
        )
    engine.set_status("urn", "after it left")
    await engine.close()


async def test_many_rows_together_are_told_no_more_than_anybody_reads() -> None:
    async with serve_engine() as (listening, address):
        engine = EngineClient()
        await engine.attach(address)
        for number in range(200):
            engine.set_status(f"urn-{number}", "Pending, 2 s")
        await listening.log_requests.get()
        await engine.close()
    assert listening.log_requests.qsize() < 5


class RecordingEngineClient(EngineClient):
    """An engine client that records the displayed texts."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def set_status(self, urn: str, text: str) -> None:
        self.lines.append(f"{urn} {text}")


def test_a_row_changes_at_most_once_a_second_and_not_for_what_is_quick() -> None:
    shown, clock = RecordingEngineClient(), FakeClock()
    progress = StatusReporter(shown, "urn", clock)
    for _ in range(15):
        progress(f"Pending, {int(clock.monotonic())} s")
        clock.advance(0.25)
    assert shown.lines == ["urn Pending, 1 s", "urn Pending, 2 s", "urn Pending, 3 s"]


def test_a_row_does_not_repeat_itself() -> None:
    shown, clock = RecordingEngineClient(), FakeClock()
    progress = StatusReporter(shown, "urn", clock)
    for _ in range(5):
        clock.advance(2)
        progress("Pending")
    assert shown.lines == ["urn Pending"]


async def test_what_is_logged_stays_in_the_log_in_its_order() -> None:
    async with serve_engine() as (listening, address):
        engine = EngineClient()
        await engine.flush()
        engine.log("urn", "before anyone listens")
        await engine.attach(address)
        for number in range(20):
            engine.log("urn", f"line {number}")
        await engine.flush()
        received = [listening.log_requests.get_nowait() for _ in range(listening.log_requests.qsize())]
        assert [item.message for item in received] == [f"line {number}" for number in range(20)]
        assert not any(item.ephemeral for item in received)
    await engine.close()


async def test_a_check_warns_in_the_log_of_a_pattern_that_matches_nothing(tmp_path: Path) -> None:
    news = struct_pb2.Struct()
    news.update({"sandboxId": "box", "path": "x", "sourcePath": str(tmp_path), "exclude": ["*.pyc"]})
    request = provider_pb2.CheckRequest(urn="urn:pulumi:dev::p::neev:index:Directory::r", news=news)
    plugin, nobody = ProviderServicer(), cast("ServicerContext", None)
    async with serve_engine() as (listening, address):
        await plugin.Attach(plugin_pb2.PluginAttach(address=address), nobody)
        assert not (await plugin.Check(request, nobody)).failures
        received = await listening.log_requests.get()
        assert (received.urn, received.severity) == (request.urn, engine_pb2.WARNING)
        assert received.message == "exclude: *.pyc matches nothing"
        await plugin.aclose()


class BlockedEngine(RecordingEngine):
    """An engine that accepts no messages yet."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()

    async def Log(self, request: engine_pb2.LogRequest, context: Any) -> Empty:  # noqa: N802  likewise
        await self.ready.wait()
        return await super().Log(request, context)


async def test_what_is_logged_reaches_an_engine_that_is_slow_and_the_operation_waits_no_longer_than_it_may() -> None:
    slow = BlockedEngine()
    async with serve_engine(slow) as (_, address):
        engine = EngineClient(log_flush_timeout=0.05)
        await engine.attach(address)
        engine.log("urn", "first")
        engine.log("urn", "second")
        await engine.flush()
        assert slow.log_requests.empty()
        slow.ready.set()
        assert [(await slow.log_requests.get()).message for _ in range(2)] == ["first", "second"]
        await engine.close()


async def test_what_is_logged_before_the_engine_can_be_reached_is_not_lost() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    engine = EngineClient(log_flush_timeout=0.2)
    await engine.attach(f"127.0.0.1:{port}")
    engine.log("urn", "early")
    await engine.flush()
    async with serve_engine(port=port) as (listening, _):
        assert (await asyncio.wait_for(listening.log_requests.get(), 30)).message == "early"
        await engine.close()


@pytest.mark.parametrize("variable", ["http_proxy", "grpc_proxy", "https_proxy"])
async def test_the_engine_is_never_looked_for_behind_a_proxy(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "no_grpc_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{silent.getsockname()[1]}")
        async with serve_engine() as (listening, address):
            engine = EngineClient()
            await engine.attach(address)
            engine.log("urn", "line")
            assert (await asyncio.wait_for(listening.log_requests.get(), 30)).message == "line"
            await engine.close()
        silent.setblocking(False)  # noqa: FBT003  the method takes it so
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_a_process_that_is_killed_has_said_what_it_was_making(capsys: pytest.CaptureFixture[str]) -> None:
    with announce_create("Sandbox box", "box-1a2b3c4"):
        begun = capsys.readouterr().err
    assert begun.startswith("Sandbox box: making box-1a2b3c4.")
    assert capsys.readouterr().err == "Sandbox box: the engine knows what became of box-1a2b3c4.\n"


def test_what_has_no_name_to_look_for_is_not_spoken_of(capsys: pytest.CaptureFixture[str]) -> None:
    with announce_create("File note", None):
        pass
    assert capsys.readouterr().err == ""


class ClosedStream(io.StringIO):
    """A stream whose reader has closed it."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_it_is_no_matter_that_nobody_hears_what_is_being_made() -> None:
    with contextlib.redirect_stderr(ClosedStream()), announce_create("Sandbox box", "box"):
        pass


async def test_an_operation_warns_in_the_log_of_a_retention_that_the_api_ignores(
    plugin: FakePulumiEngine, emulator: Emulator
) -> None:
    emulator.change_settings(ignore_retain_for=True)
    box = await plugin.create("Sandbox", {"name": "box"})
    async with serve_engine() as (listening, address):
        await plugin.call("Attach", plugin_pb2.PluginAttach(address=address))
        stored = await plugin.create("Snapshot", {"sandboxId": box.id, "name": "base", "retainFor": "720h"})
        received = [listening.log_requests.get_nowait() for _ in range(listening.log_requests.qsize())]
    warnings = [item for item in received if item.severity == engine_pb2.WARNING]
    assert [(item.urn, item.message.startswith(f"snapshot {stored.id} does not expire")) for item in warnings] == [
        (stored.urn, True)
    ]
