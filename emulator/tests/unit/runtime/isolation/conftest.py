"""Isolated sandboxes in a temporary directory, if this machine supports isolation."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from helpers.isolation_harness import IsolatedRecord
from helpers.runtime_harness import ManualClock
from neev_emulator.runtime import SandboxHost
from neev_emulator.runtime.isolation import Confinement, Isolation, IsolationUnavailableError

CreateHost = Callable[..., SandboxHost]


@pytest.fixture(scope="session")
def isolation() -> Isolation:
    try:
        return Isolation()
    except IsolationUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
async def create_host(tmp_path: Path, isolation: Isolation) -> AsyncIterator[CreateHost]:
    hosts: list[SandboxHost] = []

    def create(
        name: str = "one", record: IsolatedRecord | None = None, isolation: Isolation = isolation
    ) -> SandboxHost:
        known = record or IsolatedRecord()
        confinement = Confinement(isolation, lambda: known.limits, lambda: known.policy, known.network)
        host = SandboxHost(tmp_path / name, env={"GREETING": "hello"}, now=ManualClock(), confinement=confinement)
        hosts.append(host)
        return host

    yield create
    for host in hosts:
        await host.stop()
