"""The runtime inside each sandbox: commands, files and processes, at the paths of its ``connect_url``.

Commands are the host's own, run as the emulator's user: no isolation is claimed. A sandbox has its own workspace,
environment and process groups, and the file endpoints cannot leave the workspace; a command can. Callers address the
workspace as ``/workspace``: in paths, ``cwd`` and the program's name. Commands find it as their working directory and
``$HOME``; a ``/workspace`` in their arguments is the host's, where there is none.
"""

from pulumi_neev.emulator.runtime.audit import AuditRecord
from pulumi_neev.emulator.runtime.computer import Computer
from pulumi_neev.emulator.runtime.errors import RuntimeFailure
from pulumi_neev.emulator.runtime.routes import routes
from pulumi_neev.emulator.runtime.usage import Usage

__all__ = ["AuditRecord", "Computer", "RuntimeFailure", "Usage", "routes"]
