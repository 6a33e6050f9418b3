"""A web service: its files, its process and its URL, in one `pulumi up`."""

import pulumi

import pulumi_neev as neev

config = pulumi.Config()
port = config.require_int("port")

box = neev.Sandbox("box", idle_timeout_seconds=3600)
inside = pulumi.ResourceOptions(deleted_with=box)
app = neev.Directory("app", sandbox_id=box.id, path="app", source_path="app", opts=inside)
service = neev.Process(
    "service",
    sandbox_id=box.id,
    command=["python3", "-u", "app/server.py", str(port)],
    env={"GREETING": config.require("greeting")},
    triggers=[app.sha256],
    readiness={"port": port, "timeout_seconds": 60},
    opts=inside,
)
exposed = pulumi.ResourceOptions(deleted_with=box, depends_on=[service])
web = neev.PreviewPort("web", sandbox_id=box.id, port=port, wait_until_served=True, opts=exposed)

pulumi.export("url", web.preview_url)
