"""The runtime of a sandbox: commands, files and processes, at the paths of its `connect_url`.

Commands are processes of the emulator's user. A sandbox has its own workspace, environment and process groups. The file
endpoints cannot leave the workspace; a command can, unless it is isolated (`isolation`).

The workspace is `/workspace` for callers, and for commands where the machine has mount namespaces (`mount_namespaces`).
Elsewhere, `/workspace` in a command's arguments and variables is replaced (`workspace_view`).
"""

from neev_emulator.runtime.audit import AuditRecord
from neev_emulator.runtime.errors import RuntimeApiError
from neev_emulator.runtime.mount_namespaces import MountNamespaces
from neev_emulator.runtime.process_stats import Usage
from neev_emulator.runtime.processes import start_again
from neev_emulator.runtime.routes import build_routes
from neev_emulator.runtime.sandbox_host import SandboxHost
from neev_emulator.runtime.supervisor import ProcessDefinition

__all__ = [
    "AuditRecord",
    "MountNamespaces",
    "ProcessDefinition",
    "RuntimeApiError",
    "SandboxHost",
    "Usage",
    "build_routes",
    "start_again",
]
