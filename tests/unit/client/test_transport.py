"""Which requests are sent, which are retried, and the error for each outcome."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.clock import EPOCH, FakeClock
from tests.fakes.scripted_transport import ScriptedOutcome, ScriptedTransport, json_response, not_found_response
from tests.fakes.virtual_time import VirtualClock, in_virtual_time

from neev_provider.client.http.rate_limit import INITIAL_CONCURRENCY
from neev_provider.client.http.retry import MAX_ATTEMPTS, MAX_ATTEMPTS_WITH_RETRY_AFTER
from neev_provider.client.http.transport import Transport
from neev_provider.client.settings import Settings
from neev_provider.core import errors
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.wait import Deadline, retry_listener, send_deadline

KEY = "key-that-nobody-may-see"
SETTINGS = Settings("https://api.test/agent", KEY, "o/ rg", "p/1")
CONNECT_ERROR = httpx.ConnectError("refused")
READ_TIMEOUT_ERROR = httpx.ReadTimeout("slow")
PROTOCOL_ERROR = httpx.RemoteProtocolError("cut")
HTML_RESPONSE = httpx.Response(200, html="<p>hello")
TRUNCATED_RESPONSE = httpx.Response(200, content=b'{"id": "1', headers={"content-type": "application/json"})
DEEP_RESPONSE = httpx.Response(200, content=b"[" * 100_000, headers={"content-type": "application/json"})
WITHOUT_FIELDS = json_response(json={"other": 1})
UNAVAILABLE_RESPONSE = json_response(503, retry_after="2")
THROTTLED_RESPONSE = json_response(429, retry_after="2")


def parse_id(content: Any) -> str:
    """Return the id of a response, or raise ValueError if it has none."""
    if not isinstance(content, dict) or not isinstance(content.get("id"), str):
        raise ValueError("id: missing")  # noqa: TRY004  the error of parsers
    return str(content["id"])


OK_RESPONSE = json_response(json={"id": "x"})


def new_transport(script: httpx.AsyncBaseTransport | None, *, clock: FakeClock | None = None) -> Transport:
    return Transport(SETTINGS, clock=clock or FakeClock(), transport=script)


def format_traceback(error: BaseException) -> str:
    """Return the traceback as Python prints it, with every error in the chain."""
    return "".join(traceback.format_exception(error))


IDEMPOTENT = ("GET", "PUT", "PATCH", "DELETE")


@pytest.mark.parametrize("method", [*IDEMPOTENT, "POST"])
@pytest.mark.parametrize(
    "ending",
    [
        CONNECT_ERROR,
        httpx.ConnectTimeout("slow"),
        httpx.PoolTimeout("full"),
        httpx.ProxyError("no"),
        UNAVAILABLE_RESPONSE,
        THROTTLED_RESPONSE,
        json_response(429),
    ],
    ids=["refused", "connect timeout", "pool timeout", "proxy", "503 + Retry-After", "429 + Retry-After", "429"],
)
async def test_every_method_is_retried_if_the_request_had_no_effect(method: str, ending: ScriptedOutcome) -> None:
    script = ScriptedTransport(ending, ending, OK_RESPONSE)
    assert await new_transport(script).request(method, "/x", parse=parse_id) == "x"
    assert len(script.sent) == 3


UNKNOWN_OUTCOMES: dict[str, ScriptedOutcome] = {
    "read timeout": READ_TIMEOUT_ERROR,
    "write timeout": httpx.WriteTimeout("slow"),
    "protocol error": PROTOCOL_ERROR,
    "read error": httpx.ReadError("reset"),
    "invalid encoding": httpx.DecodingError("gzip"),
    "408": json_response(408, {"code": "request_timeout", "message": "slow"}),
    "425": json_response(425),
    "425 with Retry-After": json_response(425, retry_after="1"),
    "499": json_response(499),
    "500": json_response(500),
    "502": json_response(502),
    "503 without Retry-After": json_response(503),
    "503 with an invalid Retry-After": json_response(503, retry_after="soon"),
    "504": json_response(504),
    "HTML": HTML_RESPONSE,
    "truncated JSON": TRUNCATED_RESPONSE,
    "deeply nested JSON": DEEP_RESPONSE,
    "missing fields": WITHOUT_FIELDS,
    "no body": httpx.Response(200),
}


@pytest.mark.parametrize("method", IDEMPOTENT)
@pytest.mark.parametrize("ending", UNKNOWN_OUTCOMES.values(), ids=UNKNOWN_OUTCOMES)
async def test_idempotent_methods_are_retried_after_an_unknown_outcome(method: str, ending: ScriptedOutcome) -> None:
    script = ScriptedTransport(ending, OK_RESPONSE)
    assert await new_transport(script).request(method, "/x", parse=parse_id) == "x"
    assert len(script.sent) == 2


@pytest.mark.parametrize("ending", UNKNOWN_OUTCOMES.values(), ids=UNKNOWN_OUTCOMES)
async def test_a_post_is_not_retried_after_an_unknown_outcome(ending: ScriptedOutcome) -> None:
    script = ScriptedTransport(ending, OK_RESPONSE)
    with pytest.raises(errors.OutcomeUnknown, match="POST /x"):
        await new_transport(script).request("POST", "/x", parse=parse_id)
    assert len(script.sent) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "bad_request", errors.InvalidRequest),
        (401, "unauthorized", errors.Unauthorized),
        (402, "payment_required", errors.PaymentRequired),
        (403, "forbidden", errors.Forbidden),
        (403, "sandbox_quota_exceeded", errors.QuotaExceeded),
        (403, "agent_quota_exceeded", errors.QuotaExceeded),
        (404, "not_found", errors.NotFound),
        (405, "method_not_allowed", errors.UnexpectedResponse),
        (409, "conflict", errors.Conflict),
        (418, None, errors.UnexpectedResponse),
        (422, "validation_error", errors.InvalidRequest),
        (300, None, errors.UnexpectedResponse),
        (302, None, errors.UnexpectedResponse),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_rejected_request_is_not_retried(
    method: str, status: int, code: str | None, kind: type[errors.ApiError]
) -> None:
    script = ScriptedTransport(json_response(status, {"message": "no", "code": code}, x_request_id="r-7"))
    with pytest.raises(errors.ApiError) as caught:
        await new_transport(script).request(method, "/x", parse=parse_id)
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (status, code, "r-7")
    assert len(script.sent) == 1


@pytest.mark.parametrize(
    ("method", "ending", "kind", "attempts"),
    [
        ("GET", CONNECT_ERROR, errors.RequestNotSent, MAX_ATTEMPTS),
        ("POST", CONNECT_ERROR, errors.RequestNotSent, MAX_ATTEMPTS),
        ("GET", READ_TIMEOUT_ERROR, errors.Unavailable, MAX_ATTEMPTS),
        ("GET", PROTOCOL_ERROR, errors.Unavailable, MAX_ATTEMPTS),
        ("PATCH", READ_TIMEOUT_ERROR, errors.OutcomeUnknown, MAX_ATTEMPTS),
        ("DELETE", PROTOCOL_ERROR, errors.OutcomeUnknown, MAX_ATTEMPTS),
        ("GET", json_response(500), errors.Unavailable, MAX_ATTEMPTS),
        ("PUT", json_response(502), errors.Unavailable, MAX_ATTEMPTS),
        ("GET", TRUNCATED_RESPONSE, errors.UnexpectedResponse, MAX_ATTEMPTS),
        ("GET", HTML_RESPONSE, errors.UnexpectedResponse, MAX_ATTEMPTS),
        ("GET", THROTTLED_RESPONSE, errors.RateLimited, MAX_ATTEMPTS_WITH_RETRY_AFTER),
        ("POST", json_response(429), errors.RateLimited, MAX_ATTEMPTS_WITH_RETRY_AFTER),
        ("POST", UNAVAILABLE_RESPONSE, errors.Unavailable, MAX_ATTEMPTS_WITH_RETRY_AFTER),
    ],
)
async def test_the_last_error_is_raised_after_the_maximum_of_attempts(
    method: str, ending: ScriptedOutcome, kind: type[errors.NeevError], attempts: int
) -> None:
    script = ScriptedTransport(ending)
    with pytest.raises(errors.NeevError) as caught:
        await new_transport(script).request(method, "/x", parse=parse_id)
    assert type(caught.value) is kind
    assert len(script.sent) == attempts


async def test_retry_after_in_seconds_delays_the_retry() -> None:
    clock = FakeClock()
    await new_transport(ScriptedTransport(json_response(503, retry_after="7"), OK_RESPONSE), clock=clock).request(
        "POST", "/x", parse=parse_id
    )
    assert 7 <= sum(clock.sleep_calls) <= 7.5


async def test_retry_after_as_a_date_is_relative_to_the_server_clock() -> None:
    clock, server = FakeClock(), EPOCH + 5000
    busy = json_response(503, date=formatdate(server, usegmt=True), retry_after=formatdate(server + 7, usegmt=True))
    await new_transport(ScriptedTransport(busy, OK_RESPONSE), clock=clock).request("POST", "/x", parse=parse_id)
    assert 6 <= sum(clock.sleep_calls) <= 8


async def test_retry_after_is_limited_to_one_minute() -> None:
    clock = FakeClock()
    await new_transport(ScriptedTransport(json_response(503, retry_after="86400"), OK_RESPONSE), clock=clock).request(
        "GET", "/x", parse=parse_id
    )
    assert 60 <= sum(clock.sleep_calls) <= 60.5


async def test_retry_delays_grow_with_jitter_without_retry_after() -> None:
    clock = FakeClock()
    with pytest.raises(errors.Unavailable):
        await new_transport(ScriptedTransport(json_response(500)), clock=clock).request("GET", "/x", parse=parse_id)
    assert len(set(clock.sleep_calls)) == MAX_ATTEMPTS - 1
    assert all(pause <= limit for pause, limit in zip(clock.sleep_calls, (0.5, 1, 2, 4, 8), strict=True))


async def test_a_429_delays_all_other_requests() -> None:
    clock = FakeClock()
    wire = new_transport(ScriptedTransport(json_response(429, retry_after="9"), OK_RESPONSE), clock=clock)
    with pytest.raises(errors.RateLimited):
        await wire._attempt(
            wire._client_pool.build_request("GET", "https://api.test/x"), "/x", parse_id, retry_number=0
        )
    await wire.request("GET", "/x", parse=parse_id)
    assert clock.sleep_calls == [9]


async def test_the_retry_listener_is_called_for_each_retried_attempt() -> None:
    received: list[str] = []
    with retry_listener(received.append):
        await new_transport(ScriptedTransport(CONNECT_ERROR, UNAVAILABLE_RESPONSE, OK_RESPONSE)).request(
            "GET", "/x", parse=parse_id
        )
    await new_transport(ScriptedTransport(PROTOCOL_ERROR, OK_RESPONSE)).request("GET", "/x", parse=parse_id)
    assert received[0].startswith("GET /x: no connection to api.test")
    assert received[1:] == ["GET /x was answered with 503: the API gave no reason."]


@in_virtual_time
async def test_a_delayed_retry_is_not_sent_after_a_cancel() -> None:
    stop, script = asyncio.Event(), ScriptedTransport(json_response(503, retry_after="9"))
    wire = Transport(SETTINGS, clock=VirtualClock(), transport=script)
    asyncio.get_running_loop().call_later(1, stop.set)
    with send_deadline(Deadline(60, VirtualClock(), stop)), pytest.raises(errors.Cancelled):
        await wire.request("POST", "/x", parse=parse_id)
    assert VirtualClock().monotonic() == pytest.approx(1)
    assert len(script.sent) == 1


@in_virtual_time
async def test_the_last_response_is_reported_if_the_deadline_ends_the_retries() -> None:
    wire = Transport(SETTINGS, clock=VirtualClock(), transport=ScriptedTransport(json_response(503, retry_after="9")))
    words = r"^POST /x: not done after 5 s; last seen: POST /x was answered with 503"
    with (
        send_deadline(Deadline(5, VirtualClock(), asyncio.Event())),
        pytest.raises(errors.DeadlineExceeded, match=words),
    ):
        await wire.request("POST", "/x", parse=parse_id)


@in_virtual_time
async def test_queued_requests_are_not_sent_after_a_cancel() -> None:
    stop, script = asyncio.Event(), ScriptedTransport(json_response(429, retry_after="9"), OK_RESPONSE)
    wire = Transport(SETTINGS, clock=VirtualClock(), transport=script)

    async def create() -> None:
        with send_deadline(Deadline(60, VirtualClock(), stop)):
            await wire.request("POST", "/x", parse=parse_id)

    asyncio.get_running_loop().call_later(1, stop.set)
    ends = await asyncio.gather(*(create() for _ in range(INITIAL_CONCURRENCY * 3)), return_exceptions=True)
    sent = sum(1 for end in ends if end is None)
    assert sent == len(script.sent) - 1
    assert sum(1 for end in ends if isinstance(end, errors.Cancelled)) == len(ends) - sent > 0
    # a cancelled request releases its place
    await asyncio.sleep(60)
    await asyncio.gather(*(wire.request("POST", "/x", parse=parse_id) for _ in range(INITIAL_CONCURRENCY)))


async def test_the_key_is_sent_in_a_header_and_ids_are_quoted_in_the_path() -> None:
    script = ScriptedTransport(OK_RESPONSE)
    wire = new_transport(script)
    await wire.request("GET", f"{wire.project}/sandboxes", parse=parse_id, params={"name": "a b", "status": None})
    [sent] = script.sent
    assert str(sent.url) == "https://api.test/agent/api/v1beta1/orgs/o%2F%20rg/projects/p%2F1/sandboxes?name=a+b"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["accept"] == "application/json"


@pytest.mark.parametrize("target", ["https://elsewhere.test/agent/x", "http://api.test/agent/x", "/agent/y"])
async def test_a_redirect_is_not_followed(target: str) -> None:
    script = ScriptedTransport(json_response(307, location=target), OK_RESPONSE)
    with pytest.raises(errors.UnexpectedResponse, match=r"a redirect to .*, which is not followed"):
        await new_transport(script).request("GET", "/x", parse=parse_id)
    assert len(script.sent) == 1


async def test_an_error_redacts_the_key() -> None:
    script = ScriptedTransport(
        json_response(422, {"message": f"refused for key {KEY}", "details": KEY, "code": "validation_error"})
    )
    with pytest.raises(errors.InvalidRequest) as caught:
        await new_transport(script).request("POST", "/x", parse=parse_id)
    shown = f"{caught.value} {caught.value!r} {vars(caught.value)} {format_traceback(caught.value)}"
    assert "[secret]" in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    "ending",
    [TRUNCATED_RESPONSE, HTML_RESPONSE, CONNECT_ERROR, READ_TIMEOUT_ERROR],
    ids=["truncated JSON", "HTML", "refused", "read timeout"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_error_names_the_request_without_its_body_or_the_key(method: str, ending: ScriptedOutcome) -> None:
    wire = new_transport(ScriptedTransport(ending))
    with pytest.raises(errors.NeevError) as caught:
        await wire.request(method, f"{wire.project}/sandboxes", parse=parse_id, json={"env": []})
    assert f"{method} /sandboxes" in str(caught.value)
    assert "hello" not in format_traceback(caught.value)
    assert KEY not in format_traceback(caught.value)


async def test_an_empty_response_is_parsed_as_none() -> None:
    assert (
        await new_transport(ScriptedTransport(httpx.Response(204))).request(
            "DELETE", "/x", parse=lambda content: content
        )
        is None
    )


async def test_the_server_clock_is_updated_from_the_date_of_any_response() -> None:
    clock = FakeClock()
    wire = new_transport(ScriptedTransport(not_found_response(date=formatdate(EPOCH + 100, usegmt=True))), clock=clock)
    with pytest.raises(errors.NotFound):
        await wire.request("GET", "/x", parse=parse_id)
    assert wire.server_clock.now() == pytest.approx(clock.now() + 100, abs=1)


def test_a_ca_bundle_without_certificates_raises_config_error(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("nothing")
    settings = Settings("https://api.test", KEY, "o", "p", ca_bundle=str(bundle))
    with pytest.raises(errors.ConfigError, match=r"the setting `caBundle` .*ca.pem cannot be read"):
        Transport(settings, clock=SYSTEM_CLOCK)


async def test_the_ca_bundle_is_not_read_for_plain_http(tmp_path: Path) -> None:
    settings = Settings("http://127.0.0.1", KEY, "o", "p", ca_bundle=str(tmp_path / "not read.pem"))
    await Transport(settings, clock=SYSTEM_CLOCK).aclose()


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@asynccontextmanager
async def serve_with(*handlers: Handler) -> AsyncIterator[Transport]:
    """Yield a client of a real socket whose connections are handled in order; the last handler is reused."""
    waiting = list(handlers)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire = Transport(Settings(f"http://127.0.0.1:{port}", KEY, "o", "p", timeout=0.2), clock=FakeClock())
    try:
        yield wire
    finally:
        await wire.aclose()
        server.close()
        await server.wait_closed()


async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Close the connection without a response."""


async def truncate(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection in the middle of the response."""
    writer.write(HEAD + b'content-length: 12\r\n\r\n{"id"')
    await writer.drain()


async def delay_forever(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Send nothing until the client closes the connection."""
    await reader.read()


async def respond(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a response, and close the connection."""
    writer.write(HEAD + b'connection: close\r\ncontent-length: 12\r\n\r\n{"id": "x"}\n')
    await writer.drain()


@pytest.mark.parametrize("handler", [hang_up, truncate, delay_forever])
async def test_on_a_real_socket_a_get_is_retried_and_a_post_raises_outcome_unknown(handler: Handler) -> None:
    async with serve_with(handler, respond) as wire:
        assert await wire.request("GET", "/x", parse=parse_id) == "x"
    async with serve_with(handler, respond) as wire:
        with pytest.raises(errors.OutcomeUnknown):
            await wire.request("POST", "/x", parse=parse_id)


async def test_on_a_real_socket_a_refused_connection_raises_request_not_sent() -> None:
    async with serve_with(respond) as wire:
        pass
    unreachable = Transport(wire._settings, clock=FakeClock())
    with pytest.raises(errors.RequestNotSent, match=r"no connection to 127\.0\.0\.1:\d+"):
        await unreachable.request("POST", "/x", parse=parse_id)
    await unreachable.aclose()


async def test_a_proxy_of_the_environment_is_not_used_for_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serve_with(respond) as wire:
        assert await wire.request("GET", "/x", parse=parse_id) == "x"


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5://127.0.0.1:1", "needs an extra of httpx that is not installed"),
        ("socks4://127.0.0.1:1", "not the address of a proxy"),
        ("http://[::1", "not the address of a proxy"),
        ("http://", "not the address of a proxy"),
        ("hunter2:hunter2@proxy:99999", "not the address of a proxy"),
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "all_proxy", "http_proxy"])
def test_the_error_for_an_invalid_proxy_names_its_variable(
    variable: str, proxy: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clear_proxies(monkeypatch)
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(errors.ConfigError, match=words) as caught:
        new_transport(None)
    assert str(caught.value).startswith(f"{variable} cannot be used: ")
    assert "hunter2" not in str(caught.value)
    # the proxy is not validated if NO_PROXY excludes all hosts
    monkeypatch.setenv("NO_PROXY", "a.test, *")
    new_transport(None)


@pytest.mark.parametrize("proxy", ["proxy:3128", "http://user:word@proxy.test", "https://[::1]:1"])
def test_a_valid_proxy_is_accepted(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clear_proxies(monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    new_transport(None)


def test_the_error_for_an_invalid_no_proxy_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    clear_proxies(monkeypatch)
    monkeypatch.setenv("NO_PROXY", "host:port")
    with pytest.raises(errors.ConfigError, match="NO_PROXY cannot be used"):
        new_transport(None)


def test_the_error_for_an_unreadable_ssl_cert_file_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    with pytest.raises(errors.ConfigError, match="SSL_CERT_FILE cannot be read as certificates"):
        new_transport(None)


def clear_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the proxy variables from the environment."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("method", "ending", "words"),
    [
        ("GET", READ_TIMEOUT_ERROR, "GET /x was answered with nothing: no answer within 30 s."),
        ("GET", PROTOCOL_ERROR, "GET /x was answered with nothing: the connection was lost."),
        ("POST", READ_TIMEOUT_ERROR, "POST /x: no answer within 30 s."),
        ("DELETE", PROTOCOL_ERROR, "DELETE /x: the connection was lost."),
        ("GET", CONNECT_ERROR, "GET /x: no connection to api.test (refused)."),
        ("GET", httpx.ConnectTimeout(""), "GET /x: no connection to api.test (ConnectTimeout)."),
        ("GET", TRUNCATED_RESPONSE, "GET /x was answered with 200: the JSON is cut off or malformed."),
        (
            "GET",
            json_response(302, location="/y"),
            "GET /x was answered with 302: a redirect to another path, which is not followed.",
        ),
    ],
)
async def test_a_request_without_a_usable_response_has_its_exact_error_message(
    method: str, ending: ScriptedOutcome, words: str
) -> None:
    with pytest.raises(errors.NeevError) as caught:
        await new_transport(ScriptedTransport(ending)).request(method, "/x", parse=parse_id)
    assert caught.value.summary == words
    assert caught.value.hint == type(caught.value).default_hint


async def test_the_error_for_an_unreadable_response_contains_its_request_id() -> None:
    strange = httpx.Response(200, html="<p>", headers={"x-request-id": "r-9"})
    with pytest.raises(errors.UnexpectedResponse) as caught:
        await new_transport(ScriptedTransport(strange)).request("GET", "/x", parse=parse_id)
    assert caught.value.request_id == "r-9"


async def test_status_300_of_a_post_raises_unexpected_response() -> None:
    with pytest.raises(errors.UnexpectedResponse):
        await new_transport(ScriptedTransport(json_response(300))).request("POST", "/x", parse=parse_id)
