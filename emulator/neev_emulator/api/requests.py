"""The request bodies; an invalid value is rejected with its path."""

import re
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from neev_emulator.settings import Settings
from neev_emulator.state.collection import is_uuid
from neev_emulator.state.egress import AllowListEdit, PolicyUpdate
from neev_emulator.state.records import ExpirationPolicy, OnIdle, Resources

_DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_MAX_NAME_LENGTH = 63
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_MAX_RETENTION_SECONDS = 10 * 366 * 24 * 3600.0


def _validate_dns_label(name: str) -> str:
    if len(name) > _MAX_NAME_LENGTH or not _DNS_LABEL.fullmatch(name):
        raise ValueError(
            "must be a DNS name: lowercase letters, digits and '-', starting with a letter, "
            "ending with a letter or digit, at most 63 characters"
        )
    if is_uuid(name):
        raise ValueError("may not be formatted as a UUID")
    return name


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as `720h` or `1h30m`; `0` is 0."""
    if text == "0":
        return 0.0
    if not _DURATION.fullmatch(text):
        raise ValueError("must be a duration such as 720h, 90m or 30s")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(text))
    if seconds > _MAX_RETENTION_SECONDS:
        raise ValueError("must be at most ten years")
    return seconds


def _validate_retention(text: str) -> str:
    parse_duration(text)
    return text


def _validate_variable_name(name: str) -> str:
    if not name or "=" in name or "\0" in name:
        raise ValueError("must be the name of an environment variable")
    return name


def _reject_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("may not contain NUL")
    return value


def _drop_before_0_9(value: object, info: ValidationInfo) -> object:
    """Return the value; None where the API of the settings does not know the field."""
    return None if isinstance(info.context, Settings) and info.context.api == "0.8" else value


Name = Annotated[
    str,
    AfterValidator(_validate_dns_label),
    Field(json_schema_extra={"pattern": f"^{_DNS_LABEL.pattern}$", "maxLength": _MAX_NAME_LENGTH}),
]
TimeoutSeconds = Annotated[int, Field(ge=0, le=2**31 - 1)]
LabelKey = Annotated[str, Field(pattern=r"^[a-z0-9._-]{1,63}$")]
LabelValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,63}$")]
Labels = Annotated[dict[LabelKey, LabelValue], Field(max_length=16)]
Text = Annotated[str, AfterValidator(_reject_nul), Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]


class Body(BaseModel):
    """A request body that ignores unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True)


class ExactBody(Body):
    """A request body that rejects unknown keys."""

    model_config = ConfigDict(extra="forbid")


class EnvVar(Body):
    """An environment variable of all processes in the sandbox."""

    name: Annotated[str, AfterValidator(_validate_variable_name), Field(json_schema_extra={"pattern": r"^[^=\x00]+$"})]
    value: Text


class ResourcesUpdate(Body):
    """A size; omitted parts keep their value."""

    cpu: Annotated[float, Field(ge=0.5, le=8, multiple_of=0.5)] | None = None
    memory_gb: Annotated[int, Field(ge=1, le=16)] | None = None
    disk_gb: Annotated[int, Field(ge=10, le=100, multiple_of=10)] | None = None
    rootfs_disk_gb: Annotated[int, Field(ge=1, le=99)] | None = None

    def merge_into(self, base: Resources) -> Resources:
        """Return the base with the given parts replaced."""
        return base.model_copy(update=self.model_dump(exclude_none=True))


class ExpirationUpdate(Body):
    """An expiration policy; omitted and null parts keep their value."""

    idle_timeout_seconds: TimeoutSeconds | None = None
    max_lifetime_seconds: TimeoutSeconds | None = None
    paused_retention_seconds: TimeoutSeconds | None = None
    on_idle: OnIdle | None = None

    def merge_into(self, base: ExpirationPolicy) -> ExpirationPolicy:
        """Return the base with the given parts replaced."""
        return base.model_copy(update=self.model_dump(exclude_none=True))


class CreateSandbox(Body):
    """POST sandboxes."""

    name: Name | None = None
    region: str | None = None
    env: list[EnvVar] | None = None
    resources: ResourcesUpdate | None = None
    egress: PolicyUpdate | None = None
    sandbox_template_id: Annotated[str, Field(pattern=r"^sb-[a-zA-Z0-9-]+$")] | None = None
    image: (
        Annotated[str, Field(max_length=512, pattern=r"^[^/@\s]+(/[^/@\s]+)+(:[^/@\s]+|@sha256:[a-fA-F0-9]+)$")] | None
    ) = None
    command: list[Text] | None = None
    restore: UUID | None = None
    from_snapshot: UUID | None = None
    lifecycle: ExpirationUpdate | None = None
    labels: Annotated[Labels | None, BeforeValidator(_drop_before_0_9)] = None
    execution_trace: Annotated[bool | None, BeforeValidator(_drop_before_0_9)] = None

    @property
    def snapshot_id(self) -> str | None:
        """The snapshot to restore, by its current or its deprecated name."""
        snapshot = self.restore or self.from_snapshot
        return str(snapshot) if snapshot else None

    @model_validator(mode="after")
    def _require_one_source(self) -> "CreateSandbox":
        if self.restore and self.from_snapshot and self.restore != self.from_snapshot:
            raise ValueError("restore and from_snapshot name different snapshots")
        if self.image is not None and (self.sandbox_template_id is not None or self.snapshot_id is not None):
            raise ValueError("image may not be combined with sandbox_template_id or restore")
        if self.command is not None and self.image is None:
            raise ValueError("command may only be given together with image")
        return self


class _UpdateBody(ExactBody):
    """The common part of PATCH of a sandbox and an agent."""

    resources: ResourcesUpdate | None = None
    egress: PolicyUpdate | None = None
    egress_add: AllowListEdit | None = None
    egress_remove: AllowListEdit | None = None

    @model_validator(mode="after")
    def _require_change(self) -> "_UpdateBody":
        if all(getattr(self, field) is None for field in type(self).model_fields):
            raise ValueError(f"at least one of {', '.join(type(self).model_fields)} must be given")
        if self.egress and (self.egress_add or self.egress_remove):
            raise ValueError("egress cannot be combined with egress_add or egress_remove")
        return self


class UpdateSandbox(_UpdateBody):
    """PATCH of a sandbox."""


class UpdateAgent(_UpdateBody):
    """PATCH of an agent."""

    idle_timeout_seconds: TimeoutSeconds | None = None


class Empty(Body):
    """A request without a body."""


class ExposePort(Body):
    """POST ports."""

    port: Annotated[int, Field(ge=1, le=65535)]
    slug: Annotated[str, Field(pattern=r"^[a-z0-9]{8}$")] | None = None


class CreateSnapshot(Body):
    """POST snapshots of a sandbox."""

    name: Name | None = None
    retain_for: (
        Annotated[
            str, AfterValidator(_validate_retention), Field(json_schema_extra={"pattern": f"^(0|{_DURATION.pattern})$"})
        ]
        | None
    ) = None

    @property
    def retention_seconds(self) -> float:
        """Seconds until the snapshot expires; 0 means never."""
        return parse_duration(self.retain_for or "0")


class Rollback(Body):
    """POST rollback, and restore, its former name."""

    snapshot_id: UUID


class Fork(Body):
    """POST fork."""

    name: Name


class CreateAgent(Body):
    """POST agents."""

    name: Name
    agent_template: Annotated[str, Field(min_length=1)]
    idle_timeout_seconds: TimeoutSeconds | None = None
    region: str | None = None
    config: dict[str, object] | None = None
    env: list[EnvVar] | None = None
    resources: ResourcesUpdate | None = None
    egress: PolicyUpdate | None = None
