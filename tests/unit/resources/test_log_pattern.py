"""Readiness of a process by a pattern of its output."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_transport import ScriptedTransport, json_response
from tests.unit.client.test_runtime import SANDBOX, SETTINGS

from neev_provider.client.runtime import Runtime
from neev_provider.core.errors import OperationFailed
from neev_provider.core.wait import Deadline
from neev_provider.resources.output_capture import MAX_CAPTURED_CHARS, OutputCapture
from neev_provider.resources.process.inputs import ProcessInputs
from neev_provider.resources.process.supervision import wait_until_ready

LONG = "x" * (3 * MAX_CAPTURED_CHARS) + "\n"


def build_page(*entries: tuple[str, str]) -> httpx.Response:
    """Return a page of the log of a running process."""
    listed = [{"stream": stream, "data": text} for stream, text in entries]
    return json_response(json={"entries": listed, "cursor": 1, "dropped": False, "state": "running"})


async def wait_for_line(pattern: str, *pages: httpx.Response) -> None:
    """Wait for a line of the log; the last page is served repeatedly."""
    runtime = Runtime(SETTINGS, ScriptedTransport(*pages))
    values: dict[str, Any] = {"sandbox_id": "box-1", "command": ["tool"], "readiness": {"log_pattern": pattern}}
    inputs = ProcessInputs.model_validate(values)
    output, deadline = OutputCapture(lambda _: None, silent=False), Deadline(60, FakeClock(), asyncio.Event())
    try:
        await wait_until_ready(runtime.session(SANDBOX), "p-1", inputs, output, deadline)
    finally:
        await runtime.aclose()


@pytest.mark.parametrize(
    "pages",
    [
        [build_page(("stdout", "up\n" + LONG))],
        [build_page(("stdout", "up\n"), ("stdout", LONG))],
        [build_page(("stderr", "u"), ("stdout", "x")), build_page(("stderr", "p\n"), ("stderr", LONG))],
        [build_page(("stdout", "up"))],
    ],
    ids=["before long output", "in a separate entry", "across two pages", "incomplete last line"],
)
async def test_a_line_is_found_in_any_entry_or_page(pages: list[httpx.Response]) -> None:
    await wait_for_line("^up$", *pages)


@pytest.mark.parametrize("pattern", ["left out", "^up$"])
async def test_lines_of_the_two_streams_are_searched_separately(pattern: str) -> None:
    pages = [build_page(("stdout", LONG), ("stdout", "u"), ("stderr", "p")), build_page()]
    with pytest.raises(OperationFailed, match="no line of its output matches logPattern"):
        await wait_for_line(pattern, *pages)
