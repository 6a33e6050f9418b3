"""The plugin as a process: its first line, its calm, and how it leaves."""

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
    """The process, and the port that its first line says."""
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stdout is not None
            yield process, int(process.stdout.readline())
        finally:
            process.terminate()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_soon_after_a_signal(ending: signal.Signals) -> None:
    with start_plugin() as (process, _):
        process.send_signal(ending)
        assert process.wait(2) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_it_leaves_as_soon_in_the_middle_of_a_create_and_hands_over_what_exists(ending: signal.Signals) -> None:
    with serve() as emulator, start_plugin(env={**os.environ, **emulator.env}) as (process, port):
        emulator.change_settings(durations={"create": 3600})
        driver = FakePulumiEngine(port)
        await driver.configure()
        creating = asyncio.ensure_future(driver.create("Sandbox", {"name": "box"}))
        # it looks for what it has made, so it knows its id
        while not any(count.startswith("GET /sandboxes") for count in emulator.counts()):  # noqa: ASYNC110 - elsewhere
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
async def test_it_serves_on_the_port_that_it_says(command: Sequence[str]) -> None:
    with start_plugin(command=command) as (_, port):
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=NO_PROXY_OPTIONS) as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            assert (await stub.GetPluginInfo(Empty())).version
            checked = await stub.Check(provider_pb2.CheckRequest(urn="urn:pulumi:a::b::neev:index:Sandbox::c"))
            assert not checked.failures


def test_the_folder_has_an_environment_of_its_own() -> None:
    """Else a host finds the lock of the checkout, and installs into the checkout's environment, if it has uv at all."""
    runtime = yaml.safe_load((Path(FOLDER) / "PulumiPlugin.yaml").read_text(encoding="utf-8"))["runtime"]
    assert runtime == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "venv"}}


async def start_silent_engine() -> tuple[asyncio.Server, str, asyncio.Queue[asyncio.StreamWriter]]:
    """Something that listens as an engine does: itself, its address, and whoever has connected."""
    connected: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"what an engine says first")
        connected.put_nowait(writer)

    engine = await asyncio.start_server(accept, "127.0.0.1", 0)
    return engine, f"127.0.0.1:{engine.sockets[0].getsockname()[1]}", connected


async def test_it_leaves_when_its_engine_is_gone() -> None:
    engine, address, connected = await start_silent_engine()
    with start_plugin("--logtostderr", "-v=1", address) as (process, _):
        connection = await asyncio.wait_for(connected.get(), 30)
        assert process.poll() is None
        engine.close()
        connection.close()
        started = time.monotonic()
        assert await asyncio.to_thread(process.wait, 10) == 0
        assert time.monotonic() - started < 10


async def test_an_engine_is_gone_once_nobody_answers_at_its_address_twice() -> None:
    engine, address, connected = await start_silent_engine()
    watching = asyncio.ensure_future(wait_for_engine_exit(address))
    # a connection that ends is no engine that ended
    (await connected.get()).close()
    again = await connected.get()
    assert not watching.done()
    engine.close()
    again.close()
    await asyncio.wait_for(watching, 30)


def test_nothing_heavy_is_imported_before_its_first_line() -> None:
    script = (
        "import sys; from neev_provider.adapters.pulumi.plugin.stub_imports import import_stubs_without_sdk; "
        "import_stubs_without_sdk(); "
        "import neev_provider.adapters.pulumi.plugin.servicer; print(*sys.modules)"
    )
    imported = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    assert not set(HEAVY_MODULES) & set(imported.stdout.split())


def test_what_no_check_needs_is_not_loaded_with_the_provider() -> None:
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


def test_a_process_that_has_the_sdk_keeps_it() -> None:
    there = sys.modules["pulumi"]
    import_stubs_without_sdk()
    assert sys.modules["pulumi"] is there
