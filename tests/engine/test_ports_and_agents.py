"""The lifecycle of preview ports and agents on the real engine, through the plugin and as dynamic resources."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.project import PulumiProject, out_of_band_request

pytestmark = pytest.mark.engine

IN_ENV, IN_CONFIG = "hunter2-in-the-environment", "hunter2-in-the-configuration"
SLUG, OTHER = "q7zk2m9x", "w3vp8n1c"

PYTHON = """
import pulumi
import pulumi_neev as neev

box = neev.Sandbox("box")
web = neev.PreviewPort("web", sandbox_id=box.id, port=8080{slug})
free = neev.PreviewPort("free", sandbox_id=box.id, port=9090)
coder = neev.Agent(
    "coder",
    agent_template="code-server",
    config={{"key": pulumi.Output.secret("{config}")}},
    env={{"TOKEN": "{env}"}},
    {agent}
)
pulumi.export("web", web.preview_url)
pulumi.export("free", free.slug)
pulumi.export("status", coder.status)
pulumi.export("ui", coder.web_ui_url)
pulumi.export("token", coder.gateway_token)
pulumi.export("config", coder.effective_config)
"""

OUTPUTS = {
    "web": "${web.previewUrl}",
    "free": "${free.slug}",
    "status": "${coder.status}",
    "ui": "${coder.webUiUrl}",
    "token": "${coder.gatewayToken}",
    "config": "${coder.effectiveConfig}",
}


def write_dynamic_program(project: PulumiProject, *, slug: str | None = None, **agent: Any) -> None:
    """Write the program in Python, with dynamic resources."""
    message = "".join(f"{name}={value!r}, " for name, value in agent.items())
    shown = "" if slug is None else f', slug="{slug}"'
    project.write_python(PYTHON.format(slug=shown, config=IN_CONFIG, env=IN_ENV, agent=message))


def write_plugin_program(project: PulumiProject, *, slug: str | None = None, **agent: Any) -> None:
    """Write the same program in YAML, on the plugin."""
    port = {"sandboxId": "${box.id}", "port": 8080} | ({} if slug is None else {"slug": slug})
    config = {"key": {"fn::secret": IN_CONFIG}}
    coder = {"agentTemplate": "code-server", "config": config, "env": {"TOKEN": IN_ENV}, **agent}
    resources = {
        "box": {"type": "neev:index:Sandbox"},
        "web": {"type": "neev:index:PreviewPort", "properties": port},
        "free": {"type": "neev:index:PreviewPort", "properties": {"sandboxId": "${box.id}", "port": 9090}},
        "coder": {"type": "neev:index:Agent", "properties": coder},
    }
    project.write_yaml(resources, outputs=OUTPUTS)


@pytest.mark.parametrize("adapter", [write_plugin_program, write_dynamic_program], ids=["plugin", "dynamic"])
def test_ports_and_agents_are_updated_in_place_and_their_secrets_are_encrypted(
    project: PulumiProject, adapter: Any
) -> None:
    emulator = project.emulator
    adapter(project, cpu=1)
    assert project.preview().changes == dict.fromkeys(("box", "web", "free", "coder"), "create")
    assert emulator.mutating_requests == []

    project.up()
    first = project.outputs()
    assert first["status"] == "Ready"
    assert first["config"] == {"theme": "dark", "key": IN_CONFIG}
    emulator.clear_log()
    assert project.up().changes == {}
    assert project.refresh().changes == {}
    assert emulator.mutating_requests == []

    adapter(project, slug=SLUG, cpu=2, paused=True)
    assert project.up().changes == {"web": "update", "coder": "update"}
    changed = project.outputs()
    assert (changed["status"], changed["free"], changed["token"]) == ("Paused", first["free"], first["token"])
    assert SLUG in changed["web"]

    box = _read_id(project, "box")
    out_of_band_request(emulator, "POST", f"/sandboxes/{box}/ports", {"port": 8080, "slug": OTHER})
    out_of_band_request(emulator, "DELETE", f"/sandboxes/{box}/ports/9090")
    assert project.refresh().changes.items() >= {("web", "update"), ("free", "delete")}
    assert project.up().changes == {"web": "update", "free": "create"}
    assert project.outputs()["web"] == changed["web"]
    assert project.up().changes == {}

    exported = json.dumps(project.export())
    last = project.outputs()
    for secret in (IN_ENV, IN_CONFIG, SLUG, OTHER, *(last[name] for name in ("web", "free", "ui", "token"))):
        assert secret
        assert secret not in exported

    project.destroy()
    assert [emulator.state()[kind] for kind in ("sandboxes", "agents")] == [0, 0]


def test_slugs_tokens_and_other_secrets_are_redacted_in_output_and_logs(project: PulumiProject) -> None:
    write_plugin_program(project, slug=SLUG)
    up = project.run_pulumi("up", "--yes", "--diff", "-v=8", "--logtostderr", "--logflow")
    assert up.returncode == 0
    token = project.outputs()["token"]

    write_plugin_program(project, slug=OTHER)
    refusal = {"code": "conflict", "message": f"slug {OTHER} is in use"}
    project.emulator.inject("status", method="POST", path="/sandboxes/{id}/ports", status=409, body=refusal)
    failed = project.run_pulumi("up", "--yes", "--diff", "-v=8", "--logtostderr", "--logflow")
    assert failed.returncode != 0
    assert "slug [secret] is in use" in failed.text
    for text in (up.text, failed.text):
        assert len(text) > 1000
        for secret in (SLUG, OTHER, token, IN_ENV, IN_CONFIG):
            assert secret not in text


def test_imported_ports_and_agents_have_no_diff(project: PulumiProject) -> None:
    emulator = project.emulator
    box = out_of_band_request(emulator, "POST", "/sandboxes", {"name": "box"})
    out_of_band_request(emulator, "POST", f"/sandboxes/{box['id']}/ports", {"port": 8080})
    created = out_of_band_request(emulator, "POST", "/agents", {"name": "coder", "agent_template": "claude-code"})
    emulator.advance(5)
    project.write_yaml({})
    project.import_("neev:index:PreviewPort", "web", f"{box['id']}/8080")
    project.import_("neev:index:Agent", "coder", "coder")
    assert _read_id(project, "coder") == created["id"]
    web = {"sandboxId": box["id"], "port": 8080}
    coder = {"name": "coder", "agentTemplate": "claude-code"}
    project.write_yaml(
        {
            "web": {"type": "neev:index:PreviewPort", "properties": web},
            "coder": {"type": "neev:index:Agent", "properties": coder},
        }
    )
    assert project.up().changes == {}


def _read_id(project: PulumiProject, name: str) -> str:
    state = project.state_of(name)
    assert state is not None
    return str(state["id"])
