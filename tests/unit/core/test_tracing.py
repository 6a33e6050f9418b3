"""Spans are sent to the configured collector; without one, OpenTelemetry is not imported."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from neev_provider.core import tracing
from neev_provider.core.redaction import Redactor, use_redactor
from neev_provider.core.tracing import flush_spans, trace_span

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """An OTLP collector that records the spans that it receives."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def Export(  # noqa: N802  the protocol's name
        self, request: trace_service_pb2.ExportTraceServiceRequest, _context: object
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        self.spans += [
            span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans
        ]
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture(autouse=True)
def fresh_provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (tracing.ENDPOINT_VARIABLE, f"PULUMI_{tracing.ENDPOINT_VARIABLE}", "TRACEPARENT"):
        monkeypatch.delenv(name, raising=False)
    tracing._tracer_provider.cache_clear()
    yield
    tracing._tracer_provider.cache_clear()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(1))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    monkeypatch.setenv("PULUMI_OTEL_EXPORTER_OTLP_ENDPOINT", f"127.0.0.1:{port}")
    yield collector
    if (provider := tracing._tracer_provider()) is not None:
        provider.shutdown()
    server.stop(None).wait()


def read_attributes(span: Span) -> dict[str, object]:
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes}


def _fail_in_nested_spans(secret: str) -> None:
    with trace_span("wait", {"neev.action": f"waiting for {secret}"}):
        with trace_span("GET", {"retry": 1}) as set_attribute:
            set_attribute("status", 200)
        raise ValueError(f"{secret} is wrong")


def test_spans_are_children_of_the_engine_span_and_redact_secrets(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEPARENT", f"00-{TRACE_ID}-b7ad6b7169203331-01")
    with use_redactor(Redactor.from_values("hunter22")), pytest.raises(ValueError, match="hunter22"):
        _fail_in_nested_spans("hunter22")
    flush_spans()
    request, wait = collector.spans
    assert (wait.name, read_attributes(wait)) == (
        "wait",
        {"neev.action": "waiting for [secret]", "error.type": "ValueError"},
    )
    assert (request.name, read_attributes(request)) == ("GET", {"retry": 1, "status": 200})
    assert request.parent_span_id == wait.span_id
    assert wait.trace_id.hex() == TRACE_ID
    assert not wait.events


def test_opentelemetry_is_not_imported_without_an_endpoint() -> None:
    code = (
        "import sys; from neev_provider.client import Settings; from neev_provider.core.tracing import *\n"
        "with trace_span('wait', {}) as set_attribute: set_attribute('a', 1)\n"
        "flush_spans(); sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_endpoint_is_ignored_without_the_opentelemetry_packages(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.grpc.trace_exporter"):
        monkeypatch.setitem(sys.modules, module, None)
    with trace_span("wait", {}):
        pass
    flush_spans()
    assert collector.spans == []
