"""The log of requests: one line for each attempt, without secrets, and only if it is enabled."""

import logging
import subprocess
import sys

import httpx
import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_transport import ScriptedTransport, json_response

from neev_provider.client import Settings, connect
from neev_provider.core import errors

KEY = "sk-very-secret"
SETTINGS = Settings("https://api.test", KEY, "o", "p")
BOX = {"id": "box", "name": "box", "phase": "Ready"}
PROGRAM = """
import asyncio, httpx
from neev_provider.client import Settings, connect

async def main():
    service = httpx.MockTransport(lambda _: httpx.Response(200, json={"items": [], "total": 0}))
    for _ in range(2):
        async with connect(Settings("https://api.test", "sk-very-secret", "o", "p"), transport=service) as api:
            await api.sandboxes.list()

asyncio.run(main())
"""


async def test_each_attempt_is_logged_with_its_status_request_id_and_retry(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="neev.http")
    script = ScriptedTransport(json_response(503, x_request_id="r-1"), json_response(json=BOX, x_request_id="r-2"))
    async with connect(SETTINGS, clock=FakeClock(), transport=script) as api:
        await api.sandboxes.get("box")
    assert caplog.messages == [
        "GET /sandboxes/box status=503 seconds=0.000 request_id=r-1 retry=0",
        "GET /sandboxes/box status=200 seconds=0.000 request_id=r-2 retry=1",
    ]


async def test_an_attempt_without_a_response_is_logged_with_its_error_class(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="neev.http")
    script = ScriptedTransport(httpx.ReadError("the connection was lost"))
    async with connect(SETTINGS, clock=FakeClock(), transport=script) as api:
        with pytest.raises(errors.OutcomeUnknown):
            await api.sandboxes.rollback("box", "s")
    assert caplog.messages == ["POST /sandboxes/box/rollback error=ReadError seconds=0.000 request_id=- retry=0"]


async def test_the_log_contains_neither_the_key_nor_a_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="neev.http")
    response = json_response(json={**BOX, "name": KEY}, x_request_id=f"echo-{KEY}")
    async with connect(SETTINGS, clock=FakeClock(), transport=ScriptedTransport(response)) as api:
        await api.sandboxes.patch(KEY, {"env": {"TOKEN": "in the body"}})
    assert caplog.messages == ["PATCH /sandboxes/[secret] status=200 seconds=0.000 request_id=echo-[secret] retry=0"]


@pytest.mark.parametrize(("value", "lines"), [("debug", 2), ("", 0)])
def test_the_log_is_written_to_stderr_only_if_neev_log_is_debug(
    monkeypatch: pytest.MonkeyPatch, value: str, lines: int
) -> None:
    monkeypatch.setenv("NEEV_LOG", value)
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert run.stdout == ""
    assert run.stderr.count("neev.http GET /sandboxes status=200 seconds=") == run.stderr.count("\n") == lines
    assert KEY not in run.stderr
