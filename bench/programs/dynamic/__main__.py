"""N sandboxes as dynamic resources."""

import os

import pulumi_neev as neev

for number in range(int(os.environ["BENCH_N"])):
    neev.Sandbox(f"box-{number}")
