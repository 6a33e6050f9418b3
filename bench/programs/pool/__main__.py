"""One pool of N sandboxes, on the plugin."""

import os

import pulumi

pulumi.CustomResource("neev:index:SandboxPool", "fleet", {"replicas": int(os.environ["BENCH_N"]), "members": None})
