"""The data functions; ``FUNCTIONS`` is the one list of them."""

from typing import Any

from pulumi_neev.core.function import Function
from pulumi_neev.functions.metrics import GetSandboxMetrics
from pulumi_neev.functions.sandboxes import GetSandbox, GetSandboxes, GetSnapshot, GetSnapshots
from pulumi_neev.functions.templates import (
    GetAgentTemplate,
    GetAgentTemplates,
    GetSandboxTemplate,
    GetSandboxTemplates,
)

FUNCTIONS: tuple[Function[Any, Any], ...] = (
    GetSandboxTemplate(),
    GetSandboxTemplates(),
    GetAgentTemplate(),
    GetAgentTemplates(),
    GetSandbox(),
    GetSandboxes(),
    GetSnapshot(),
    GetSnapshots(),
    GetSandboxMetrics(),
)
