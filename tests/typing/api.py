"""The public names as a type checker sees them; `mypy --strict` reads this file, nothing runs it.

Each `type: ignore` is a wrong use that has to be refused: were it not, mypy would call the comment unused.
"""

from typing import Any, assert_type

import pulumi

import pulumi_neev
from pulumi_neev import (
    Agent,
    BranchEnvironment,
    Egress,
    EgressArgs,
    EgressDestination,
    EgressMode,
    GetSandboxTemplatesResult,
    LastCrash,
    MetricSeries,
    OnIdle,
    PoolMember,
    PreviewPort,
    Sandbox,
    SandboxFork,
    SandboxInfo,
    SandboxPool,
    SandboxTemplate,
    Snapshot,
    SnapshotInfo,
    TemplateCategory,
    get_sandbox_metrics,
    get_sandbox_output,
    get_sandbox_template,
    get_sandbox_template_output,
    get_sandbox_templates,
    get_snapshots,
)

# Every input is optional, keyword-only, and known to the checker with its type.
box = Sandbox(
    "box",
    template_id=get_sandbox_template_output(name="python-3-13").id,
    region="as-south-1",
    cpu=0.5,
    memory_gb=pulumi.Output.from_input(4),
    disk_gb=20,
    env={"PLAIN": "value", "LATER": pulumi.Output.from_input("value")},
    command=["sleep", pulumi.Output.from_input("infinity")],
    egress={"mode": "allow_list", "allow": [{"host": "*.github.com", "ports": [443], "protocol": "TCP"}]},
    on_idle="pause",
    paused=pulumi.Config().get_bool("paused"),
    opts=pulumi.ResourceOptions(protect=True),
)
policy: EgressArgs = {"mode": EgressMode.ALLOW_LIST, "allow_internet": True}
Sandbox("defaults")
Sandbox("enums", on_idle=OnIdle.DELETE, egress=policy)
SandboxFork("fork", source_sandbox_id=box.id, egress=box.egress, memory_gb=8)
Snapshot("snapshot", sandbox_id=box.id, retain_for="720h", triggers=["release", 4, {"any": "value"}])
PreviewPort("web", sandbox_id=box.id, port=8080, slug=pulumi.Config().get_secret("slug"))
SandboxPool("fleet", replicas=3, image="docker.io/library/python:3.12", max_surge=1, egress=policy)
Agent("coder", agent_template="claude-code", config={"any": [1, {"json": True}]}, env={"KEY": "value"}, cpu=2)

environment = BranchEnvironment("web", branch="pr-7", base_sandbox_id=box.id, commands=[["make"]], egress=policy)
BranchEnvironment("sdk", branch="pr-7", snapshot_id="image", resources=pulumi_neev)

# Outputs have the types of the declarations; what can be absent is optional.
assert_type(environment.url, pulumi.Output[str | None])
assert_type(box.id, pulumi.Output[str])
assert_type(box.name, pulumi.Output[str])
assert_type(box.phase, pulumi.Output[str])
assert_type(box.cpu, pulumi.Output[float | None])
assert_type(box.connect_url, pulumi.Output[str | None])
assert_type(box.env, pulumi.Output[dict[str, str] | None])
assert_type(box.egress, pulumi.Output[Egress])
assert_type(box.egress.apply(lambda egress: egress.allow_internet), pulumi.Output[bool | None])
assert_type(box.egress.apply(lambda egress: egress.allow), pulumi.Output[list[EgressDestination] | None])
assert_type(box.last_crash, pulumi.Output[LastCrash | None])
assert_type(SandboxFork("fork", source_sandbox_id="id").region, pulumi.Output[str])
assert_type(Snapshot("snapshot", sandbox_id="id").size_bytes, pulumi.Output[int | None])
assert_type(SandboxPool("fleet", replicas=3).members, pulumi.Output[list[PoolMember]])
assert_type(PreviewPort("web", sandbox_id="id", port=80).preview_url, pulumi.Output[str])
assert_type(PreviewPort("web", sandbox_id="id", port=80).slug, pulumi.Output[str])
assert_type(Agent("coder", agent_template="claude-code").gateway_token, pulumi.Output[str | None])
assert_type(Agent("coder", agent_template="claude-code").effective_config, pulumi.Output[dict[str, Any] | None])

# Look-ups come plain and as outputs, and answer models.
assert_type(get_sandbox_template(name="python-3-13"), SandboxTemplate)
assert_type(get_sandbox_template(id="sb-python-3-13").id, str)
assert_type(get_sandbox_template_output(name=box.name), pulumi.Output[SandboxTemplate])
assert_type(get_sandbox_templates(category=TemplateCategory.BROWSER), GetSandboxTemplatesResult)
assert_type(get_sandbox_templates(category="browser").templates, list[SandboxTemplate])
assert_type(get_sandbox_output(id=box.id), pulumi.Output[SandboxInfo])
get_sandbox_output(name="box", opts=pulumi.InvokeOutputOptions(depends_on=[box]))
assert_type(get_snapshots(sandbox_id="id").snapshots, list[SnapshotInfo])
assert_type(get_sandbox_metrics(sandbox_id="id", window_seconds=600).series, list[MetricSeries])


class DevBox(Sandbox):
    """A class of the program's own."""


assert_type(DevBox("own").egress, pulumi.Output[Egress])
assert_type(pulumi_neev.__version__, str)

# What is wrong is refused.
Sandbox("box", "sb-python-3-13")  # type: ignore[call-arg]
Sandbox("box", templateId="sb-python-3-13")  # type: ignore[call-arg]
Sandbox("box", cpu="2")  # type: ignore[arg-type]
Sandbox("box", memory_gb=0.5)  # type: ignore[arg-type]
Sandbox("box", paused="true")  # type: ignore[arg-type]
Sandbox("box", on_idle="stop")  # type: ignore[arg-type]
Sandbox("box", env=["A=1"])  # type: ignore[arg-type]
Sandbox("box", env={"A": 1})  # type: ignore[dict-item]
Sandbox("box", egress={"mode": "open"})  # type: ignore[arg-type]
Sandbox("box", egress={"allowInternet": True})  # type: ignore[arg-type]
Sandbox("box", egress={"allow": [{"ports": [443]}]})  # type: ignore[arg-type]
Sandbox("box", opts="protect")  # type: ignore[arg-type]
SandboxFork("fork")  # type: ignore[call-arg]
SandboxPool("fleet")  # type: ignore[call-arg]
Snapshot("snapshot", sandbox_id=box)  # type: ignore[arg-type]
PreviewPort("web", sandbox_id=box.id)  # type: ignore[call-arg]
Agent("coder", agent_template="claude-code", config="fast")  # type: ignore[arg-type]
box.phase = "Ready"  # type: ignore[assignment]
get_sandbox_template(name=box.name)  # type: ignore[arg-type]
get_sandbox_templates(status="disabled")  # type: ignore[arg-type]
get_sandbox_metrics()  # type: ignore[call-arg]
get_sandbox_template(name="x", opts=pulumi.ResourceOptions())  # type: ignore[arg-type]
pulumi_neev.Sandboxes  # type: ignore[attr-defined]  # noqa: B018
