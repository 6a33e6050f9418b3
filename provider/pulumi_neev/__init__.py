"""Pulumi resources for NeevAI sandboxes.

The names are brought in when one of them is first used, so that the plugin and the command line start without them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str

    from pulumi_neev.components import BranchEnvironment
    from pulumi_neev.sdk import (
        Agent,
        AgentTemplate,
        BuildStep,
        BuildStepArgs,
        BuiltImage,
        Command,
        Directory,
        Egress,
        EgressArgs,
        EgressMode,
        EgressRule,
        EgressRuleArgs,
        File,
        GetAgentTemplatesResult,
        GetSandboxesResult,
        GetSandboxMetricsResult,
        GetSandboxTemplatesResult,
        GetSnapshotsResult,
        GoldenImage,
        LastCrash,
        MetricPoint,
        MetricSeries,
        OnIdle,
        Outcome,
        PoolMember,
        PreviewPort,
        Protocol,
        Sandbox,
        SandboxFork,
        SandboxInfo,
        SandboxPool,
        SandboxTemplate,
        Snapshot,
        SnapshotInfo,
        TemplateCategory,
        TemplateStatus,
        get_agent_template,
        get_agent_template_output,
        get_agent_templates,
        get_agent_templates_output,
        get_sandbox,
        get_sandbox_metrics,
        get_sandbox_metrics_output,
        get_sandbox_output,
        get_sandbox_template,
        get_sandbox_template_output,
        get_sandbox_templates,
        get_sandbox_templates_output,
        get_sandboxes,
        get_sandboxes_output,
        get_snapshot,
        get_snapshot_output,
        get_snapshots,
        get_snapshots_output,
    )

__all__ = [
    "Agent",
    "AgentTemplate",
    "BranchEnvironment",
    "BuildStep",
    "BuildStepArgs",
    "BuiltImage",
    "Command",
    "Directory",
    "Egress",
    "EgressArgs",
    "EgressMode",
    "EgressRule",
    "EgressRuleArgs",
    "File",
    "GetAgentTemplatesResult",
    "GetSandboxMetricsResult",
    "GetSandboxTemplatesResult",
    "GetSandboxesResult",
    "GetSnapshotsResult",
    "GoldenImage",
    "LastCrash",
    "MetricPoint",
    "MetricSeries",
    "OnIdle",
    "Outcome",
    "PoolMember",
    "PreviewPort",
    "Protocol",
    "Sandbox",
    "SandboxFork",
    "SandboxInfo",
    "SandboxPool",
    "SandboxTemplate",
    "Snapshot",
    "SnapshotInfo",
    "TemplateCategory",
    "TemplateStatus",
    "get_agent_template",
    "get_agent_template_output",
    "get_agent_templates",
    "get_agent_templates_output",
    "get_sandbox",
    "get_sandbox_metrics",
    "get_sandbox_metrics_output",
    "get_sandbox_output",
    "get_sandbox_template",
    "get_sandbox_template_output",
    "get_sandbox_templates",
    "get_sandbox_templates_output",
    "get_sandboxes",
    "get_sandboxes_output",
    "get_snapshot",
    "get_snapshot_output",
    "get_snapshots",
    "get_snapshots_output",
]


COMPONENTS = ("BranchEnvironment",)
"""The names that are not made from declarations, but written over those that are."""

# type checkers must not see it: a module with it has every name
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return import_module("importlib.metadata").version("pulumi-neev")  # which takes long to import
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        part = "components" if name in COMPONENTS else "sdk"
        return getattr(import_module(f"pulumi_neev.{part}"), name)

    def __dir__() -> list[str]:
        return __all__
