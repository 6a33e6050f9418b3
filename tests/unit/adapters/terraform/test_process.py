"""The provider as a process: its handshake line, the modules imported before it, and the exit."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import sysconfig
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import psutil
import pytest
from google.protobuf.empty_pb2 import Empty
from tests.engine.project import out_of_band_request

from neev_emulator import Emulator
from neev_provider.adapters.terraform import command_line, listener, server
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.command_line import CLIENT_CERTIFICATE, COOKIE, COOKIE_NAME
from neev_provider.adapters.terraform.values import encode

COMMAND = str(Path(sysconfig.get_path("scripts")) / "terraform-provider-neev")
PLAIN = {COOKIE_NAME: COOKIE}
ENCRYPTED = {**PLAIN, CLIENT_CERTIFICATE: "of the engine"}
EXIT_SECONDS = 10
"""Within this time a process exits even on a busy machine; on an idle one it takes two seconds at most."""
WITH_PORT = f"""\
import asyncio, os, sys
from {server.__name__} import serve
from {command_line.__name__} import parse_command_line
from {listener.__name__} import Network
asyncio.run(serve(parse_command_line(sys.argv[1:], os.environ), network=Network.TCP))
"""
ENGINE = "import subprocess, sys; subprocess.run(sys.argv[1:])"
"""A program that runs the provider as the engine does."""
HEAVY_MODULES = ("pydantic", "httpx", "msgpack", "neev_provider.core.model", "neev_provider.resources")
UNNEEDED_MODULES = ("pulumi", "jsonschema", "neevai", "rich", "typer")


@contextmanager
def start_provider(
    *arguments: str, env: Mapping[str, str] = PLAIN, command: Sequence[str] = (COMMAND,)
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the provider; yield the process and its first line."""
    with subprocess.Popen(
        [*command, *arguments], env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.kill()


def run_provider(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)


def call(channel: grpc.Channel, method: str, request: Any, response: type[Any]) -> Any:
    send: Any = channel.unary_unary(
        method, request_serializer=type(request).SerializeToString, response_deserializer=response.FromString
    )
    return send(request, wait_for_ready=True)


def read_schema(channel: grpc.Channel) -> pb.GetProviderSchema.Response:
    request = pb.GetProviderSchema.Request()
    found = call(channel, "/tfplugin6.Provider/GetProviderSchema", request, pb.GetProviderSchema.Response)
    assert isinstance(found, pb.GetProviderSchema.Response)
    return found


def test_the_provider_serves_at_the_printed_address_until_shutdown() -> None:
    with start_provider() as (process, line):
        version, protocol, network, socket, kind, certificate = line.rstrip("\n").split("|")
        assert (version, protocol, network, kind, certificate) == ("1", "6", "unix", "grpc", "")
        assert Path(socket).parent.stat().st_mode & 0o77 == 0
        with grpc.insecure_channel(f"unix:{socket}") as channel:
            assert "neev_sandbox" in read_schema(channel).resource_schemas
            call(channel, "/plugin.GRPCController/Shutdown", Empty(), Empty)
            assert process.wait(EXIT_SECONDS) == 0
        assert not Path(socket).parent.exists()
        assert process.stdout is not None
        assert process.stdout.read() == ""


@pytest.mark.parametrize(
    ("command", "network", "scheme"), [((COMMAND,), "unix", "unix:"), ((sys.executable, "-c", WITH_PORT), "tcp", "")]
)
def test_the_printed_certificate_encrypts_the_connection(command: Sequence[str], network: str, scheme: str) -> None:
    with start_provider(command=command, env=ENCRYPTED) as (process, line):
        *_, shown, address, kind, text = line.rstrip("\n").split("|")
        assert (shown, kind) == (network, "grpc")
        # the engine decodes it without padding
        assert "=" not in text
        certificate = ssl.DER_cert_to_PEM_cert(b64decode(text + "=" * (-len(text) % 4)))
        credentials = grpc.ssl_channel_credentials(certificate.encode())
        options = [("grpc.ssl_target_name_override", "localhost")]
        with grpc.secure_channel(f"{scheme}{address}", credentials, options=options) as channel:
            assert "neev_sandbox" in read_schema(channel).resource_schemas
            call(channel, "/plugin.GRPCController/Shutdown", Empty(), Empty)
            assert process.wait(EXIT_SECONDS) == 0


def test_the_provider_streams_every_event_of_a_list(platform: Emulator) -> None:
    for name in ("one", "two"):
        out_of_band_request(platform, "POST", "/sandboxes", {"name": name})
    request = pb.ListResource.Request(type_name="neev_sandbox", config=encode(None))
    with start_provider(env={**PLAIN, **platform.env}) as (process, line):
        channel = grpc.insecure_channel(f"unix:{line.split('|')[3]}")
        send: Any = channel.unary_stream(
            "/tfplugin6.Provider/ListResource",
            request_serializer=pb.ListResource.Request.SerializeToString,
            response_deserializer=pb.ListResource.Event.FromString,
        )
        assert sorted(event.display_name for event in send(request, wait_for_ready=True)) == ["one", "two"]
        call(channel, "/plugin.GRPCController/Shutdown", Empty(), Empty)
        channel.close()
        assert process.wait(EXIT_SECONDS) == 0


def test_the_provider_exits_soon_after_sigterm() -> None:
    with start_provider() as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(EXIT_SECONDS) == 0


def test_the_provider_ignores_sigint() -> None:
    with start_provider() as (process, line):
        process.send_signal(signal.SIGINT)
        with grpc.insecure_channel(f"unix:{line.split('|')[3]}") as channel:
            assert read_schema(channel).resource_schemas


def test_the_provider_exits_if_the_engine_is_killed_during_startup() -> None:
    with start_provider(COMMAND, command=(sys.executable, "-c", ENGINE)) as (engine, _):
        (provider,) = psutil.Process(engine.pid).children()
        # immediately, while the handlers are still being imported
        engine.kill()
        provider.wait(EXIT_SECONDS)


def test_debug_mode_prints_the_reattach_variable_and_ends_on_sigint() -> None:
    with start_provider("--debug") as (process, line):
        assert line.startswith("TF_REATTACH_PROVIDERS='{")
        assert f'"Pid": {process.pid}' in line
        process.send_signal(signal.SIGINT)
        assert process.wait(EXIT_SECONDS) == 0


def list_imported_modules(code: str) -> set[str]:
    """Return the modules that a new interpreter has imported after the code."""
    shown = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(shown.stdout.split())


def test_no_heavy_module_is_imported_before_the_handshake_line() -> None:
    modules = list_imported_modules(
        "import neev_provider.adapters.terraform.server, grpc.aio, neev_provider.adapters.terraform.certificate"
    )
    assert modules.isdisjoint(HEAVY_MODULES + UNNEEDED_MODULES)


def test_the_handlers_import_no_module_of_other_programs() -> None:
    modules = list_imported_modules(
        "from neev_provider.adapters.shared import fast_start\n"
        "fast_start.skip_optional_imports()\n"
        "from neev_provider.adapters.terraform.servicer import load_handlers\n"
        "load_handlers()"
    )
    assert modules.isdisjoint((*UNNEEDED_MODULES, "httpx"))


def test_a_start_without_an_engine_fails_with_an_explanation() -> None:
    assert "terraform or tofu starts it" in run_provider().stderr
    assert run_provider().returncode == 1


def test_the_options_help_and_version_print_their_text() -> None:
    assert "--debug" in run_provider("--help").stdout
    assert run_provider("--version").stdout[0].isdigit()


def test_an_unknown_argument_is_rejected() -> None:
    refused = run_provider("--port")
    assert (refused.returncode, "unknown argument --port" in refused.stderr) == (2, True)
