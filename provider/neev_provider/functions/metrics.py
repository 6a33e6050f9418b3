"""The data function for the resource usage of a sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.core.function import Function
from neev_provider.core.model import Arguments, Integer, Model, Outputs
from neev_provider.resources.references import require_existing


class MetricsQuery(Arguments):
    """Sandbox and time range of a metrics query."""

    sandbox_id: str
    """Id or name of the sandbox."""
    window_seconds: Annotated[Integer, Field(ge=1)] = 3600
    """Length of the time range, in seconds, ending now. Defaults to `3600`."""
    resolution_seconds: Annotated[Integer | None, Field(ge=1)] = None
    """Interval between two points, in seconds. Defaults to a value that the API chooses."""


class MetricPoint(Model):
    """One measured value."""

    at: float
    """Time of the measurement, in seconds since 1970-01-01 UTC."""
    value: float
    """Measured value, in the unit of the series."""


class MetricSeries(Model):
    """Values of one metric over time."""

    metric: str
    """Name of the metric, such as `cpu_usage_cores` or `memory_usage_bytes`."""
    unit: str | None = None
    """Unit of the values, such as `cores`, `bytes`, `count` or `ratio`."""
    points: list[MetricPoint]
    """Measured values, oldest first. Empty if nothing was measured."""


class GetSandboxMetricsResult(Outputs):
    """Metrics of a sandbox."""

    start: str
    """Start of the time range (RFC 3339)."""
    end: str
    """End of the time range (RFC 3339)."""
    step: str
    """Resolution of the series, such as `60s`."""
    series: list[MetricSeries]
    """Series, one for each metric."""


class GetSandboxMetrics(Function[MetricsQuery, GetSandboxMetricsResult]):
    """Returns the resource usage of a sandbox over a time range."""

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
            api,
            id,
        )
        series = [
            MetricSeries(
                metric=sery.metric,
                unit=sery.unit,
                points=[MetricPoint(at=at, value=value) for at, value in sery.points],
            )
            for sery in answer.series
        ]
        return GetSandboxMetricsResult(start=answer.from_, end=answer.to, step=answer.step, series=series)
