"""Calls to a paused sandbox that the platform resumes for them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_transport import ScriptedOutcome, ScriptedTransport, json_response
from tests.unit.client.test_runtime import SANDBOX, SETTINGS, OutputRecorder, frames_response

from neev_provider.client.resume_wait import ResumeWait
from neev_provider.client.runtime import RANGE_BYTES, ExecRequest, Runtime, SandboxSession
from neev_provider.core import errors
from neev_provider.core.wait import Deadline

RESUMING = {"reason_code": "unavailable", "reason": "sandbox_waking", "message": "waking up"}
EXIT = frames_response({"type": "exit", "exit_code": 0})


def resuming_response(**headers: str) -> httpx.Response:
    return json_response(503, RESUMING, **headers)


@asynccontextmanager
async def open_scripted(
    *outcomes: ScriptedOutcome, seconds: float = 60, cancelled: bool = False
) -> AsyncIterator[tuple[SandboxSession, ScriptedTransport, list[str], FakeClock]]:
    """Yield a session with scripted responses, its transport, the recorded resumes and its clock."""
    clock, resumed, script = FakeClock(), list[str](), ScriptedTransport(*outcomes)
    event = asyncio.Event()
    if cancelled:
        event.set()
    wait = ResumeWait(Deadline(seconds, clock, event), lambda: resumed.append("resumed"))
    runtime = Runtime(SETTINGS, script)
    try:
        yield runtime.session(SANDBOX, wait), script, resumed, clock
    finally:
        await runtime.aclose()


async def run(session: SandboxSession) -> int:
    return await session.exec(ExecRequest(["tool"]), OutputRecorder(), read_timeout=5)


async def test_a_call_is_retried_until_the_sandbox_is_running() -> None:
    async with open_scripted(resuming_response(retry_after="2"), resuming_response(), EXIT) as (
        session,
        script,
        resumed,
        clock,
    ):
        assert await run(session) == 0
        assert (len(script.sent), resumed, clock.sleep_calls) == (3, ["resumed"], [2.0, 2.0])
        assert not session.is_resuming
        assert len({request.content for request in script.sent}) == 1


async def test_the_deadline_ends_the_retries_and_the_rejection_is_raised() -> None:
    async with open_scripted(resuming_response(retry_after="2"), seconds=5) as (session, script, _, _):
        with pytest.raises(errors.RuntimeRejected, match="waking up"):
            await run(session)
        assert len(script.sent) == 3
        assert session.is_resuming


async def test_a_cancelled_operation_does_not_retry() -> None:
    async with open_scripted(resuming_response(), cancelled=True) as (session, script, resumed, _):
        with pytest.raises(errors.RuntimeRejected):
            await run(session)
        assert (len(script.sent), resumed) == (1, [])


@pytest.mark.parametrize(
    "outcome",
    [
        json_response(503, {"reason_code": "unavailable"}, retry_after="2"),
        json_response(503, {"reason": "context_busy"}, retry_after="2"),
        httpx.Response(503, content=b"a gateway"),
        json_response(500, RESUMING),
    ],
)
async def test_other_responses_are_not_retried(outcome: httpx.Response) -> None:
    async with open_scripted(outcome) as (session, script, resumed, _):
        with pytest.raises(errors.NeevError):
            await run(session)
        assert (len(script.sent), resumed) == (1, [])


async def test_a_session_without_a_resume_wait_raises_the_rejection() -> None:
    script = ScriptedTransport(resuming_response())
    runtime = Runtime(SETTINGS, script)
    with pytest.raises(errors.RuntimeRejected):
        await run(runtime.session(SANDBOX))
    await runtime.aclose()
    assert len(script.sent) == 1


def range_response(content: bytes, *, total: int | str = "*", status: int = 206) -> httpx.Response:
    return httpx.Response(status, content=content, headers={"Content-Range": f"bytes 0-0/{total}"})


@pytest.mark.parametrize(
    ("outcomes", "starts"),
    [
        (
            [range_response(b"a" * RANGE_BYTES, total=RANGE_BYTES + 1), range_response(b"b", total=RANGE_BYTES + 1)],
            [0, RANGE_BYTES],
        ),
        ([range_response(b"ab", total=3), range_response(b"c", total=3)], [0, 2]),
        ([range_response(b"ab"), range_response(b"c"), range_response(b"")], [0, 2, 3]),
        (
            [range_response(b"a" * RANGE_BYTES), json_response(416, {"reason_code": "invalid_argument"})],
            [0, RANGE_BYTES],
        ),
        ([range_response(b"a" * (RANGE_BYTES + 1), status=200)], [0]),
        ([json_response(416, {"reason_code": "invalid_argument"})], [0]),
    ],
    ids=[
        "two ranges",
        "short ranges",
        "short ranges of a file of unknown size",
        "the size is a multiple of the range",
        "the API ignores ranges",
        "an empty file",
    ],
)
async def test_a_large_file_is_read_in_ranges(outcomes: list[httpx.Response], starts: list[int]) -> None:
    content = b"".join(outcome.content for outcome in outcomes if outcome.is_success)
    async with open_scripted(*outcomes) as (session, script, _, _):
        assert await session.sha256("file") == hashlib.sha256(content).hexdigest()
    ranges = [request.headers["range"] for request in script.sent]
    assert ranges == [f"bytes={start}-{start + RANGE_BYTES - 1}" for start in starts]
