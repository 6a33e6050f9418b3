"""The runtime inside each sandbox: commands, files and processes, at the paths of its ``connect_url``.

Commands are the host's own, run as the emulator's user: no isolation is claimed. A sandbox has its own workspace,
environment and process groups, and the file endpoints cannot leave the workspace; a command can. The workspace is
``/workspace``: for callers always, for commands where the machine has mount namespaces (``mounts``). Elsewhere
``/workspace`` in a command's arguments and variables is replaced by the real path (``view``).
"""

from pulumi_neev.emulator.runtime.audit import AuditRecord
from pulumi_neev.emulator.runtime.computer import Computer
from pulumi_neev.emulator.runtime.errors import RuntimeFailure
from pulumi_neev.emulator.runtime.mounts import Mounts
from pulumi_neev.emulator.runtime.routes import routes
from pulumi_neev.emulator.runtime.usage import Usage

__all__ = ["AuditRecord", "Computer", "Mounts", "RuntimeFailure", "Usage", "routes"]
