"""The costs of the provider's process for Terraform: its start, its idle memory and its end. Run by ``make bench``."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import psutil
from google.protobuf.empty_pb2 import Empty

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.command_line import COOKIE, COOKIE_NAME

COMMAND = str(Path(sys.prefix) / "bin" / "terraform-provider-neev")
ENVIRONMENT = {**os.environ, COOKIE_NAME: COOKIE, "PYTHONDONTWRITEBYTECODE": ""}
ENCRYPTED = {**ENVIRONMENT, "PLUGIN_CLIENT_CERT": "of the engine; the provider makes its own"}
START_COUNT = 9
REST_SECONDS = 0.5
"""Seconds after the first call in which whatever is still loaded is loaded."""
LIMITS = {"start": 0.2, "memory": 80.0, "shutdown": 2.0, "orphan": 2.0}
MAX_ORPHAN_SECONDS = 30
PARENT = "import subprocess, sys; subprocess.run(sys.argv[1:])"
"""A process in the place of the engine."""


def main() -> None:
    """Print the table."""
    starts = [_measure_start() for _ in range(START_COUNT)]
    wall, cpu = (statistics.median(values) for values in zip(*starts, strict=True))
    memory, shutdown = _measure_rest()
    rows = (
        ("from its start to its line, encrypted", f"{wall:.2f} s ({cpu:.2f} s of CPU)", f"{LIMITS['start']} s"),
        ("resident memory at rest", f"{memory:.0f} MB", f"{LIMITS['memory']:.0f} MB"),
        ("from `Shutdown` to its end", f"{shutdown:.2f} s", f"{LIMITS['shutdown']:.0f} s"),
        ("from the kill of the engine to its end", f"{_measure_orphan():.2f} s", f"{LIMITS['orphan']:.0f} s"),
    )
    print("| the provider's process for Terraform | measured | at most |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


@contextmanager
def _start_provider(command: list[str], env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command; return it and the address in the line of the provider."""
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().split("|")[3]
        process.kill()


def _measure_start() -> tuple[float, float]:
    """Return the seconds until the line, and those of CPU."""
    started = time.perf_counter()
    with _start_provider([COMMAND], ENCRYPTED) as (process, _):
        seconds = time.perf_counter() - started
        used = psutil.Process(process.pid).cpu_times()
    return seconds, used.user + used.system


def _measure_rest() -> tuple[float, float]:
    """Return the MB of a process that has answered, and the seconds in which it ends when it is told to."""
    with (
        _start_provider([COMMAND], ENVIRONMENT) as (process, socket),
        grpc.insecure_channel(f"unix:{socket}", options=[("grpc.max_receive_message_length", -1)]) as channel,
    ):
        method: Any = channel.unary_unary(
            "/tfplugin6.Provider/GetProviderSchema",
            request_serializer=pb.GetProviderSchema.Request.SerializeToString,
            response_deserializer=pb.GetProviderSchema.Response.FromString,
        )
        method(pb.GetProviderSchema.Request(), wait_for_ready=True)
        time.sleep(REST_SECONDS)
        memory = psutil.Process(process.pid).memory_info().rss / 1e6
        started = time.perf_counter()
        channel.unary_unary(
            "/plugin.GRPCController/Shutdown",
            request_serializer=Empty.SerializeToString,
            response_deserializer=Empty.FromString,
        )(Empty())
        process.wait()
        return memory, time.perf_counter() - started


def _measure_orphan() -> float:
    """Return the seconds in which the process ends after its engine was killed."""
    with _start_provider([sys.executable, "-c", PARENT, COMMAND], ENVIRONMENT) as (engine, _):
        (provider,) = psutil.Process(engine.pid).children()
        engine.kill()
        started = time.perf_counter()
        provider.wait(timeout=MAX_ORPHAN_SECONDS)
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
