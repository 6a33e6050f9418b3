"""What is measured: data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One way to N sandboxes, or to N things that only sleep for as long."""

    title: str
    program: str
    """A folder of `programs`, or `script`: the plain script, which has no state and can only create."""
    variables: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[int, ...] = (1, 20, 200)
    floor: str | None = None
    """The title of the case that it is compared with."""
    beyond: str | None = None
    """The title of the case whose time is taken off before: what Pulumi takes for nothing at all."""


SCRIPT = "script"
EMPTY = Case("empty program", "empty", numbers=(0,))
CASES = (
    EMPTY,
    Case("null plugin", "plugin", {"BENCH_TYPE": "sleep:index:Sleep"}),
    Case("plugin", "plugin", {"BENCH_TYPE": "neev:index:Sandbox"}, floor="null plugin"),
    Case("null dynamic", "dynamic_sleep"),
    Case("dynamic", "dynamic", floor="null dynamic"),
    Case("asyncio script", SCRIPT, numbers=(1, 20, 200, 1000)),
    Case("pool", "pool", numbers=(1, 20, 200, 1000), floor="asyncio script", beyond=EMPTY.title),
)
SECONDS = (0.0, 5.0)
"""What each sandbox takes until it is ready."""
