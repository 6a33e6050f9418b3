"""The emulator's and the provider's side of the contract, and which of the vendor's objects corresponds to which."""

from __future__ import annotations

from collections.abc import Mapping

from neev_emulator.api.openapi import build_openapi
from neev_emulator.app import control_plane_routes
from neev_emulator.runtime.routes import ENDPOINTS
from neev_provider.core.model import Model
from neev_provider.functions.access import ConnectToken
from neev_provider.functions.agents import AgentInfo
from neev_provider.functions.audit import SandboxAuditEvent
from neev_provider.functions.metrics import GetSandboxMetricsResult, MetricSeries
from neev_provider.functions.sandboxes import SandboxInfo, SnapshotInfo
from neev_provider.functions.templates import AgentTemplate, SandboxTemplate
from neev_provider.resources.agent import AgentInputs
from neev_provider.resources.egress import Egress, EgressDestination
from neev_provider.resources.preview_port import PreviewPortInputs, PreviewPortOutputs
from neev_provider.resources.sandbox.base import LastCrash
from neev_provider.resources.sandbox.sandbox import SandboxInputs
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkInputs
from neev_provider.resources.snapshot import SnapshotInputs
from tools.contract.contract import Contract, Schema, from_openapi, normalize_path, parse_fields

EMULATED = {
    "ErrorResponse": "ErrorBody",
    "EnvVar": "EnvVar",
    "SandboxResources": "Resources",
    "SandboxLifecycle": "ExpirationUpdate",
    "UpdateSandboxTimeoutRequest": "ExpirationUpdate",
    "ExposePortRequest": "ExposePort",
    "SandboxPort": "Port",
    "SandboxPortList": "Ports",
    "Snapshot": "Snapshot",
    "SnapshotListResponse": "SnapshotPage",
    "CreateSnapshotRequest": "CreateSnapshot",
    "RollbackSandboxRequest": "Rollback",
    "ForkSandboxRequest": "Fork",
    "SandboxEgressRule": "EgressRule",
    "SandboxEgressRules": "AllowListEdit",
    "SandboxEgressConfig": "Egress",
    "SandboxTemplate": "SandboxTemplate",
    "SandboxTemplateListResponse": "SandboxTemplatePage",
    "MetricSeries": "Series",
    "SandboxMetricsResponse": "Metrics",
    "ConnectTokenResponse": "ConnectToken",
    "AuditRecord": "AuditEntry",
    "AuditTrailResponse": "AuditPage",
    "AgentConnectResponse": "AgentConnection",
    "RollbackAgentRequest": "Rollback",
    "Agent": "Agent",
    "CreateAgentRequest": "CreateAgent",
    "UpdateAgentRequest": "UpdateAgent",
    "AgentListResponse": "AgentPage",
    "AgentTemplate": "AgentTemplate",
    "AgentTemplateListResponse": "AgentTemplatePage",
    "Sandbox": "Sandbox",
    "CreateSandboxRequest": "CreateSandbox",
    "UpdateSandboxRequest": "UpdateSandbox",
    "SandboxListResponse": "SandboxPage",
    "FileWriteResponse": "WriteResult",
    "FileListEntry": "Entry",
    "FileListResponse": "EntriesBody",
    "FileEntryResponse": "EntryBody",
    "FileExistsResponse": "Existence",
    "RawProcessStatus": "ProcessStatus",
    "RawProcessInfo": "Process",
    "RawProcessLogEntry": "LogEntry",
    "RawProcessLogsPage": "Logs",
    "RawProcessListResponse": "Processes",
    "RawKillResponse": "SignalResult",
    "RawKillAllResponse": "SignalCount",
}
"""The emulator's name of each of the vendor's objects."""
DECLARED: Mapping[str, tuple[type[Model], ...]] = {
    "Sandbox": (SandboxInfo, SandboxInputs),
    "CreateSandboxRequest": (SandboxInputs,),
    "UpdateSandboxRequest": (SandboxInputs,),
    "SandboxResources": (SandboxInputs,),
    "SandboxLifecycle": (SandboxInputs,),
    "UpdateSandboxTimeoutRequest": (SandboxInputs,),
    "SandboxLastCrash": (LastCrash,),
    "ForkSandboxRequest": (SandboxForkInputs,),
    "Snapshot": (SnapshotInfo, SnapshotInputs),
    "CreateSnapshotRequest": (SnapshotInputs,),
    "ExposePortRequest": (PreviewPortInputs,),
    "SandboxPort": (PreviewPortInputs, PreviewPortOutputs),
    "SandboxEgressConfig": (Egress,),
    "SandboxEgressRule": (EgressDestination,),
    "Agent": (AgentInfo, AgentInputs),
    "CreateAgentRequest": (AgentInputs,),
    "UpdateAgentRequest": (AgentInputs,),
    "SandboxTemplate": (SandboxTemplate,),
    "AgentTemplate": (AgentTemplate,),
    "AuditRecord": (SandboxAuditEvent,),
    "MetricSeries": (MetricSeries,),
    "SandboxMetricsResponse": (GetSandboxMetricsResult,),
    "ConnectTokenResponse": (ConnectToken,),
}
"""The declarations whose properties together show each of the vendor's objects."""


def emulator_contract() -> Contract:
    """Return the contract of the emulator. Its description omits uploads and watches, whose bodies are no JSON."""
    described = from_openapi(build_openapi(control_plane_routes()))
    return Contract(described.paths | {normalize_path(*endpoint[:2]) for endpoint in ENDPOINTS}, described.fields)


def declared_fields() -> Mapping[str, Mapping[str, Schema]]:
    """Return the fields that the provider declares, by the vendor's object."""
    return {name: _fields_of(models) for name, models in DECLARED.items()}


def _fields_of(models: tuple[type[Model], ...]) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for model in models:
        schema = model.model_json_schema(by_alias=False)
        found |= parse_fields(schema, schema.get("$defs", {}))
    return found
