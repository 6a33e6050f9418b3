import pulumi

import pulumi_neev as neev

box = neev.Sandbox("box", name="box")
pulumi.export("id", neev.get_sandbox_output(name=box.name).id)
opts = pulumi.InvokeOutputOptions(depends_on=box)
pulumi.export(
    "all", neev.get_sandboxes_output(name_contains="box", opts=opts).apply(lambda found: len(found.sandboxes))
)
