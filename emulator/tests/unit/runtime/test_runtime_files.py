"""The HTTP side of the file endpoints."""

import json

import httpx

from helpers.runtime_harness import AsgiCaller, parse_frames
from neev_emulator.runtime import SandboxHost


async def test_a_write_without_a_path_is_rejected(api: httpx.AsyncClient) -> None:
    response = await api.post("/v1/files/write", content=b"x")
    assert (response.status_code, response.json()["message"]) == (400, "path is required")


async def test_an_interrupted_write_does_not_change_the_file(host: SandboxHost) -> None:
    host.files.write("file", b"old")
    caller = AsgiCaller(host, "POST", "/v1/files/write", query="path=file")
    caller.send(b"half of the n", more=True)
    caller.disconnect()
    await caller.serve({})
    assert (host.workspace / "file").read_bytes() == b"old"


async def test_a_read_response_has_a_content_length(api: httpx.AsyncClient, host: SandboxHost) -> None:
    host.files.write("file", b"x" * 700_000)
    response = await api.post("/v1/files/read", json={"path": "file"})
    assert response.headers["content-length"] == "700000"
    assert response.content == b"x" * 700_000


async def test_the_audit_log_contains_the_paths_of_file_operations(api: httpx.AsyncClient, host: SandboxHost) -> None:
    await api.post("/v1/files/write", params={"path": "a"}, content=b"x")
    await api.post("/v1/files/move", json={"source": "a", "destination": "b"})
    await api.post("/v1/files/read", json={"path": "../secret"})
    assert [(record.tool, record.target, record.reason_code) for record in host.audit] == [
        ("fs.write", "a", "ok"),
        ("fs.move", "a -> b", "ok"),
        ("fs.read", "../secret", "permission_denied"),
    ]


async def test_a_watch_ends_when_its_directory_is_removed(host: SandboxHost) -> None:
    host.files.mkdir("sub")
    caller = AsgiCaller(host, "POST", "/v1/files/watch")
    caller.send(json.dumps({"path": "sub"}).encode())
    watching = caller.start_serving()
    await caller.started.wait()
    host.files.write("sub/file", b"")
    (frame,) = parse_frames(httpx.Response(200, content=await caller.received.get()))
    assert (frame["type"], frame["path"], frame["entry"]["size"]) == ("create", "sub/file", 0)
    host.files.remove("sub", recursive=True)
    await watching
