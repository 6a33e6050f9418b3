"""Spans of OpenTelemetry, where an endpoint is configured; nothing is imported otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

from neev_provider.core.redaction import redact

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINT_VARIABLE: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""Variable with the endpoint of an OTLP collector; an engine may set one with a prefix of its own."""
EXPORT_INTERVAL_MILLISECONDS: Final = 500
"""Milliseconds between exports: a process that is killed loses the spans since the last one."""
FLUSH_TIMEOUT_MILLISECONDS: Final = 500
"""Maximum milliseconds that the close of a client waits for a collector."""

SetAttribute = Callable[[str, "str | int"], object]


@contextmanager
def trace_span(
    name: str, attributes: Mapping[str, str | int], redact_text: Callable[[str], str] = redact
) -> Iterator[SetAttribute]:
    """Record a span around the block; the function that it gives sets further attributes.

    Every text is redacted by `redact_text`. An error sets `error.type` alone, for its message may hold a secret.
    """
    provider = _tracer_provider()
    if provider is None:
        yield _ignore
        return
    from opentelemetry import propagate, trace  # noqa: PLC0415  only where an endpoint is configured

    parent = None
    if not trace.get_current_span().get_span_context().is_valid:
        parent = propagate.extract({"traceparent": os.environ.get("TRACEPARENT", "")})
    tracer = provider.get_tracer("neev")
    with tracer.start_as_current_span(name, parent, record_exception=False, set_status_on_exception=False) as span:

        def set_attribute(name: str, value: str | int) -> None:
            span.set_attribute(name, redact_text(value) if isinstance(value, str) else value)

        for item in attributes.items():
            set_attribute(*item)
        try:
            yield set_attribute
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            raise


def flush_spans() -> None:
    """Export the spans that ended until now."""
    if (provider := _tracer_provider()) is not None:
        provider.force_flush(FLUSH_TIMEOUT_MILLISECONDS)


@cache
def _tracer_provider() -> TracerProvider | None:
    """Return the provider that exports to the configured endpoint; None without an endpoint or the packages."""
    names = sorted((name for name in os.environ if name.endswith(ENDPOINT_VARIABLE)), key=len)
    endpoint = next(filter(None, map(os.environ.get, names)), None)
    if endpoint is None:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        return None
    exporter = OTLPSpanExporter(endpoint, insecure=not endpoint.startswith("https://"))
    provider = TracerProvider(resource=Resource.create({"service.name": "neev-provider"}))
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=EXPORT_INTERVAL_MILLISECONDS))
    return provider


def _ignore(_name: str, _value: str | int) -> None:
    """Record no attribute."""
