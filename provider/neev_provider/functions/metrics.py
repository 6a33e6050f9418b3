"""What a sandbox has used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.core.function import Function
from neev_provider.core.model import Arguments, Integer, Model, Outputs
from neev_provider.resources.references import missing_reference_error, require_existing


class MetricsQuery(Arguments):
    """Of which sandbox, over which time."""

    sandbox_id: str
    """The sandbox, by id or by name."""
    window_seconds: Annotated[Integer, Field(ge=1)] = 3600
    """How far back from now, in seconds."""
    resolution_seconds: Annotated[Integer | None, Field(ge=1)] = None
    """Seconds between two points. Unset: chosen by the platform."""


class MetricPoint(Model):
    """One measured value."""

    at: float
    """When, in seconds since 1970 (UTC)."""
    value: float
    """The value, in the unit of its series."""


class MetricSeries(Model):
    """The values of one metric over time."""

    metric: str
    """Such as `cpu_usage_cores` or `memory_usage_bytes`."""
    unit: str | None = None
    """Such as `cores`, `bytes`, `count` or `ratio`."""
    points: list[MetricPoint]
    """In the order of time; empty where nothing was measured."""


class GetSandboxMetricsResult(Outputs):
    """What a sandbox has used."""

    start: str
    """Where the window begins (RFC 3339)."""
    end: str
    """Where it ends (RFC 3339)."""
    step: str
    """The resolution that was used, such as `60s`."""
    series: list[MetricSeries]
    """One for each metric."""


class GetSandboxMetrics(Function[MetricsQuery, GetSandboxMetricsResult]):
    """What a sandbox has used over a window of time."""

    name = "getSandboxMetrics"
    arguments = MetricsQuery
    result = GetSandboxMetricsResult

    @override
    async def call(self, api: Api, arguments: MetricsQuery) -> GetSandboxMetricsResult:
        end = datetime.fromtimestamp(api.clock.now(), UTC)
        start = end - timedelta(seconds=arguments.window_seconds)
        step = f"{arguments.resolution_seconds}s" if arguments.resolution_seconds else None
        id = arguments.sandbox_id
        answer = await require_existing(
            api.sandboxes.metrics(id, from_=start.isoformat(), to=end.isoformat(), step=step),
            missing_reference_error(api, "sandboxId", "sandbox", id),
        )
        series = [
            MetricSeries(
                metric=each.metric,
                unit=each.unit,
                points=[MetricPoint(at=at, value=value) for at, value in each.points],
            )
            for each in answer.series
        ]
        return GetSandboxMetricsResult(start=answer.from_, end=answer.to, step=answer.step, series=series)
