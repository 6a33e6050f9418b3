"""N dynamic resources that only sleep, in a host widened like ours: the floor of the dynamic face."""

import os
import sys
import time
from typing import Any

from pulumi import dynamic


class Sleeper(dynamic.ResourceProvider):
    """A create takes the time of a sandbox and makes nothing."""

    serialize_as_secret_always = False

    def configure(self, req: dynamic.ConfigureRequest) -> None:  # noqa: ARG002  the host's signature
        """The host takes as many operations at a time as it does for sandboxes."""
        from neev_provider.adapters.pulumi.dynamic import host_patches  # noqa: PLC0415  this class is pickled

        host_patches.raise_worker_limit(sys.modules["__main__"])

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Nothing, slowly."""
        time.sleep(props["seconds"])
        return dynamic.CreateResult("asleep", props)


class Sleep(dynamic.Resource, module="bench", name="Sleep"):
    """A resource that sleeps."""


for number in range(int(os.environ["BENCH_N"])):
    Sleep(Sleeper(), f"box-{number}", {"seconds": float(os.environ["BENCH_SECONDS"])})
