"""What can be done to agents: each is a packaged program on a sandbox of its own."""

import secrets
from contextlib import AbstractContextManager
from typing import Any
from uuid import uuid4

from neev_emulator.api.requests import CreateAgent, GivenWindows, UpdateAgent
from neev_emulator.errors import invalid
from neev_emulator.state import sandboxes
from neev_emulator.state.backend import World
from neev_emulator.state.catalog import AGENT_TEMPLATES, AgentTemplate
from neev_emulator.state.egress import Policy
from neev_emulator.state.ports import new_slug
from neev_emulator.state.records import Agent, Lifecycle, Sandbox


async def create(world: World, project_id: str, body: CreateAgent) -> Agent:
    """A new agent that is Provisioning until its sandbox is Ready."""
    template = _template(body.agent_template)
    region = sandboxes.in_region(world, body.region)
    resources = sandboxes.sized(body.resources, template.default_resources)
    backing_name = f"agent-{uuid4().hex[:12]}"
    with _reserved(world, project_id, body.name), sandboxes.reserved(world, project_id, backing_name):
        port = template.ui.get("port")
        ui_port = port if isinstance(port, int) else None
        backing = Sandbox(
            **sandboxes.birth(world, str(uuid4()), project_id, world.settings.durations.create),
            name=backing_name,
            region=region,
            image=template.image,
            env=sandboxes.variables(body.env),
            resources=resources,
            egress=body.egress.settled() if body.egress else template.default_egress or Policy(),
            lifecycle=Lifecycle(idle_timeout_seconds=body.idle_timeout_seconds),
            ports={} if ui_port is None else {ui_port: new_slug()},
        )
        agent = Agent(
            **_birth(world, backing),
            name=body.name,
            template_id=template.id,
            drive_mode=template.drive_mode,
            ui_port=ui_port,
            config={**template.default_config, **(body.config or {})},
        )
        world.save(backing, agent)
    return agent


def update(world: World, agent: Agent, body: UpdateAgent) -> Agent:
    """The agent with its sandbox's cpu, memory, egress or idle window changed."""
    backing = world.sandboxes.find(agent.project_id, agent.sandbox_id)
    changed = sandboxes.update(world, backing, body)
    if body.idle_timeout_seconds is not None:
        windows = GivenWindows(idle_timeout_seconds=body.idle_timeout_seconds)
        sandboxes.set_windows(world, changed, windows)
    return agent


def delete(world: World, agent: Agent) -> None:
    """The agent and its sandbox are on their way out."""
    backing = world.sandboxes.find(agent.project_id, agent.sandbox_id)
    sandboxes.terminate(world, backing, world.clock.now())


def _template(name: str) -> AgentTemplate:
    for template in AGENT_TEMPLATES:
        if template.name == name and template.status == "active":
            return template
    raise invalid("agent_template", f"no agent template is named {name!r}")


def _reserved(world: World, project_id: str, name: str) -> AbstractContextManager[None]:
    settings = world.settings
    return world.agents.reserved(
        project_id, name, quota=settings.agent_quota, over="agent_quota_exceeded", scope=settings.quota_scope
    )


def _birth(world: World, backing: Sandbox) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "org_id": backing.org_id,
        "project_id": backing.project_id,
        "created_by": world.caller,
        "created_at": backing.created_at,
        "updated_at": backing.created_at,
        "sandbox_id": backing.id,
        "gateway_token": f"gw_{secrets.token_urlsafe(16)}" if backing.ports else None,
    }
