"""A fleet of agents: one image is built, twenty sandboxes start from it, and in each an agent answers."""

import pulumi

import pulumi_neev as neev

config = pulumi.Config()
replicas, port, step = (config.require_int(name) for name in ("replicas", "port", "portStep"))

image = neev.GoldenImage(
    "image",
    steps=[
        {"path": "agent/agent.py", "source": pulumi.FileAsset("agent/agent.py")},
        {"path": "agent/build.py", "source": pulumi.FileAsset("agent/build.py")},
        {"run": ["python3", "agent/build.py"]},
    ],
)
pool = neev.SandboxPool("agents", replicas=replicas, snapshot_id=image.snapshot_id, idle_timeout_seconds=3600)

urls = []
for index in range(replicas):
    member = pool.members.apply(lambda members, index=index: members[index].id)
    own_port = port + index * step
    agent = neev.Process(
        f"agent-{index}",
        sandbox_id=member,
        command=["python3", "-u", "agent/agent.py", str(own_port)],
        readiness={"port": own_port},
        opts=pulumi.ResourceOptions(deleted_with=pool),
    )
    exposed = neev.PreviewPort(
        f"agent-{index}", sandbox_id=member, port=own_port, opts=pulumi.ResourceOptions(depends_on=[agent])
    )
    urls.append(exposed.preview_url)

pulumi.export("ready", pool.ready_replicas)
pulumi.export("urls", urls)
