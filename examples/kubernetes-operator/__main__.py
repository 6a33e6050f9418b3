"""The sandboxes of one team; the stack is the team."""

import pulumi

import pulumi_neev as neev

config = pulumi.Config()

pool = neev.SandboxPool(
    "workers",
    name=pulumi.get_stack(),
    replicas=config.require_int("replicas"),
    paused=config.require_bool("paused"),
    idle_timeout_seconds=1800,
)

pulumi.export("ready", pool.ready_replicas)
pulumi.export("names", pool.members.apply(lambda members: [member.name for member in members]))
