"""The sandbox that every environment begins as (stack `base`), or the environment of a pull request (`pr-<n>`)."""

import pulumi

import pulumi_neev as neev

config = pulumi.Config()
stack = pulumi.get_stack()
revision = config.require("revision")
base = config.require("base")
port = config.require_int("port")

if stack == "base":
    sandbox = neev.Sandbox("base", name=base, idle_timeout_seconds=1800)
    # what takes long, such as installing packages or filling a database, is done once and not in each environment
    neev.Command(
        "prepare",
        sandbox_id=sandbox.id,
        create=["sh", "-c", "mkdir -p data && date > data/prepared"],
        triggers=[revision],
    )
    pulumi.export("url", "")
else:
    environment = neev.BranchEnvironment(
        "web",
        branch=stack,
        name_prefix="",  # the name is that of the stack: the nightly job sweeps what begins with `pr-`
        revision=revision,
        base_sandbox_id=neev.get_sandbox(name=base).id,
        files={"app/server.py": pulumi.FileAsset("app/server.py"), "app/revision": revision},
        processes={"server": ["python3", "-u", "app/server.py", str(port)]},
        ports=[port],
        paused=config.require_bool("paused"),
        idle_timeout_seconds=1800,
        lifetime_seconds=3 * 86_400,
        paused_retention_seconds=14 * 86_400,
    )
    pulumi.export("id", environment.id)
    pulumi.export("url", environment.url)
    pulumi.export("expiresAt", environment.expires_at)
