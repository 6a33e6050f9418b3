import pulumi

import pulumi_neev as neev

memory = int(pulumi.Config().require("memory"))


def box(name: str, **options: list[str]) -> neev.Sandbox:
    return neev.Sandbox(name, name=name, memory_gb=memory, opts=pulumi.ResourceOptions(**options))


pulumi.export(
    "hidden", box("hidden", ignore_changes=["memory_gb"], additional_secret_outputs=["connect_url"]).connect_url
)
pulumi.export("first", box("first", replace_on_changes=["memory_gb"], delete_before_replace=True).id)
