"""The runtime inside each sandbox: commands, files and processes, at the paths of its ``connect_url``.

Commands are the host's own, run as the emulator's user: no isolation is claimed. A sandbox has its own workspace,
environment and process groups, and the file endpoints cannot leave the workspace; a command can. The workspace is
``/workspace``: for callers always, for commands where the machine has mount namespaces (``mounts``). Elsewhere
``/workspace`` in a command's arguments and variables is replaced by the real path (``view``).
"""

from neev_emulator.runtime.audit import AuditRecord
from neev_emulator.runtime.errors import RuntimeApiError
from neev_emulator.runtime.mount_namespaces import MountNamespaces
from neev_emulator.runtime.process_stats import Usage
from neev_emulator.runtime.routes import build_routes
from neev_emulator.runtime.sandbox_host import SandboxHost

__all__ = ["AuditRecord", "MountNamespaces", "RuntimeApiError", "SandboxHost", "Usage", "build_routes"]
