"""The cases of the benchmark, as data only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class BenchCase:
    """One way to create N sandboxes, or N resources that only wait for the same time."""

    title: str
    program: str
    """A folder of `programs`, the source of a provider, or `script`: that has no state and can only create."""
    variables: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[int, ...] = (1, 20, 200)
    floor: str | None = None
    """The title of the case that this case is compared with."""
    baseline: str | None = None
    """The title of the case whose time is subtracted first: the time that Pulumi needs without any resource."""
    is_ours: bool = False
    """Whether this case is measured itself, not only used as a comparison."""


SCRIPT = "script"
OUTPUTS = {
    "__account": "http://127.0.0.1:40000/agent/orgs/org-emulator/projects/project-emulator",
    "addressable": True,
    "connectUrl": "http://127.0.0.1:40000/sandboxes-runtime",
    "cpu": 1,
    "createdAt": "2026-01-01T00:00:00.000000Z",
    "diskGb": 10,
    "egress": {"allow": [], "allowInternet": False, "mode": "deny_all"},
    "image": "harbor.neev.work/neevcloudai/ubuntu-26-04-minimal:v2026.03.1",
    "memoryGb": 2,
    "name": "box-100-6de443f",
    "onIdle": "pause",
    "phase": "Ready",
    "region": "as-south-1",
    "rootfsDiskGb": 4,
}
"""The outputs of a sandbox of the benchmark: the engine writes the whole state at each of its steps."""
EMPTY = BenchCase("empty program", "empty", numbers=(0,))
CASES = (
    EMPTY,
    BenchCase("null plugin", "plugin", {"BENCH_TYPE": "sleep:index:Sleep"}),
    BenchCase(
        "null plugin with outputs",
        "plugin",
        {"BENCH_TYPE": "sleep:index:Sleep", "BENCH_OUTPUTS": json.dumps(OUTPUTS)},
        numbers=(200,),
        floor="null plugin",
    ),
    BenchCase("plugin", "plugin", {"BENCH_TYPE": "neev:index:Sandbox"}, floor="null plugin", is_ours=True),
    BenchCase("null dynamic", "dynamic_sleep"),
    BenchCase("dynamic", "dynamic", floor="null dynamic", is_ours=True),
    BenchCase("asyncio script", SCRIPT, numbers=(1, 20, 200, 1000)),
    BenchCase("pool", "pool", numbers=(1, 20, 200, 1000), floor="asyncio script", is_ours=True, baseline=EMPTY.title),
)
CONFIGURATIONS = (
    BenchCase("null provider", "bench/sleep"),
    BenchCase("provider", "neevcloud/neev", floor="null provider", is_ours=True),
)
"""The cases of Terraform."""
SECONDS = (0.0, 5.0)
"""The seconds until each sandbox is ready."""
