"""The official client drives the control plane, and every answer is what the official models say it must be."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from neevai import AsyncNeevAI, NeevAI
from neevai.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
)
from neevai.generated import aiagent
from neevai.handles.agent import Agent
from neevai.handles.sandbox import Sandbox
from neevai.types import SandboxData, SandboxListResponse
from pydantic import BaseModel

from pulumi_neev.emulator import Durations, Emulator, Settings, serve
from pulumi_neev.emulator.app import control_plane

POLL_MS = 20
SHAPES: dict[tuple[str, str], tuple[int, type[BaseModel] | None]] = {
    ("GET", "/sandboxes"): (200, SandboxListResponse),
    ("POST", "/sandboxes"): (201, SandboxData),
    ("GET", "/sandboxes/*"): (200, SandboxData),
    ("PATCH", "/sandboxes/*"): (200, SandboxData),
    ("DELETE", "/sandboxes/*"): (204, None),
    ("POST", "/sandboxes/*/pause"): (200, SandboxData),
    ("POST", "/sandboxes/*/resume"): (200, SandboxData),
    ("POST", "/sandboxes/*/keepalive"): (200, SandboxData),
    ("PUT", "/sandboxes/*/timeout"): (200, SandboxData),
    ("POST", "/sandboxes/*/connect-token"): (200, aiagent.ConnectTokenResponse),
    ("POST", "/sandboxes/*/rollback"): (200, SandboxData),
    ("POST", "/sandboxes/*/restore"): (200, SandboxData),
    ("POST", "/sandboxes/*/fork"): (201, SandboxData),
    ("GET", "/sandboxes/*/ports"): (200, aiagent.SandboxPortList),
    ("POST", "/sandboxes/*/ports"): (200, aiagent.SandboxPort),
    ("DELETE", "/sandboxes/*/ports/*"): (204, None),
    ("GET", "/sandboxes/*/metrics"): (200, aiagent.SandboxMetricsResponse),
    ("GET", "/sandboxes/*/audit"): (200, aiagent.AuditTrailResponse),
    ("GET", "/sandboxes/*/snapshots"): (200, aiagent.SnapshotListResponse),
    ("POST", "/sandboxes/*/snapshots"): (202, aiagent.Snapshot),
    ("GET", "/snapshots/*"): (200, aiagent.Snapshot),
    ("DELETE", "/snapshots/*"): (204, None),
    ("GET", "/agents"): (200, aiagent.AgentListResponse),
    ("POST", "/agents"): (201, aiagent.Agent),
    ("GET", "/agents/*"): (200, aiagent.Agent),
    ("PATCH", "/agents/*"): (200, aiagent.Agent),
    ("DELETE", "/agents/*"): (204, None),
    ("POST", "/agents/*/pause"): (200, aiagent.Agent),
    ("POST", "/agents/*/resume"): (200, aiagent.Agent),
    ("POST", "/agents/*/keepalive"): (200, aiagent.Agent),
    ("POST", "/agents/*/rollback"): (200, aiagent.Agent),
    ("POST", "/agents/*/connect"): (200, aiagent.AgentConnectResponse),
    ("POST", "/agents/*/fork"): (201, aiagent.Agent),
    ("GET", "/agents/*/ports"): (200, aiagent.SandboxPortList),
    ("POST", "/agents/*/ports"): (200, aiagent.SandboxPort),
    ("DELETE", "/agents/*/ports/*"): (204, None),
    ("GET", "/agents/*/audit"): (200, aiagent.AuditTrailResponse),
    ("GET", "/agents/*/snapshots"): (200, aiagent.SnapshotListResponse),
    ("POST", "/agents/*/snapshots"): (202, aiagent.Snapshot),
    ("GET", "/sandbox-templates"): (200, aiagent.SandboxTemplateListResponse),
    ("GET", "/sandbox-templates/*"): (200, aiagent.SandboxTemplate),
    ("GET", "/agent-templates"): (200, aiagent.AgentTemplateListResponse),
    ("GET", "/agent-templates/*"): (200, aiagent.AgentTemplate),
}


def template(path: str) -> str:
    below = re.sub(r"^(/agent)?/api/v1beta1(/orgs/[^/]+/projects/[^/]+)?", "", path)
    return re.sub(r"/(sandboxes|agents|snapshots|ports|sandbox-templates|agent-templates)/[^/]+", r"/\1/*", below)


def conforms(response: httpx.Response) -> None:
    assert response.headers["x-request-id"]
    if response.is_error:
        aiagent.ErrorResponse.model_validate(response.json(), extra="forbid")
        return
    status, model = SHAPES[response.request.method, template(response.request.url.path)]
    assert response.status_code == status
    if model is None:
        assert response.content == b""
    else:
        model.model_validate_json(response.content, extra="forbid")


def read_and_check(response: httpx.Response) -> None:
    response.read()
    conforms(response)


async def aread_and_check(response: httpx.Response) -> None:
    await response.aread()
    conforms(response)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    quick = Durations(create=0.05, fork=0.05, addressable=0.02, pause=0.03, resume=0.03, rollback=0.03)
    with serve(Settings(durations=quick)) as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(emulator: Emulator) -> None:
    emulator.reset()


@pytest.fixture
def client(emulator: Emulator) -> Iterator[NeevAI]:
    http = httpx.Client(verify=False, event_hooks={"response": [read_and_check]})
    with NeevAI(**access(emulator), max_retries=0, client=http) as official:
        yield official


@pytest.fixture
async def async_client(emulator: Emulator) -> AsyncIterator[AsyncNeevAI]:
    http = httpx.AsyncClient(verify=False, event_hooks={"response": [aread_and_check]})
    async with AsyncNeevAI(**access(emulator), max_retries=0, client=http) as official:
        yield official


def access(emulator: Emulator) -> dict[str, Any]:
    return {
        "base_url": emulator.base_url,
        "api_key": emulator.api_key,
        "org_id": emulator.org_id,
        "project_id": emulator.project_id,
    }


def ready(client: NeevAI, **params: object) -> Sandbox:
    return client.sandboxes.create(params).wait_until_ready(poll_interval_ms=POLL_MS)


def until(sandbox: Sandbox, phase: str) -> Sandbox:
    seen: list[str] = []
    while not seen or seen[-1] != phase:
        assert len(seen) < 500, f"never {phase}: {seen}"
        seen.append(sandbox.refresh().phase)
    return sandbox


def ready_agent(client: NeevAI, **params: object) -> Agent:
    return client.agents.create(params).wait_until_ready(poll_interval_ms=POLL_MS)


def test_a_sandbox_is_pending_then_ready_and_only_then_addressable(client: NeevAI) -> None:
    sandbox = client.sandboxes.create({"name": "web"})
    assert (sandbox.phase, sandbox.addressable, sandbox.connect_url) == ("Pending", False, None)
    seen: list[tuple[str, bool]] = []
    sandbox.wait_until_ready(poll_interval_ms=1, on_poll=lambda now: seen.append((now.phase, now.addressable)))
    assert sorted(set(seen)) == [("Pending", False), ("Ready", False), ("Ready", True)]
    assert sandbox.connect_url


def test_a_sandbox_answers_what_it_was_made_of_but_never_its_env(client: NeevAI) -> None:
    sandbox = client.sandboxes.create(
        {
            "name": "byoi",
            "region": "dev",
            "image": "docker.io/library/python:3.13",
            "command": ["python", "-m", "http.server"],
            "env": [{"name": "TOKEN", "value": "hush-hush"}],
            "resources": {"cpu": 1.5, "memory_gb": 3, "disk_gb": 30},
            "egress": {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443], "protocol": "TCP"}]},
            "lifecycle": {"idle_timeout_seconds": 60, "max_lifetime_seconds": 3600, "on_idle": "delete"},
        }
    )
    told = sandbox.data
    assert told["resources"] == {"cpu": 1.5, "memory_gb": 3, "disk_gb": 30, "rootfs_disk_gb": 6}
    assert told["egress"]["allow"] == [{"host": "pypi.org", "ports": [443], "protocol": "TCP"}]
    assert (told["region"], told["image"], told["on_idle"]) == ("dev", "docker.io/library/python:3.13", "delete")
    assert (told["idle_timeout_seconds"], told["paused_retention_seconds"]) == (60, None)
    assert "hush-hush" not in str(told)


def test_a_sandbox_is_found_by_its_name_and_by_its_id(client: NeevAI) -> None:
    sandbox = client.sandboxes.create({"name": "web"})
    assert client.sandboxes.get("web").id == client.sandboxes.get(sandbox.id).id == sandbox.id


def test_a_sandbox_without_a_name_gets_one(client: NeevAI) -> None:
    assert re.fullmatch(r"sandbox-[a-z0-9]{8}", client.sandboxes.create({}).name)


def test_lists_come_in_pages_and_filtered(client: NeevAI) -> None:
    made = [client.sandboxes.create({"name": f"web-{number}"}) for number in range(3)]
    ready(client, name="other")
    page = client.sandboxes.list(page=2, limit=3)
    assert (page.total, page.page, page.limit, [item.name for item in page.items]) == (4, 2, 3, ["web-0"])
    assert {item.name for item in client.sandboxes.list(name="EB-").items} == {"web-0", "web-1", "web-2"}
    assert [item.name for item in client.sandboxes.list(status="Ready", name="other").items] == ["other"]
    assert [item.id for item in client.sandboxes.list(sandbox_id=made[1].id).items] == [made[1].id]


def test_a_pause_keeps_the_files_and_a_resume_brings_the_sandbox_back(client: NeevAI) -> None:
    sandbox = ready(client, name="web")
    write(sandbox, "still here")
    assert (sandbox.pause().phase, sandbox.replicas) == ("Pausing", 0)
    until(sandbox, "Paused")
    assert (sandbox.resume().phase, sandbox.replicas) == ("Resuming", 1)
    sandbox.wait_until_ready(poll_interval_ms=POLL_MS)
    assert read(sandbox) == "still here"


def test_a_resize_and_a_new_egress_act_in_place(client: NeevAI) -> None:
    sandbox = ready(client, name="web")
    sandbox.update({"resources": {"cpu": 2}}, allow_internet=True)
    assert sandbox.data["resources"]["cpu"] == 2
    assert sandbox.data["egress"]["allow_internet"] is True
    sandbox.update({"egress_remove": {"allow": [{"host": "::/0"}]}, "egress_add": {"allow": [{"host": "a.example"}]}})
    assert [rule["host"] for rule in sandbox.data["egress"]["allow"]] == ["0.0.0.0/0", "a.example"]


def test_windows_change_one_by_one(client: NeevAI) -> None:
    sandbox = ready(client, name="web")
    sandbox.update_timeout({"idle_timeout_seconds": 600})
    sandbox.update_timeout({"max_lifetime_seconds": 900})
    told = sandbox.keepalive().data
    assert (told["idle_timeout_seconds"], told["max_lifetime_seconds"]) == (600, 900)
    assert told["idle_expires_at"]
    assert told["hard_expires_at"]


def test_a_snapshot_becomes_ready_and_a_rollback_puts_its_files_back(client: NeevAI) -> None:
    sandbox = ready(client, name="web")
    write(sandbox, "first")
    snapshot = sandbox.snapshot({"name": "first", "retain_for": "720h"})
    assert snapshot.status is aiagent.SnapshotStatus.Pending
    write(sandbox, "second")
    settled = wait_for_snapshot(client, str(snapshot.id))
    assert (settled.size_bytes, settled.name, len(sandbox.snapshots())) == (5, "first", 1)
    assert sandbox.rollback(str(snapshot.id)).phase == "NotReady"
    sandbox.wait_until_ready(poll_interval_ms=POLL_MS)
    assert read(sandbox) == "first"


def test_restore_is_the_deprecated_name_of_rollback(client: NeevAI, emulator: Emulator) -> None:
    sandbox = ready(client, name="web")
    snapshot = sandbox.snapshot()
    wait_for_snapshot(client, str(snapshot.id))
    path = f"/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}/sandboxes/web/restore"
    assert client.raw.request("POST", path, body={"snapshot_id": str(snapshot.id)})["phase"] == "NotReady"


def test_a_sandbox_can_be_made_from_a_snapshot(client: NeevAI) -> None:
    sandbox = ready(client, name="web", resources={"cpu": 2})
    write(sandbox, "first")
    snapshot = sandbox.snapshot()
    wait_for_snapshot(client, str(snapshot.id))
    restored = ready(client, name="copy", restore=snapshot.id)
    assert read(restored) == "first"
    assert restored.data["resources"]["cpu"] == 2


def test_a_fork_has_the_live_files_and_the_source_goes_on(client: NeevAI) -> None:
    sandbox = ready(client, name="web", env=[{"name": "COLOUR", "value": "blue"}])
    write(sandbox, "live")
    fork = sandbox.fork("copy")
    assert (fork.phase, sandbox.refresh().phase) == ("Pending", "Ready")
    fork.wait_until_ready(poll_interval_ms=POLL_MS)
    write(fork, "changed")
    assert read(sandbox) == "live"
    with inside(fork):
        assert fork.exec(["sh", "-c", "echo $COLOUR"]).stdout == "blue\n"


def test_a_deleted_sandbox_disappears_with_its_snapshots(client: NeevAI) -> None:
    sandbox = ready(client, name="web")
    snapshot = sandbox.snapshot()
    sandbox.delete()
    assert sandbox.refresh().phase == "Terminating"
    gone(lambda: client.sandboxes.get("web"))
    gone(lambda: client.sandboxes.get_snapshot(snapshot.id))


def test_a_deleted_snapshot_is_gone(client: NeevAI) -> None:
    snapshot = ready(client, name="web").snapshot()
    client.sandboxes.delete_snapshot(snapshot.id)
    with pytest.raises(NotFoundError):
        client.sandboxes.get_snapshot(snapshot.id)


def test_an_exposed_port_keeps_its_url_until_its_slug_changes(client: NeevAI) -> None:
    sandbox = ready(client, name="web")
    first = sandbox.expose_port(8080)
    assert sandbox.expose_port(8080) == first
    second = sandbox.expose_port(8080, slug="abcd1234")
    assert (second.slug, sandbox.list_ports()) == ("abcd1234", [second])
    assert httpx.get(first.preview_url).status_code == 404
    sandbox.revoke_port(8080)
    sandbox.revoke_port(8080)
    assert sandbox.list_ports() == []


def test_a_preview_url_shows_what_listens_in_the_sandbox(client: NeevAI, unused_tcp_port: int) -> None:
    sandbox = ready(client, name="web")
    write(sandbox, "hello from inside")
    serving = ["-u", "-m", "http.server", str(unused_tcp_port), "--bind", "127.0.0.1"]
    with inside(sandbox):
        sandbox.processes.start("python3", serving)
    url = sandbox.get_url(unused_tcp_port)
    answers = (httpx.get(f"{url}page.txt") for _ in range(500))
    assert next(answer.text for answer in answers if answer.status_code != 502) == "hello from inside"


def test_metrics_and_audit_tell_of_what_was_done(client: NeevAI) -> None:
    sandbox = ready(client, name="web")
    write(sandbox, "12345")
    with inside(sandbox):
        sandbox.exec(["sh", "-c", "exit 3"])
    metrics = sandbox.metrics(step="5m")
    series = {item.metric: item.points for item in metrics.series}
    assert (metrics.step, series["disk_usage_bytes"][-1][1]) == ("300s", 5)
    trail = sandbox.audit(limit=1)
    older = sandbox.audit(limit=1, cursor=trail.next_cursor)
    assert [trail.records[0].tool, older.records[0].tool] == ["exec", "fs.write"]
    assert (trail.records[0].command, older.next_cursor) == ("sh", None)


def test_the_catalogue_lists_what_is_offered(client: NeevAI) -> None:
    templates = {item.id: item for item in client.templates.list(limit=100).items}
    assert templates["sb-ubuntu-26-04-minimal"].category is aiagent.SandboxTemplateCategory.standard
    assert {item.status.value for item in templates.values()} == {"active", "deprecated"}
    assert client.templates.get("sb-chromium-playwright").category is aiagent.SandboxTemplateCategory.browser
    assert "claude-code" in {item.name for item in client.agent_templates.list().items}
    assert client.agent_templates.get("ag-claude-code").name == "claude-code"


def test_an_agent_lives_on_a_sandbox_of_its_own(client: NeevAI) -> None:
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
    gone(lambda: client.agents.get("coder"))
    gone(lambda: client.sandboxes.get(agent.sandbox_id))


def test_a_web_agent_has_a_ui_and_ports(client: NeevAI) -> None:
    agent = ready_agent(client, name="editor", agent_template="code-server")
    told = agent.data
    assert (told["drive_mode"], told["web_ui_url"].startswith("http"), bool(told["gateway_token"])) == (
        "http",
        True,
        True,
    )
    assert client.agents.expose_port("editor", 3000).port == 3000
    assert [port.port for port in client.agents.list_ports("editor")] == [3000, 8080]
    client.agents.revoke_port("editor", 3000)


def test_an_agent_can_be_captured_rolled_back_and_forked(client: NeevAI, emulator: Emulator) -> None:
    agent = ready_agent(client, name="coder", agent_template="claude-code")
    write(agent.sandbox(), "first")
    path = f"/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}/agents/coder"
    snapshot = client.raw.request("POST", f"{path}/snapshots", body={})
    wait_for_snapshot(client, snapshot["id"])
    assert client.raw.request("GET", f"{path}/snapshots")["total"] == 1
    write(agent.sandbox(), "second")
    agent.rollback(snapshot["id"])
    agent.wait_until_ready(poll_interval_ms=POLL_MS)
    assert read(agent.sandbox()) == "first"
    forked = client.raw.request("POST", f"{path}/fork", body={"name": "twin"})
    assert forked["status"] == "Provisioning"
    twin = client.agents.get("twin").wait_until_ready(poll_interval_ms=POLL_MS)
    assert read(twin.sandbox()) == "first"
    assert client.agents.audit("coder").records


def test_an_agent_is_connected_to_when_it_is_ready(client: NeevAI, emulator: Emulator) -> None:
    path = f"/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}/agents/coder/connect"
    agent = client.agents.create({"name": "coder", "agent_template": "claude-code"})
    assert refused(lambda: client.raw.request("POST", path)) == (425, "too_early")
    agent.wait_until_ready(poll_interval_ms=POLL_MS)
    assert client.raw.request("POST", path)["token"]
    agent.pause()
    assert refused(lambda: client.raw.request("POST", path)) == (409, "conflict")


def test_a_connect_token_opens_its_sandbox_and_no_other(client: NeevAI, emulator: Emulator) -> None:
    sandbox, other = ready(client, name="web"), ready(client, name="other")
    path = f"/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}/sandboxes/web/connect-token"
    token = client.raw.request("POST", path)["token"]

    def listed(of: Sandbox) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Sandbox-Id": of.id}
        return httpx.post(f"{of.connect_url}/v1/files/list", json={"path": "."}, headers=headers).status_code

    assert (listed(sandbox), listed(other)) == (200, 401)


def test_errors_are_those_of_the_api(client: NeevAI, emulator: Emulator) -> None:
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
    stranger = NeevAI(**{**access(emulator), "api_key": "wrong"}, max_retries=0)
    with stranger, pytest.raises(AuthenticationError):
        stranger.sandboxes.list()


def test_a_used_up_quota_names_its_scope(client: NeevAI, emulator: Emulator) -> None:
    emulator.change_settings(sandbox_quota=1)
    client.sandboxes.create({"name": "web"})
    with pytest.raises(PermissionDeniedError) as denied:
        client.sandboxes.create({"name": "more"})
    assert (denied.value.code, denied.value.scope) == ("sandbox_quota_exceeded", "project")


async def test_many_at_once_are_served_asynchronously(async_client: AsyncNeevAI) -> None:
    made = await asyncio.gather(*(async_client.sandboxes.create({"name": f"web-{n}"}) for n in range(20)))
    await asyncio.gather(*(sandbox.wait_until_ready(poll_interval_ms=POLL_MS) for sandbox in made))
    page = await async_client.sandboxes.list(status="Ready", limit=100)
    assert page.total == 20
    snapshot = await made[0].snapshot()
    assert (await async_client.sandboxes.get_snapshot(snapshot.id)).sandbox_id == snapshot.sandbox_id
    await asyncio.gather(*(sandbox.delete() for sandbox in made))


def test_every_path_of_the_control_plane_has_a_shape() -> None:
    served = {
        (method, re.sub(r"\{[^}]+\}", "*", template(route.path)))
        for route in control_plane()
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert served == set(SHAPES)


@contextmanager
def inside(sandbox: Sandbox) -> Iterator[None]:
    """The handle's connection to the runtime is closed afterwards; the client offers no way of its own."""
    try:
        yield
    finally:
        sandbox._invalidate_connection()


def write(sandbox: Sandbox, text: str) -> None:
    with inside(sandbox):
        sandbox.files.write("page.txt", text)


def read(sandbox: Sandbox) -> str:
    with inside(sandbox):
        return sandbox.files.read_text("page.txt")


def wait_for_snapshot(client: NeevAI, snapshot_id: str) -> aiagent.Snapshot:
    for _ in range(500):
        snapshot = client.sandboxes.get_snapshot(snapshot_id)
        if snapshot.status is aiagent.SnapshotStatus.Ready:
            return snapshot
    raise AssertionError("the snapshot never became Ready")


def gone(ask: Any) -> None:
    for _ in range(500):
        try:
            ask()
        except NotFoundError:
            return
    raise AssertionError("it is still there")


def refused(ask: Any) -> tuple[int, str | None]:
    with pytest.raises(APIError) as error:
        ask()
    return error.value.status_code, error.value.code
