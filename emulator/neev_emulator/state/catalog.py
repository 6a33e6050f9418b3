"""The catalog: the templates of sandboxes and agents."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from neev_emulator.settings import ApiVersion, FrozenModel
from neev_emulator.state.egress import AllowRule, Policy
from neev_emulator.state.records import DriveMode, Resources

TemplateStatus = Literal["active", "deprecated", "disabled"]

REGIONS = ("as-south-1", "dev")
_REGISTRY = "harbor.neev.work/neevcloudai"
_ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="9"/></svg>'
_CREATED_AT = "2026-03-02T09:00:00Z"
_UPDATED_AT = "2026-06-15T09:00:00Z"


class SandboxTemplate(FrozenModel):
    """An image for sandboxes."""

    id: str
    name: str
    description: str
    icon: str | None = None
    category: Literal["standard", "browser"] = "standard"
    status: TemplateStatus = "active"
    since: ApiVersion = Field(default="0.8", exclude=True)
    created_at: str = _CREATED_AT
    updated_at: str = _UPDATED_AT

    @property
    def image(self) -> str:
        """Return the image of a sandbox of this template."""
        return f"{_REGISTRY}/{self.id.removeprefix('sb-')}:v2026.03.1"


class AgentTemplate(FrozenModel):
    """A packaged agent."""

    id: str
    name: str
    description: str
    icon: str | None = None
    category: str = "coding"
    status: TemplateStatus = "active"
    agent_version: str | None = None
    ui: Mapping[str, object]
    config_schema: Mapping[str, object] | None = None
    default_resources: Resources | None = None
    default_egress: Policy | None = None
    created_at: str = _CREATED_AT
    updated_at: str = _UPDATED_AT
    default_config: Mapping[str, object] = {}
    drive_mode: DriveMode = "pty"

    @property
    def image(self) -> str:
        """Return the image of the agent's sandbox."""
        return f"{_REGISTRY}/agent-{self.name}:v{self.agent_version or '1'}"


SANDBOX_TEMPLATES = (
    SandboxTemplate(
        id="sb-ubuntu-26-04-minimal",
        name="ubuntu-26-04-minimal",
        description="Ubuntu 26.04 with a shell and little else; the default.",
        icon=_ICON,
    ),
    SandboxTemplate(
        id="sb-ubuntu-26-04-dev",
        name="ubuntu-26-04-dev",
        description="Ubuntu 26.04 with compilers, git and the usual tools.",
        since="0.9",
    ),
    SandboxTemplate(
        id="sb-ubuntu-26-04-interpreter",
        name="ubuntu-26-04-interpreter",
        description="Ubuntu 26.04 with a Python code interpreter.",
        since="0.9",
    ),
    SandboxTemplate(id="sb-python-3-13", name="python-3-13", description="Python 3.13 with uv and pip."),
    SandboxTemplate(id="sb-node-24", name="node-24", description="Node.js 24 with npm and pnpm."),
    SandboxTemplate(
        id="sb-chromium-playwright",
        name="chromium-playwright",
        description="Chromium that is driven by Playwright.",
        icon=_ICON,
        category="browser",
    ),
    SandboxTemplate(
        id="sb-chromium-desktop",
        name="chromium-desktop",
        description="Chromium on a desktop that is reached by VNC.",
        category="browser",
    ),
    SandboxTemplate(
        id="sb-ubuntu-24-04-minimal",
        name="ubuntu-24-04-minimal",
        description="Ubuntu 24.04; use ubuntu-26-04-minimal for new sandboxes.",
        status="deprecated",
    ),
    SandboxTemplate(
        id="sb-ubuntu-22-04-minimal",
        name="ubuntu-22-04-minimal",
        description="Ubuntu 22.04; no longer offered.",
        status="disabled",
    ),
)

AGENT_TEMPLATES = (
    AgentTemplate(
        id="ag-claude-code",
        name="claude-code",
        description="Claude Code in a terminal.",
        icon=_ICON,
        agent_version="2.0.14",
        ui={"mode": "tui"},
        config_schema={"type": "object", "properties": {"model": {"type": "string"}}},
        default_resources=Resources(cpu=2, memory_gb=4, disk_gb=20, rootfs_disk_gb=4),
        default_egress=Policy(
            mode="allow_list",
            allow=[AllowRule(host="api.anthropic.com", ports=[443]), AllowRule(host="*.github.com", ports=[443])],
        ),
        default_config={"model": "default"},
    ),
    AgentTemplate(
        id="ag-code-server",
        name="code-server",
        description="VS Code in the browser.",
        agent_version="4.104.0",
        ui={"mode": "web", "port": 8080},
        default_config={"theme": "dark"},
        drive_mode="http",
    ),
    AgentTemplate(
        id="ag-batch-runner",
        name="batch-runner",
        description="Runs one prompt after another without a terminal.",
        agent_version="0.9.1",
        ui={"mode": "none"},
        drive_mode="exec",
    ),
    AgentTemplate(
        id="ag-claude-code-legacy",
        name="claude-code-legacy",
        description="Claude Code 1; no longer offered.",
        status="disabled",
        agent_version="1.0.96",
        ui={"mode": "tui"},
    ),
)

DEFAULT_TEMPLATE = SANDBOX_TEMPLATES[0]


def list_sandbox_templates(api: ApiVersion) -> list[SandboxTemplate]:
    """Return the templates of sandboxes in this version of the API."""
    return [template for template in SANDBOX_TEMPLATES if template.since <= api]
