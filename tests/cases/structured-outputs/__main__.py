import pulumi

import pulumi_neev as neev


class Desk(pulumi.ComponentResource):
    def __init__(self, box: neev.Sandbox) -> None:
        super().__init__("acme:dev:Desk", "desk")
        self.register_outputs({"egress": box.egress})


def made(which: str) -> None:
    box = neev.Sandbox("box", egress={"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}]})
    pool = neev.SandboxPool("pool", replicas=1)
    if which == "export":
        pulumi.export("egress", box.egress)
        pulumi.export("members", pool.members)
        pulumi.export("looked", neev.get_sandbox_output(id=box.id))
        pulumi.export("mode", box.egress.apply(lambda egress: egress.mode))
    elif which == "component":
        Desk(box)
    else:
        pulumi.export("text", pulumi.Output.json_dumps(pool.members))


def read() -> None:
    other = pulumi.StackReference("organization/structured-outputs/dev")
    for name in ("egress", "members", "looked"):
        pulumi.export(name, other.require_output(name))


which = pulumi.Config().require("which")
read() if which == "read" else made(which)
