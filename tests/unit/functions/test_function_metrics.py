"""The metrics of a sandbox: getSandboxMetrics."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from neevai.runtime import AsyncSandboxConnection
from tests.fakes.clock import ScaledClock

from neev_emulator import Emulator
from neev_provider.client import Api, Settings, connect
from neev_provider.core.errors import InputError
from neev_provider.functions.metrics import GetSandboxMetrics, MetricsQuery


def compute_span_seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


@pytest.fixture
async def api(emulator: Emulator) -> AsyncIterator[Api]:
    """Yield a client whose clock follows that of the emulator."""
    settings = Settings(emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id)
    async with connect(settings, clock=ScaledClock()) as connected:
        yield connected


@pytest.fixture
async def box(api: Api, emulator: Emulator) -> str:
    """Create a sandbox with a few measurements, and return its id."""
    sandbox = await api.sandboxes.create({"name": "box"})
    emulator.advance(60)
    sandbox = await api.sandboxes.get(sandbox.id)
    session = AsyncSandboxConnection(sandbox.connect_url or "", emulator.api_key, sandbox_id=sandbox.id)
    await session.exec(["true"])
    await session.aclose()
    await api.clock.sleep(60)
    for _ in range(4):
        emulator.advance(60)
        await api.sandboxes.metrics(sandbox.id)
        await api.clock.sleep(60)
    return sandbox.id


async def test_the_window_ends_now_and_has_the_requested_length(api: Api, box: str) -> None:
    found = await GetSandboxMetrics().call(api, MetricsQuery(sandbox_id=box, window_seconds=600, resolution_seconds=60))
    assert compute_span_seconds(found.start, found.end) == 600
    assert abs(datetime.fromisoformat(found.end).timestamp() - api.clock.now()) < 30
    assert found.step == "60s"


async def test_the_default_window_is_an_hour_with_a_step_of_the_api(api: Api, box: str) -> None:
    found = await GetSandboxMetrics().call(api, MetricsQuery(sandbox_id=box))
    assert compute_span_seconds(found.start, found.end) == 3600
    assert found.step


async def test_metrics_are_found_by_the_name_of_the_sandbox(api: Api, box: str) -> None:
    by_name = await GetSandboxMetrics().call(api, MetricsQuery(sandbox_id="box"))
    by_id = await GetSandboxMetrics().call(api, MetricsQuery(sandbox_id=box))
    assert {sery.metric for sery in by_name.series} == {sery.metric for sery in by_id.series}
    assert {"cpu_usage_cores", "memory_usage_bytes"} <= {sery.metric for sery in by_name.series}


async def test_points_are_sorted_by_time_and_within_the_window(api: Api, box: str) -> None:
    found = await GetSandboxMetrics().call(api, MetricsQuery(sandbox_id=box, window_seconds=600, resolution_seconds=30))
    assert all(len(series.points) >= 3 for series in found.series)
    for series in found.series:
        moments = [point.at for point in series.points]
        assert moments == sorted(moments)
        assert all(datetime.fromisoformat(found.start).timestamp() <= at for at in moments)


async def test_a_missing_sandbox_is_an_error(api: Api) -> None:
    with pytest.raises(InputError, match="sandboxId: there is no sandbox 'none' in the project project-emulator"):
        await GetSandboxMetrics().call(api, MetricsQuery(sandbox_id="none"))
