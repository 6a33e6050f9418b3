"""Sandboxes in namespaces of their own, with bubblewrap: files, processes, network, limits and enforced egress.

`Isolation` creates the namespaces of a sandbox. `enter.py` runs each command in them. `IsolatedView` is a sandbox as
its commands see it. `EgressProxy` is their only way to other hosts.
"""

from neev_emulator.runtime.isolation.egress_proxy import EgressPolicy, Network
from neev_emulator.runtime.isolation.isolated_view import Confinement, IsolatedView
from neev_emulator.runtime.isolation.namespaces import Isolation, IsolationUnavailableError, Limits

__all__ = [
    "Confinement",
    "EgressPolicy",
    "IsolatedView",
    "Isolation",
    "IsolationUnavailableError",
    "Limits",
    "Network",
]
