"""A base, and the environment of a branch, which begins as a fork of it."""

import pulumi

import pulumi_neev as neev

config = pulumi.Config()
revision = config.require("revision")
port = config.require_int("port")

base = neev.Sandbox("base", idle_timeout_seconds=1800)
environment = neev.BranchEnvironment(
    "web",
    branch=config.require("branch"),
    revision=revision,
    base_sandbox_id=base.id,
    files={"app/server.py": pulumi.FileAsset("app/server.py"), "app/revision": revision},
    processes={"server": ["python3", "-u", "app/server.py", str(port)]},
    ports=[port],
)

pulumi.export("name", environment.name)
pulumi.export("url", environment.url)
pulumi.export("expiresAt", environment.expires_at)
