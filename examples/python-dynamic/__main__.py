"""A sandbox from a template, a snapshot of it, and a fork of it."""

import pulumi

import pulumi_neev as neev

config = pulumi.Config()
template = neev.get_sandbox_template(name=config.require("template"))

sandbox = neev.Sandbox(
    "agent",
    template_id=template.id,
    cpu=1,
    memory_gb=2,
    egress={"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}]},
    idle_timeout_seconds=900,
    paused=config.require_bool("paused"),
)
snapshot = neev.Snapshot("baseline", sandbox_id=sandbox.id)
fork = neev.SandboxFork(
    "experiment",
    source_sandbox_id=sandbox.id,
    memory_gb=4,
    opts=pulumi.ResourceOptions(depends_on=[snapshot]),
)

pulumi.export("name", sandbox.name)
pulumi.export("phase", sandbox.phase)
pulumi.export("snapshot", snapshot.status)
pulumi.export("fork", fork.name)
