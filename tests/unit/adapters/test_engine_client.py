"""The log lines and the progress that the engine receives during an operation."""

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
async def serve_engine(
    engine: RecordingEngine | None = None, port: int = 0
) -> AsyncIterator[tuple[RecordingEngine, str]]:
    """Yield a listening engine and its address."""
    listening = engine or RecordingEngine()
    server = grpc.aio.server()
    engine_pb2_grpc.add_EngineServicer_to_server(listening, server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield listening, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


async def test_messages_are_sent_to_the_engine_that_shook_hands_or_attached_last() -> None:
    observed: list[EngineClient] = []

    def load(engine: EngineClient) -> Any:
        observed.append(engine)
        raise NotImplementedError

    plugin, no_context = ProviderServicer(load), cast("ServicerContext", None)
    with pytest.raises(NotImplementedError):
        await plugin.get_provider()
    [engine] = observed
    async with serve_engine() as (first, address):
        await plugin.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address=address), no_context)
        engine.log("urn", "by the handshake")
        assert (await first.log_requests.get()).message == "by the handshake"
        async with serve_engine() as (second, other):
            await plugin.Attach(plugin_pb2.PluginAttach(address=other), no_context)
            engine.log("urn", "attached")
            assert (await second.log_requests.get()).message == "attached"
    assert first.log_requests.empty()
    await engine.close()


async def test_a_status_is_an_ephemeral_log_request_of_the_resource() -> None:
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


async def test_statuses_of_many_resources_are_rate_limited() -> None:
    async with serve_engine() as (listening, address):
        engine = EngineClient()
        await engine.attach(address)
        for number in range(200):
            engine.set_status(f"urn-{number}", "Pending, 2 s")
        await listening.log_requests.get()
        await engine.close()
    assert listening.log_requests.qsize() < 5


class RecordingEngineClient(EngineClient):
    """An engine client that records the statuses."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def set_status(self, urn: str, text: str) -> None:
        self.lines.append(f"{urn} {text}")


def test_a_status_is_reported_at_most_once_a_second_and_after_a_second() -> None:
    shown, clock = RecordingEngineClient(), FakeClock()
    progress = StatusReporter(shown, "urn", clock)
    for _ in range(15):
        progress(f"Pending, {int(clock.monotonic())} s")
        clock.advance(0.25)
    assert shown.lines == ["urn Pending, 1 s", "urn Pending, 2 s", "urn Pending, 3 s"]


def test_an_unchanged_status_is_not_repeated() -> None:
    shown, clock = RecordingEngineClient(), FakeClock()
    progress = StatusReporter(shown, "urn", clock)
    for _ in range(5):
        clock.advance(2)
        progress("Pending")
    assert shown.lines == ["urn Pending"]


async def test_log_lines_are_persistent_and_ordered() -> None:
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


async def test_a_check_logs_a_warning_for_a_pattern_without_matches(tmp_path: Path) -> None:
    news = struct_pb2.Struct()
    news.update({"sandboxId": "box", "path": "x", "sourcePath": str(tmp_path), "exclude": ["*.pyc"]})
    request = provider_pb2.CheckRequest(urn="urn:pulumi:dev::p::neev:index:Directory::r", news=news)
    plugin, no_context = ProviderServicer(), cast("ServicerContext", None)
    async with serve_engine() as (listening, address):
        await plugin.Attach(plugin_pb2.PluginAttach(address=address), no_context)
        assert not (await plugin.Check(request, no_context)).failures
        received = await listening.log_requests.get()
        assert (received.urn, received.severity) == (request.urn, engine_pb2.WARNING)
        assert received.message == "exclude: *.pyc matches nothing"
        await plugin.aclose()


class BlockedEngine(RecordingEngine):
    """An engine that handles no message until it is ready."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.Event()

    async def Log(self, request: engine_pb2.LogRequest, context: Any) -> Empty:  # noqa: N802  likewise
        await self.ready.wait()
        return await super().Log(request, context)


async def test_log_lines_reach_a_slow_engine_and_flush_ends_at_its_timeout() -> None:
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


async def test_log_lines_sent_before_the_engine_listens_are_delivered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    engine = EngineClient(log_flush_timeout=0.2)
    await engine.attach(f"127.0.0.1:{port}")
    engine.log("urn", "early")
    await engine.flush()
    async with serve_engine(port=port) as (listening, _):
        assert (await asyncio.wait_for(listening.log_requests.get(), 30)).message == "early"
        await engine.close()


@pytest.mark.parametrize("variable", ["http_proxy", "grpc_proxy", "https_proxy"])
async def test_the_connection_to_the_engine_ignores_proxies(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "no_grpc_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        async with serve_engine() as (listening, address):
            engine = EngineClient()
            await engine.attach(address)
            engine.log("urn", "line")
            assert (await asyncio.wait_for(listening.log_requests.get(), 30)).message == "line"
            await engine.close()
        proxy.setblocking(False)  # noqa: FBT003  the method takes it so
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_a_create_is_announced_on_stderr_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    with announce_create("Sandbox box", "box-1a2b3c4"):
        announced = capsys.readouterr().err
    assert announced.startswith("Sandbox box: making box-1a2b3c4.")
    assert capsys.readouterr().err == "Sandbox box: the engine knows what became of box-1a2b3c4.\n"


def test_a_create_without_a_name_is_not_announced(capsys: pytest.CaptureFixture[str]) -> None:
    with announce_create("File note", None):
        pass
    assert capsys.readouterr().err == ""


class ClosedStream(io.StringIO):
    """A stream whose reader has closed it."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_create_is_not_affected_by_a_closed_stderr() -> None:
    with contextlib.redirect_stderr(ClosedStream()), announce_create("Sandbox box", "box"):
        pass


async def test_an_operation_logs_a_warning_for_an_ignored_retention(
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
