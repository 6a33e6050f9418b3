"""N resources of a native plugin: sandboxes, or sleepers of the same plugin protocol."""

import os

import pulumi

for number in range(int(os.environ["BENCH_N"])):
    pulumi.CustomResource(os.environ["BENCH_TYPE"], f"box-{number}", {})
