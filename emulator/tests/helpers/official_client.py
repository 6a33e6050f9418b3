"""The official client, and a check of each response against its models."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from neevai import NeevAI
from neevai.errors import APIError, NotFoundError
from neevai.generated import aiagent
from neevai.handles.agent import Agent
from neevai.handles.sandbox import Sandbox
from neevai.types import SandboxData, SandboxListResponse
from pydantic import BaseModel

from helpers.poll import poll_until
from neev_emulator import Emulator

POLL_MS = 20
MODELS: dict[tuple[str, str], tuple[int, type[BaseModel] | None]] = {
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
    ("POST", "/agents/*/fork"): (201, SandboxData),
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

# The models do not separate nullable from optional fields, but the OpenAPI description does: these may be null.
NULLABLE_FIELDS = {
    *("connect_url", "sandbox_template_id", "created_by", "last_crash", "idle_expires_at", "hard_expires_at"),
    *("idle_timeout_seconds", "max_lifetime_seconds", "paused_retention_seconds"),
    *("size_bytes", "error_message", "expires_at", "build_descriptor"),
    *("web_ui_url", "gateway_token", "icon", "agent_version", "default_resources", "default_egress"),
}
FREE_FORM = {"config", "ui", "config_schema", "build_descriptor"}


def find_nulls(response: object) -> set[str]:
    """Return the members that are null, except in free-form content."""
    if isinstance(response, list):
        return {name for item in response for name in find_nulls(item)}
    if not isinstance(response, dict):
        return set()
    nested = {name for key, value in response.items() if key not in FREE_FORM for name in find_nulls(value)}
    return nested | {key for key, value in response.items() if value is None}


def build_path_template(path: str) -> str:
    below = re.sub(r"^(/agent)?/api/v1beta1(/orgs/[^/]+/projects/[^/]+)?", "", path)
    return re.sub(r"/(sandboxes|agents|snapshots|ports|sandbox-templates|agent-templates)/[^/]+", r"/\1/*", below)


def check_conformance(response: httpx.Response) -> None:
    assert response.headers["x-request-id"]
    if response.is_error:
        aiagent.ErrorResponse.model_validate(response.json(), extra="forbid")
        assert find_nulls(response.json()) == set()
        return
    status, model = MODELS[response.request.method, build_path_template(response.request.url.path)]
    assert response.status_code == status
    if model is None:
        assert response.content == b""
    else:
        model.model_validate_json(response.content, extra="forbid")
        assert find_nulls(response.json()) <= NULLABLE_FIELDS


def read_and_check(response: httpx.Response) -> None:
    response.read()
    check_conformance(response)


async def read_and_check_async(response: httpx.Response) -> None:
    await response.aread()
    check_conformance(response)


def build_client_options(emulator: Emulator) -> dict[str, Any]:
    return {
        "base_url": emulator.base_url,
        "api_key": emulator.api_key,
        "org_id": emulator.org_id,
        "project_id": emulator.project_id,
    }


def create_ready(client: NeevAI, **params: object) -> Sandbox:
    return client.sandboxes.create(params).wait_until_ready(poll_interval_ms=POLL_MS)


def wait_for_phase(sandbox: Sandbox, phase: str) -> Sandbox:
    return poll_until(sandbox.refresh, lambda refreshed: refreshed.phase == phase)


def create_ready_agent(client: NeevAI, **params: object) -> Agent:
    return client.agents.create(params).wait_until_ready(poll_interval_ms=POLL_MS)


@contextmanager
def close_connection_after(sandbox: Sandbox) -> Iterator[None]:
    """Close the handle's connection to the runtime after the block; the client has no method for it."""
    try:
        yield
    finally:
        sandbox._invalidate_connection()


def write_file(sandbox: Sandbox, text: str) -> None:
    with close_connection_after(sandbox):
        sandbox.files.write("page.txt", text)


def read_file(sandbox: Sandbox) -> str:
    with close_connection_after(sandbox):
        return sandbox.files.read_text("page.txt")


def wait_for_snapshot(client: NeevAI, snapshot_id: str) -> aiagent.Snapshot:
    return poll_until(
        lambda: client.sandboxes.get_snapshot(snapshot_id),
        lambda snapshot: snapshot.status is aiagent.SnapshotStatus.Ready,
    )


def wait_until_gone(request: Callable[[], object]) -> None:
    def is_gone() -> bool:
        try:
            request()
        except NotFoundError:
            return True
        return False

    poll_until(is_gone, bool)


def expect_error(request: Callable[[], object]) -> tuple[int, str | None]:
    with pytest.raises(APIError) as error:
        request()
    return error.value.status_code, error.value.code
