"""Agents, the catalog, and previews."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from helpers.emulator_harness import ApiDriver, require_success
from neev_emulator import Backend, Clock


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Coder"}, "name"),
        ({"agent_template": "ag-claude-code"}, "agent_template"),
        ({"agent_template": "claude-code-legacy"}, "agent_template"),
        ({"agent_template": ""}, "agent_template"),
        ({"region": "mars"}, "region"),
        ({"config": []}, "config"),
        ({"resources": {"disk_gb": 10, "rootfs_disk_gb": 50}}, "resources.rootfs_disk_gb"),
    ],
)
async def test_the_error_for_an_invalid_agent_names_the_field(
    api: ApiDriver, body: dict[str, object], field: str
) -> None:
    given = {"name": "coder", "agent_template": "claude-code", **body}
    status, code, message = await api.send_refused("POST", "/agents", given)
    assert (status, code) == (400, "validation_error")
    assert message.startswith(field)
    assert (await api.read("/sandboxes"))["total"] == 0


async def test_the_default_resources_and_egress_of_an_agent_are_those_of_its_template(api: ApiDriver) -> None:
    usual = await api.create("/agents", name="usual", agent_template="claude-code")
    own = await api.create("/agents", name="own", agent_template="claude-code", resources={"cpu": 8}, egress={})
    assert [rule["host"] for rule in usual["egress"]["allow"]] == ["api.anthropic.com", "*.github.com"]
    assert own["egress"] == {"mode": "deny_all", "allow_internet": False, "allow": []}
    sizes = [(await api.read(f"/sandboxes/{agent['sandbox_id']}"))["resources"] for agent in (usual, own)]
    assert [(size["cpu"], size["memory_gb"]) for size in sizes] == [(2, 4), (8, 4)]


async def test_names_of_agents_are_unique_among_agents(api: ApiDriver) -> None:
    agent = {"name": "coder", "agent_template": "claude-code"}
    await api.create("/agents", **agent)
    assert (await api.send_refused("POST", "/agents", agent))[:2] == (409, "conflict")
    await api.create(name="coder")


async def test_the_fork_of_an_agent_is_a_sandbox(api: ApiDriver) -> None:
    source = await api.create("/agents", name="editor", agent_template="code-server", env=[{"name": "A", "value": "b"}])
    backing = await api.read(f"/sandboxes/{source['sandbox_id']}")
    twin = await api.create("/agents/editor/fork", name="twin")
    assert (twin["name"], twin["phase"], twin["image"]) == ("twin", "Pending", backing["image"])
    assert twin == await api.read("/sandboxes/twin")
    assert (await api.read("/sandboxes/twin/ports"))["ports"] == []
    assert (await api.read("/agents"))["total"] == 1
    assert (await api.send_refused("POST", "/agents/editor/fork", {"name": "twin"}))[:2] == (409, "conflict")
    assert (await api.send("DELETE", "/sandboxes/twin")).status_code == 204


async def test_an_agent_without_a_ui_has_neither_url_nor_token(api: ApiDriver) -> None:
    agent = await api.create("/agents", name="batch", agent_template="batch-runner")
    assert (agent["web_ui_url"], agent["gateway_token"], agent["drive_mode"]) == (None, None, "exec")


async def test_egress_and_idle_timeout_of_an_agent_are_updated_in_place(api: ApiDriver) -> None:
    await api.create("/agents", name="coder", agent_template="claude-code")
    add = {"egress_add": {"allow": [{"host": "pypi.org"}]}, "idle_timeout_seconds": 0}
    changed = require_success(await api.send("PATCH", "/agents/coder", add))
    assert changed["egress"]["allow"][-1] == {"host": "pypi.org"}
    assert changed["idle_timeout_seconds"] == 0
    changed = require_success(await api.send("PATCH", "/agents/coder", {"idle_timeout_seconds": 900}))
    assert changed["idle_timeout_seconds"] == 900


async def test_disabled_templates_are_not_listed(api: ApiDriver) -> None:
    base = "/agent/api/v1beta1"
    for kind, disabled in (("sandbox", "sb-ubuntu-22-04-minimal"), ("agent", "ag-claude-code-legacy")):
        listed = (await api.client.get(f"{base}/{kind}-templates?limit=100")).json()["items"]
        assert disabled not in {template["id"] for template in listed}
        assert (await api.client.get(f"{base}/{kind}-templates/{disabled}")).json()["status"] == "disabled"
        unknown = await api.client.get(f"{base}/{kind}-templates/nothing")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_a_snapshot_is_deleted_if_its_sandbox_is_deleted_concurrently(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    taking = asyncio.ensure_future(api.send("POST", "/sandboxes/web/snapshots"))
    await asyncio.sleep(0)
    assert (await api.send("DELETE", "/sandboxes/web")).status_code == 204
    backend.advance(6)
    await api.read("/sandboxes")
    assert (await taking).status_code in {202, 409}
    await backend.background_tasks.join()
    backend.advance(1)
    assert (await api.client.get("/_emulator/state")).json()["snapshots"] == 0


def test_advancing_the_clock_by_a_negative_time_raises_an_error() -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        Clock().advance(-1)


@asynccontextmanager
async def listen(response: bytes) -> AsyncIterator[int]:
    """Yield the port of a server that sends this response to every connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def request_preview(api: ApiDriver, port: int, **options: str) -> httpx.Response:
    exposed = await api.create("/sandboxes/web/ports", port=port)
    return await api.client.get(exposed["preview_url"] + "a%20b", params=options)


@pytest.mark.parametrize(
    ("response", "status", "text"),
    [
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 418 Teapot\r\nX-Tea: green\r\n\r\nshort and stout", 418, "short"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200, "abc"),
        (b"220 mail.example ESMTP\r\n", 502, "does not speak HTTP"),
        (b"", 502, "does not speak HTTP"),
    ],
)
async def test_a_preview_returns_the_response_of_the_process(
    api: ApiDriver, response: bytes, status: int, text: str
) -> None:
    await api.create_ready(name="web")
    async with listen(response) as port:
        shown = await request_preview(api, port, q="1")
    assert (shown.status_code, text in shown.text) == (status, True)
    assert shown.headers.get("x-tea") == ("green" if status == 418 else None)


async def test_a_preview_returns_502_without_a_listener_and_404_if_paused(api: ApiDriver, unused_tcp_port: int) -> None:
    await api.create_ready(name="web")
    assert (await request_preview(api, unused_tcp_port)).status_code == 502
    await api.create("/sandboxes/web/pause")
    assert (await request_preview(api, unused_tcp_port)).status_code == 404
