"""Conversion of records to the API's responses."""

from collections.abc import Mapping
from typing import Any

from neev_emulator.api import schemas
from neev_emulator.clock import format_time
from neev_emulator.state.backend import Backend
from neev_emulator.state.catalog import AgentTemplate, SandboxTemplate
from neev_emulator.state.egress import AllowRule, Policy
from neev_emulator.state.records import AgentRecord, Resources, SandboxRecord, SnapshotRecord

_FORMAT_VERSION = 1
_AGENT_STATUS = {
    "Ready": "Ready",
    "Pausing": "Pausing",
    "Paused": "Paused",
    "RestoreFailed": "Failed",
    "Terminating": "Deleting",
}

ResponseBody = dict[str, Any]


def serialize_sandbox(backend: Backend, record: SandboxRecord, origin: str) -> schemas.Sandbox:
    """Return the response for a sandbox; its environment variables are omitted."""
    now = backend.clock.now()
    policy = record.lifecycle
    body: schemas.Sandbox = {
        "id": record.id,
        "org_id": record.org_id,
        "project_id": record.project_id,
        "name": record.name,
        "region": record.region,
        "image": record.image,
        "resources": serialize_resources(record.resources),
        "phase": record.phase(now),
        "addressable": _is_reached(record.addressable_from, now),
        "connect_url": f"{origin}/sandboxes-runtime" if _is_reached(record.ready_from, now) else None,
        "egress": serialize_egress(record.egress),
        "sandbox_template_id": record.template_id,
        "created_by": record.created_by,
        "last_crash": None,
        "created_at": format_time(record.created_at),
        "updated_at": format_time(record.updated_at),
        "idle_timeout_seconds": policy.idle_timeout_seconds,
        "max_lifetime_seconds": policy.max_lifetime_seconds,
        "paused_retention_seconds": policy.paused_retention_seconds,
        "on_idle": policy.on_idle,
        "idle_expires_at": _format_optional_time(backend.idle_expires_at(record)),
        "hard_expires_at": _format_optional_time(backend.hard_expires_at(record)),
    }
    if backend.settings.api == "0.8":
        body["replicas"] = 0 if record.paused_at is not None else 1
    else:
        body["labels"] = record.labels
    # By the API's description some members may be null; the others are absent instead.
    if record.command is not None:
        body["command"] = record.command
    return body


def serialize_snapshot(backend: Backend, record: SnapshotRecord) -> schemas.Snapshot:
    """Return the response for a snapshot; its size is null until it is Ready."""
    status = record.phase(backend.clock.now())
    body: schemas.Snapshot = {
        "id": record.id,
        "sandbox_id": record.sandbox_id,
        "org_id": record.org_id,
        "project_id": record.project_id,
        "status": status,
        "snapshot_type": "full",
        "source_region": record.region,
        "size_bytes": record.size_bytes if status == "Ready" else None,
        "error_message": record.error if status == "Failed" else None,
        "expires_at": _format_optional_time(record.expires_at),
        "created_by": record.created_by,
        "sandbox_format_version": _FORMAT_VERSION,
        "restorability": backend.settings.restorability,
        "build_descriptor": {"image": record.image, "resources": serialize_resources(record.resources)},
        "created_at": format_time(record.created_at),
        "updated_at": format_time(record.updated_at),
    }
    if record.name is not None:
        body["name"] = record.name
    return body


def serialize_port(number: int, slug: str, origin: str) -> schemas.Port:
    """Return the response for a port."""
    return {"port": number, "slug": slug, "preview_url": f"{origin}/preview/{slug}/"}


def serialize_agent(backend: Backend, record: AgentRecord, origin: str) -> schemas.Agent:
    """Return the response for an agent; its status follows its sandbox."""
    sandbox = backend.sandboxes.find(record.project_id, record.sandbox_id)
    path = f"/api/v1beta1/orgs/{record.org_id}/projects/{record.project_id}/sandboxes/{sandbox.id}/metrics"
    slug = None if record.ui_port is None else sandbox.ports.get(record.ui_port)
    return {
        "id": record.id,
        "org_id": record.org_id,
        "project_id": record.project_id,
        "name": record.name,
        "agent_template_id": record.template_id,
        "drive_mode": record.drive_mode,
        "sandbox_id": sandbox.id,
        "config": record.config,
        "status": get_agent_status(backend, sandbox),
        "web_ui_url": f"{origin}/preview/{slug}/" if slug else None,
        "metrics_url": path,
        "gateway_token": record.gateway_token,
        "last_crash": None,
        "egress": serialize_egress(sandbox.egress),
        "idle_timeout_seconds": sandbox.lifecycle.idle_timeout_seconds,
        "created_at": format_time(record.created_at),
        "updated_at": format_time(max(record.updated_at, sandbox.updated_at)),
    }


def get_agent_status(backend: Backend, sandbox: SandboxRecord) -> str:
    """Return the status of an agent, from the phase of its sandbox."""
    return _AGENT_STATUS.get(sandbox.phase(backend.clock.now()), "Provisioning")


def serialize_sandbox_template(template: SandboxTemplate) -> ResponseBody:
    """Return the response for a sandbox template."""
    return template.model_dump(mode="json")


def serialize_agent_template(template: AgentTemplate) -> ResponseBody:
    """Return the response for an agent template."""
    body = template.model_dump(mode="json", exclude={"default_config", "drive_mode"})
    if template.config_schema is None:
        del body["config_schema"]
    if template.default_resources:
        body["default_resources"] = serialize_resources(template.default_resources)
    if template.default_egress:
        body["default_egress"] = serialize_egress(template.default_egress)
    return body


def serialize_resources(size: Resources) -> schemas.Resources:
    """Return the response for a size; a whole number of cores is an integer."""
    cpu = int(size.cpu) if size.cpu == int(size.cpu) else size.cpu
    return {
        "cpu": cpu,
        "memory_gb": size.memory_gb,
        "disk_gb": size.disk_gb,
        "rootfs_disk_gb": size.rootfs_disk_gb,
    }


def serialize_egress(policy: Policy) -> schemas.Egress:
    """Return the response for an egress policy; unset fields of rules are omitted."""
    return {
        "mode": policy.mode,
        "allow_internet": policy.allow_internet,
        "allow": [_serialize_rule(rule) for rule in policy.allow],
    }


def _serialize_rule(rule: AllowRule) -> schemas.EgressRule:
    body: schemas.EgressRule = {"host": rule.host}
    if rule.ports is not None:
        body["ports"] = rule.ports
    if rule.protocol is not None:
        body["protocol"] = rule.protocol
    return body


def error_body(code: str | None, message: str, *, details: str | None = None, scope: str | None = None) -> ResponseBody:
    """Return the body of an error; `error` is the deprecated name of `message`."""
    text: Mapping[str, str | None] = {"details": details, "code": code, "scope": scope}
    return {"error": message, "message": message, **{key: value for key, value in text.items() if value is not None}}


def _is_reached(moment: float | None, now: float) -> bool:
    return moment is not None and moment <= now


def _format_optional_time(at: float | None) -> str | None:
    return None if at is None else format_time(at)
