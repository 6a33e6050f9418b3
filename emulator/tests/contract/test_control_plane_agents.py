"""Ports, metrics, templates and agents through the official client; every response matches its models."""

import asyncio
import re

import httpx
import pytest
from neevai import AsyncNeevAI, NeevAI
from neevai.errors import AuthenticationError, BadRequestError, ConflictError, NotFoundError, PermissionDeniedError
from neevai.generated import aiagent
from neevai.handles.sandbox import Sandbox

from helpers.official_client import (
    MODELS,
    POLL_MS,
    build_client_options,
    build_path_template,
    close_connection_after,
    create_ready,
    create_ready_agent,
    expect_error,
    read_file,
    wait_for_snapshot,
    wait_until_gone,
    write_file,
)
from helpers.poll import poll_until
from neev_emulator import Emulator
from neev_emulator.app import control_plane_routes


def test_an_exposed_port_keeps_its_url_until_its_slug_changes(client: NeevAI) -> None:
    sandbox = create_ready(client, name="web")
    first = sandbox.expose_port(8080)
    assert sandbox.expose_port(8080) == first
    second = sandbox.expose_port(8080, slug="abcd1234")
    assert (second.slug, sandbox.list_ports()) == ("abcd1234", [second])
    assert httpx.get(first.preview_url).status_code == 404
    sandbox.revoke_port(8080)
    sandbox.revoke_port(8080)
    assert sandbox.list_ports() == []


def test_a_preview_url_forwards_to_a_server_in_the_sandbox(client: NeevAI, unused_tcp_port: int) -> None:
    sandbox = create_ready(client, name="web")
    write_file(sandbox, "hello from inside")
    serving = ["-u", "-m", "http.server", str(unused_tcp_port), "--bind", "127.0.0.1"]
    with close_connection_after(sandbox):
        sandbox.processes.start("python3", serving)
    url = sandbox.get_url(unused_tcp_port)
    response = poll_until(lambda: httpx.get(f"{url}page.txt"), lambda response: response.status_code != 502)
    assert response.text == "hello from inside"


def test_metrics_and_audit_trail_contain_runtime_operations(client: NeevAI) -> None:
    sandbox = create_ready(client, name="web")
    write_file(sandbox, "12345")
    with close_connection_after(sandbox):
        sandbox.exec(["sh", "-c", "exit 3"])
    metrics = sandbox.metrics(step="5m")
    series = {item.metric: item.points for item in metrics.series}
    assert (metrics.step, series["disk_usage_bytes"][-1][1]) == ("300s", 5)
    trail = sandbox.audit(limit=1)
    older = sandbox.audit(limit=1, cursor=trail.next_cursor)
    assert [trail.records[0].tool, older.records[0].tool] == ["exec", "fs.write"]
    assert (trail.records[0].command, older.next_cursor) == ("sh", None)


def test_templates_can_be_listed_and_read(client: NeevAI) -> None:
    templates = {item.id: item for item in client.templates.list(limit=100).items}
    assert templates["sb-ubuntu-26-04-minimal"].category is aiagent.SandboxTemplateCategory.standard
    assert {item.status.value for item in templates.values()} == {"active", "deprecated"}
    assert client.templates.get("sb-chromium-playwright").category is aiagent.SandboxTemplateCategory.browser
    assert "claude-code" in {item.name for item in client.agent_templates.list().items}
    assert client.agent_templates.get("ag-claude-code").name == "claude-code"


def test_an_agent_is_updated_and_deleted_with_its_sandbox(client: NeevAI) -> None:
    agent = client.agents.create({"name": "coder", "agent_template": "claude-code", "config": {"model": "big"}})
    assert agent.status == "Provisioning"
    agent.wait_until_ready(poll_interval_ms=POLL_MS)
    assert agent.config == {"model": "big"}
    assert agent.sandbox().data["resources"]["cpu"] == 2
    agent.update({"idle_timeout_seconds": 900, "resources": {"cpu": 4}})
    assert (agent.idle_timeout_seconds, agent.sandbox().data["resources"]["cpu"]) == (900, 4)
    assert [item.name for item in client.agents.list().items] == ["coder"]
    agent.pause()
    agent.resume()
    assert client.agents.get("coder").keepalive().id == agent.id
    agent.delete()
    assert agent.refresh().status == "Deleting"
    wait_until_gone(lambda: client.agents.get("coder"))
    wait_until_gone(lambda: client.sandboxes.get(agent.sandbox_id))


def test_a_web_agent_has_a_ui_and_ports(client: NeevAI) -> None:
    agent = create_ready_agent(client, name="editor", agent_template="code-server")
    data = agent.data
    assert (data["drive_mode"], data["web_ui_url"].startswith("http"), bool(data["gateway_token"])) == (
        "http",
        True,
        True,
    )
    assert client.agents.expose_port("editor", 3000).port == 3000
    assert [port.port for port in client.agents.list_ports("editor")] == [3000, 8080]
    client.agents.revoke_port("editor", 3000)


def test_an_agent_supports_snapshot_rollback_and_fork(client: NeevAI, emulator: Emulator) -> None:
    agent = create_ready_agent(client, name="coder", agent_template="claude-code")
    write_file(agent.sandbox(), "first")
    path = f"/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}/agents/coder"
    snapshot = client.raw.request("POST", f"{path}/snapshots", body={})
    wait_for_snapshot(client, snapshot["id"])
    assert client.raw.request("GET", f"{path}/snapshots")["total"] == 1
    write_file(agent.sandbox(), "second")
    agent.rollback(snapshot["id"])
    agent.wait_until_ready(poll_interval_ms=POLL_MS)
    assert read_file(agent.sandbox()) == "first"
    assert client.raw.request("POST", f"{path}/fork", body={"name": "twin"})["phase"] == "Pending"
    twin = client.sandboxes.get("twin").wait_until_ready(poll_interval_ms=POLL_MS)
    assert read_file(twin) == "first"
    assert [item.name for item in client.agents.list().items] == ["coder"]
    assert client.agents.audit("coder").records


def test_connecting_to_an_agent_fails_unless_it_is_ready(client: NeevAI, emulator: Emulator) -> None:
    path = f"/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}/agents/coder/connect"
    agent = client.agents.create({"name": "coder", "agent_template": "claude-code"})
    assert expect_error(lambda: client.raw.request("POST", path)) == (425, "too_early")
    agent.wait_until_ready(poll_interval_ms=POLL_MS)
    assert client.raw.request("POST", path)["token"]
    agent.pause()
    assert expect_error(lambda: client.raw.request("POST", path)) == (409, "conflict")


def test_a_connect_token_is_valid_only_for_its_sandbox(client: NeevAI, emulator: Emulator) -> None:
    sandbox, other = create_ready(client, name="web"), create_ready(client, name="other")
    path = f"/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}/sandboxes/web/connect-token"
    token = client.raw.request("POST", path)["token"]

    def list_files(of: Sandbox) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Sandbox-Id": of.id}
        return httpx.post(f"{of.connect_url}/v1/files/list", json={"path": "."}, headers=headers).status_code

    assert (list_files(sandbox), list_files(other)) == (200, 401)


def test_errors_have_the_codes_of_the_api(client: NeevAI, emulator: Emulator) -> None:
    agents_path = f"/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}/agents"
    client.sandboxes.create({"name": "web"})
    with pytest.raises(ConflictError):
        client.sandboxes.create({"name": "web"})
    with pytest.raises(NotFoundError):
        client.sandboxes.get("nobody")
    with pytest.raises(NotFoundError):
        client.sandboxes.list(project_id="nowhere")
    with pytest.raises(PermissionDeniedError) as denied:
        client.sandboxes.list(org_id="others")
    assert denied.value.code == "forbidden"
    with pytest.raises(BadRequestError) as bad:
        client.raw.request("POST", agents_path, body={"name": "coder"})
    assert bad.value.code == "validation_error"
    unauthorized = NeevAI(**{**build_client_options(emulator), "api_key": "wrong"}, max_retries=0)
    with unauthorized, pytest.raises(AuthenticationError):
        unauthorized.sandboxes.list()


def test_a_quota_error_contains_its_scope(client: NeevAI, emulator: Emulator) -> None:
    emulator.change_settings(sandbox_quota=1)
    client.sandboxes.create({"name": "web"})
    with pytest.raises(PermissionDeniedError) as denied:
        client.sandboxes.create({"name": "more"})
    assert (denied.value.code, denied.value.scope) == ("sandbox_quota_exceeded", "project")


async def test_the_async_client_creates_many_sandboxes_concurrently(async_client: AsyncNeevAI) -> None:
    created = await asyncio.gather(*(async_client.sandboxes.create({"name": f"web-{n}"}) for n in range(20)))
    await asyncio.gather(*(sandbox.wait_until_ready(poll_interval_ms=POLL_MS) for sandbox in created))
    page = await async_client.sandboxes.list(status="Ready", limit=100)
    assert page.total == 20
    snapshot = await created[0].snapshot()
    assert (await async_client.sandboxes.get_snapshot(snapshot.id)).sandbox_id == snapshot.sandbox_id
    await asyncio.gather(*(sandbox.delete() for sandbox in created))


def test_every_path_of_the_control_plane_has_a_response_model() -> None:
    served = {
        (method, re.sub(r"\{[^}]+\}", "*", build_path_template(route.path)))
        for route in control_plane_routes()
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert served == set(MODELS)
