"""Exec: output is streamed; the command ends when the client disconnects or the timeout expires."""

import json
from typing import Any

import httpx

from helpers.runtime_harness import AsgiCaller, is_gone, parse_frames, wait_until
from neev_emulator.runtime import SandboxHost


async def exec_script(api: httpx.AsyncClient, script: str, **fields: object) -> list[dict[str, Any]]:
    response = await api.post("/v1/exec", json={"command": "sh", "args": ["-c", script], **fields})
    assert response.headers["content-type"] == "application/x-ndjson"
    return parse_frames(response)


async def test_the_frames_of_exec_are_output_followed_by_the_exit_code(api: httpx.AsyncClient) -> None:
    assert await exec_script(api, "printf 'a\\377'; exit 7") == [
        {"type": "stdout", "data": b"a\xff"},
        {"type": "exit", "exit_code": 7},
    ]


async def test_a_background_process_does_not_delay_the_response(api: httpx.AsyncClient, host: SandboxHost) -> None:
    frames = await exec_script(api, "sleep 60 & echo $!")
    pid = int(frames[0]["data"])
    assert frames[1:] == [{"type": "exit", "exit_code": 0}]
    assert not is_gone(pid)
    await host.stop()
    assert is_gone(pid)


async def test_exec_waits_for_a_command_that_closes_its_output(api: httpx.AsyncClient) -> None:
    assert await exec_script(api, "exec >&- 2>&-; sleep 0.05; exit 3") == [{"type": "exit", "exit_code": 3}]


async def test_output_before_the_timeout_is_returned(api: httpx.AsyncClient, host: SandboxHost) -> None:
    output, error = await exec_script(api, "echo first; trap '' TERM; while :; do sleep 1; done", timeout_ms=100)
    assert output["data"] == b"first\n"
    assert (error["type"], error["reason_code"]) == ("error", "deadline_exceeded")
    assert "100 ms" in error["message"]
    assert (host.audit[-1].outcome, host.audit[-1].reason_code) == ("error", "deadline_exceeded")


async def test_a_command_that_ends_before_its_timeout_succeeds(api: httpx.AsyncClient) -> None:
    assert await exec_script(api, "exit 0", timeout_ms=60_000) == [{"type": "exit", "exit_code": 0}]


async def test_stdin_can_contain_null_bytes_or_be_empty(api: httpx.AsyncClient) -> None:
    frames = await exec_script(api, "od -An -tx1", stdin="a\0é")
    assert frames[0]["data"].split() == [b"61", b"00", b"c3", b"a9"]
    assert await exec_script(api, "cat", stdin="") == [{"type": "exit", "exit_code": 0}]


async def test_a_command_succeeds_if_it_does_not_read_all_of_stdin(api: httpx.AsyncClient) -> None:
    assert await exec_script(api, "head -c 1", stdin="x" * 500_000) == [
        {"type": "stdout", "data": b"x"},
        {"type": "exit", "exit_code": 0},
    ]


async def test_the_audit_record_contains_the_program_but_not_its_arguments(
    api: httpx.AsyncClient, host: SandboxHost
) -> None:
    await exec_script(api, "echo secret")
    (record,) = host.audit
    assert (record.tool, record.command, record.outcome) == ("exec", "sh", "success")
    assert "secret" not in repr(record)


async def test_a_command_is_cancelled_if_the_client_disconnects(host: SandboxHost) -> None:
    caller = AsgiCaller(host, "POST", "/v1/exec")
    caller.send(json.dumps({"command": "sh", "args": ["-c", "echo $$; exec sleep 60"]}).encode())
    serving = caller.start_serving()
    pid = int(parse_frames(httpx.Response(200, content=await caller.received.get()))[0]["data"])
    assert not is_gone(pid)
    caller.disconnect()
    await serving
    await wait_until(lambda: is_gone(pid))
    assert host.audit[-1].reason_code == "cancelled"
