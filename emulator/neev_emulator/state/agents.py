"""Operations on agents; each agent has its own sandbox."""

import secrets
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

from neev_emulator.api.requests import CreateAgent, ExpirationUpdate, UpdateAgent
from neev_emulator.errors import invalid
from neev_emulator.state import sandboxes
from neev_emulator.state.backend import Backend
from neev_emulator.state.catalog import AGENT_TEMPLATES, AgentTemplate
from neev_emulator.state.egress import Policy
from neev_emulator.state.ports import new_slug
from neev_emulator.state.records import AgentRecord, ExpirationPolicy, SandboxRecord


async def create(backend: Backend, project_id: str, body: CreateAgent) -> AgentRecord:
    """Create an agent that is Provisioning until its sandbox is Ready."""
    template = _find_template(body.agent_template)
    region = sandboxes.resolve_region(backend, body.region)
    resources = sandboxes.with_default_size(body.resources, template.default_resources)
    backing_name = f"agent-{uuid4().hex[:12]}"
    with _reserve(backend, project_id, body.name), sandboxes.reserve(backend, project_id, backing_name):
        port = template.ui.get("port")
        ui_port = port if isinstance(port, int) else None
        sandbox = SandboxRecord(
            **sandboxes.initial_fields(backend, str(uuid4()), project_id, backend.settings.durations.create),
            name=backing_name,
            region=region,
            image=template.image,
            env=sandboxes.env_mapping(body.env),
            resources=resources,
            egress=body.egress.with_defaults() if body.egress else template.default_egress or Policy(),
            lifecycle=ExpirationPolicy(idle_timeout_seconds=body.idle_timeout_seconds),
            ports={} if ui_port is None else {ui_port: new_slug()},
        )
        agent = AgentRecord(
            **_initial_fields(backend, sandbox),
            name=body.name,
            template_id=template.id,
            drive_mode=template.drive_mode,
            ui_port=ui_port,
            config={**template.default_config, **(body.config or {})},
        )
        backend.save(sandbox, agent)
    return agent


def update(backend: Backend, agent: AgentRecord, body: UpdateAgent) -> AgentRecord:
    """Change cpu, memory, egress or idle timeout of the agent's sandbox."""
    sandbox = backend.sandboxes.find(agent.project_id, agent.sandbox_id)
    changed = sandboxes.update(backend, sandbox, body)
    if body.idle_timeout_seconds is not None:
        expiration = ExpirationUpdate(idle_timeout_seconds=body.idle_timeout_seconds)
        sandboxes.set_expiration(backend, changed, expiration)
    return agent


def delete(backend: Backend, agent: AgentRecord) -> None:
    """Start deleting the agent and its sandbox."""
    sandbox = backend.sandboxes.find(agent.project_id, agent.sandbox_id)
    sandboxes.terminate(backend, sandbox, backend.clock.now())


def _find_template(name: str) -> AgentTemplate:
    for template in AGENT_TEMPLATES:
        if template.name == name and template.status == "active":
            return template
    raise invalid("agent_template", f"no agent template is named {name!r}")


def _reserve(backend: Backend, project_id: str, name: str) -> AbstractContextManager[None]:
    settings = backend.settings
    return backend.agents.reserve(
        project_id, name, quota=settings.agent_quota, error_code="agent_quota_exceeded", scope=settings.quota_scope
    )


def _initial_fields(backend: Backend, sandbox: SandboxRecord) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "org_id": sandbox.org_id,
        "project_id": sandbox.project_id,
        "created_by": backend.caller,
        "created_at": sandbox.created_at,
        "updated_at": sandbox.created_at,
        "sandbox_id": sandbox.id,
        "gateway_token": f"gw_{secrets.token_urlsafe(16)}" if sandbox.ports else None,
    }
