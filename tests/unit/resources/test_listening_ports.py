"""The ports that listen in a sandbox, from the kernel's tables."""

from __future__ import annotations

import json
from base64 import b64encode

import httpx
import pytest
from tests.fakes.scripted_transport import ScriptedOutcome, ScriptedTransport, json_response

from neev_provider.client import Settings
from neev_provider.client.runtime import Runtime
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.errors import OperationFailed, Unavailable
from neev_provider.resources.listening_ports import is_listening

SETTINGS = Settings("https://api.example", "a-key", "org", "project")
SANDBOX = Sandbox(id="box-1", name="box", phase="Ready", connect_url="https://inside.example")
TABLES = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:0050 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
"""


async def query_port(port: int, outcome: ScriptedOutcome) -> bool:
    """Return whether the port is listening, if the request has this outcome."""
    runtime = Runtime(SETTINGS, ScriptedTransport(outcome))
    try:
        return await is_listening(runtime.session(SANDBOX), port)
    finally:
        await runtime.aclose()


def build_response(text: str, exit_code: int = 0) -> httpx.Response:
    """Return the response for a command that prints the text."""
    frames = [
        {"type": "stdout", "data": b64encode(text.encode()).decode()},
        {"type": "exit", "exit_code": exit_code},
    ]
    return httpx.Response(200, content="".join(json.dumps(frame) + "\n" for frame in frames))


@pytest.mark.parametrize(("port", "listens"), [(8080, True), (80, False), (40000, False), (3000, True), (3001, False)])
async def test_a_port_is_listening_on_ipv4_or_ipv6(port: int, listens: bool) -> None:  # noqa: FBT001  a row
    assert await query_port(port, build_response(TABLES)) is listens


async def test_a_missing_kernel_table_does_not_hide_the_other_table() -> None:
    assert await query_port(
        8080, build_response(TABLES + "cat: /proc/net/tcp6: No such file or directory", exit_code=1)
    )


async def test_missing_kernel_tables_are_an_error_with_a_hint() -> None:
    with pytest.raises(OperationFailed, match=r"cannot be read: cat: no such file.*wait for a line of the log"):
        await query_port(8080, build_response("cat: no such file", exit_code=1))
    refused = json_response(404, {"reason_code": "not_found", "message": "cat: program not found"})
    with pytest.raises(OperationFailed, match=r"cat: program not found.*wait for a line of the log"):
        await query_port(8080, refused)


async def test_a_lost_response_raises_a_retryable_error() -> None:
    with pytest.raises(Unavailable, match="connection was lost"):
        await query_port(8080, httpx.ReadError("reset"))
