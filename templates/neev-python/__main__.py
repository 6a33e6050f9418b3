"""A sandbox, a script in it, and a command that runs the script."""

import pulumi

import pulumi_neev as neev

template = neev.get_sandbox_template(name="ubuntu-26-04-minimal")

sandbox = neev.Sandbox(
    "agent",
    template_id=template.id,
    cpu=1,
    memory_gb=2,
    idle_timeout_seconds=900,
)
script = neev.File(
    "script",
    sandbox_id=sandbox.id,
    path="hello.sh",
    content="echo hello from $(pwd)\n",
)
command = neev.Command(
    "hello",
    sandbox_id=sandbox.id,
    create=["sh", "hello.sh"],
    triggers=[script.sha256],
)

pulumi.export("phase", sandbox.phase)
pulumi.export("output", command.stdout)
