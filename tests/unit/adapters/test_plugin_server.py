"""The plugin as a process: its first line, its imports, and its exit."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import grpc.aio
import pytest
import yaml
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc
from tests.unit.adapters.fake_pulumi_engine import FakePulumiEngine, RpcFailure

from neev_emulator import serve
from neev_provider.adapters.pulumi.engine_watch import wait_for_engine_exit
from neev_provider.adapters.pulumi.plugin.engine_client import NO_PROXY_OPTIONS
from neev_provider.adapters.pulumi.plugin.stub_imports import import_stubs_without_sdk

COMMAND = str(Path(sysconfig.get_path("scripts")) / "pulumi-resource-neev")
WITHOUT_FAST_START = (
    "import asyncio, pulumi; from neev_provider.adapters.pulumi.plugin.server import serve; asyncio.run(serve(None))"
)
FOLDER = str(Path(__file__).parents[3] / "plugin")
OPTIONAL_MODULES = (
    "httpx",
    "rich",
    "click",
    "neevai",
    "neev_provider.resources.pool.sandbox_pool",
    "neev_provider.functions.templates",
)
HEAVY_MODULES = ("pydantic", "httpx", "pulumi.output", "neev_provider.core.model")


@contextmanager
def start_plugin(
    *arguments: str, command: Sequence[str] = (COMMAND,), env: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start the plugin; yield the process and the port in its first line."""
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.terminate()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_plugin_exits_soon_after_a_signal(ending: signal.Signals) -> None:
    with start_plugin() as (process, _):
        process.send_signal(ending)
        assert process.wait(2) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_the_plugin_exits_on_a_signal_during_a_create_and_reports_the_id(ending: signal.Signals) -> None:
    with serve() as emulator, start_plugin(env={**os.environ, **emulator.env}) as (process, port):
        emulator.change_settings(durations={"create": 3600})
        driver = FakePulumiEngine(port)
        await driver.configure()
        creating = asyncio.ensure_future(driver.create("Sandbox", {"name": "box"}))
        # a read follows the create, so the plugin has received the id
        while not any(count.startswith("GET /sandboxes") for count in emulator.counts()):  # noqa: ASYNC110  no event
            await asyncio.sleep(0.01)
        process.send_signal(ending)
        assert await asyncio.to_thread(process.wait, 2) == 0
        with pytest.raises(RpcFailure) as caught:
            await creating
        await driver.close()
        assert caught.value.init_failed is not None
        assert caught.value.init_failed.id
        assert "stopped waiting, as asked" in caught.value.text


@pytest.mark.parametrize("command", [(COMMAND,), (sys.executable, FOLDER), (sys.executable, "-c", WITHOUT_FAST_START)])
async def test_the_plugin_serves_on_the_printed_port(command: Sequence[str]) -> None:
    with start_plugin(command=command) as (_, port):
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=NO_PROXY_OPTIONS) as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            assert (await stub.GetPluginInfo(Empty())).version
            checked = await stub.Check(provider_pb2.CheckRequest(urn="urn:pulumi:a::b::neev:index:Sandbox::c"))
            assert not checked.failures


def test_the_plugin_folder_has_its_own_virtual_environment() -> None:
    """Otherwise a host finds the lock file of the checkout and installs into its environment, or fails without uv."""
    runtime = yaml.safe_load((Path(FOLDER) / "PulumiPlugin.yaml").read_text(encoding="utf-8"))["runtime"]
    assert runtime == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}


async def start_silent_engine() -> tuple[asyncio.Server, str, asyncio.Queue[asyncio.StreamWriter]]:
    """Start a server in the place of the engine; return it, its address, and a queue of its connections."""
    connected: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"settings of HTTP/2")
        connected.put_nowait(writer)

    engine = await asyncio.start_server(accept, "127.0.0.1", 0)
    return engine, f"127.0.0.1:{engine.sockets[0].getsockname()[1]}", connected


async def test_the_plugin_exits_if_its_engine_has_exited() -> None:
    engine, address, connected = await start_silent_engine()
    with start_plugin("--logtostderr", "-v=1", address) as (process, _):
        connection = await asyncio.wait_for(connected.get(), 30)
        assert process.poll() is None
        engine.close()
        connection.close()
        started = time.monotonic()
        assert await asyncio.to_thread(process.wait, 10) == 0
        assert time.monotonic() - started < 10


async def test_the_engine_has_exited_if_a_reconnect_fails() -> None:
    engine, address, connected = await start_silent_engine()
    watching = asyncio.ensure_future(wait_for_engine_exit(address))
    # the engine may run although a connection has ended
    (await connected.get()).close()
    again = await connected.get()
    assert not watching.done()
    engine.close()
    again.close()
    await asyncio.wait_for(watching, 30)


def test_no_heavy_module_is_imported_before_the_first_line() -> None:
    script = (
        "import sys; from neev_provider.adapters.pulumi.plugin.stub_imports import import_stubs_without_sdk; "
        "import_stubs_without_sdk(); "
        "import neev_provider.adapters.pulumi.plugin.servicer; print(*sys.modules)"
    )
    imported = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    assert not set(HEAVY_MODULES) & set(imported.stdout.split())


def test_the_provider_loads_no_module_that_a_check_does_not_need() -> None:
    script = (
        "import sys; from neev_provider.adapters.pulumi.plugin.stub_imports import import_stubs_without_sdk; "
        "from neev_provider.adapters.shared import fast_start; "
        "import_stubs_without_sdk(); fast_start.skip_optional_imports(); "
        "from neev_provider.adapters.pulumi.plugin.servicer import load_provider; "
        "from neev_provider.adapters.pulumi.plugin.engine_client import EngineClient; load_provider(EngineClient()); "
        "from neev_provider.resources.sandbox.sandbox import SandboxInputs; "
        "assert not SandboxInputs.__pydantic_complete__; "
        "print(*sys.modules)"
    )
    imported = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    assert not set(OPTIONAL_MODULES) & set(imported.stdout.split())


def test_an_imported_sdk_is_not_replaced() -> None:
    there = sys.modules["pulumi"]
    import_stubs_without_sdk()
    assert sys.modules["pulumi"] is there
