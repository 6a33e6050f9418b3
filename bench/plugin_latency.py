"""The costs of the plugin's process: its start, its idle memory, and its share of a plan. Run by ``make bench``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import psutil
from google.protobuf import struct_pb2
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from neev_provider.adapters.pulumi.plugin.engine_client import NO_PROXY_OPTIONS

COMMAND = str(Path(sys.prefix) / "bin" / "pulumi-resource-neev")
START_COUNT = 9
CALL_COUNT = 1000
LIMITS = {"start": 0.5, "memory": 80.0, "call": 2}
URN = "urn:pulumi:dev::bench::neev:index:Sandbox::box"
INPUTS = {
    "cpu": 2,
    "memoryGb": 4,
    "image": "docker.io/library/python:3.12",
    "env": {f"NAME_{number}": f"value {number}" for number in range(4)},
    "egress": {"mode": "allow_list", "allow": [{"host": f"h{n}.example.com", "ports": [443]} for n in range(4)]},
    "idleTimeoutSeconds": 600,
}


def main() -> None:
    """Print the table."""
    starts = [_measure_start() for _ in range(START_COUNT)]
    with (
        _start_plugin() as (process, port, _),
        grpc.insecure_channel(f"127.0.0.1:{port}", options=NO_PROXY_OPTIONS) as channel,
    ):
        stub: Any = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.GetPluginInfo(Empty())
        check = provider_pb2.CheckRequest(urn=URN, news=_to_struct(INPUTS), randomSeed=bytes(32))
        inputs = stub.Check(check).inputs
        diff = provider_pb2.DiffRequest(id="id", urn=URN, olds=inputs, old_inputs=inputs, news=inputs)
        stub.Diff(diff)
        memory = psutil.Process(process.pid).memory_info().rss / 1e6
        checks, diffs = _measure_percentile(lambda: stub.Check(check)), _measure_percentile(lambda: stub.Diff(diff))
    rows = (
        ("from its start to the line with its port", f"{statistics.median(starts):.2f} s", f"{LIMITS['start']} s"),
        ("resident memory at rest", f"{memory:.0f} MB", f"{LIMITS['memory']:.0f} MB"),
        ("Check of an ordinary sandbox, over gRPC, 95th percentile", f"{checks:.2f} ms", f"{LIMITS['call']} ms"),
        ("Diff, likewise", f"{diffs:.2f} ms", f"{LIMITS['call']} ms"),
    )
    print("| the plugin's process | measured | at most |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


@contextmanager
def _start_plugin() -> Iterator[tuple[subprocess.Popen[str], int, float]]:
    """Start the plugin; return its process, its port, and the seconds until it printed the port."""
    started = time.perf_counter()
    with subprocess.Popen([COMMAND], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield process, port, time.perf_counter() - started
        process.terminate()


def _measure_start() -> float:
    with _start_plugin() as (_, _, seconds):
        return seconds


def _measure_percentile(call: Callable[[], object]) -> float:
    """Return the 95th percentile of the call's duration, in milliseconds."""
    taken = []
    for _ in range(CALL_COUNT):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1e3)
    return statistics.quantiles(taken, n=20)[-1]


def _to_struct(values: dict[str, Any]) -> struct_pb2.Struct:
    found = struct_pb2.Struct()
    found.update(values)
    return found


if __name__ == "__main__":
    main()
