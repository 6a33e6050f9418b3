"""The settings: durations, quotas, limits and account defaults."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
ApiVersion = Literal["0.8", "0.9"]
RandomFaultKind = Literal["429", "500", "502", "503", "reset_before", "reset_after", "truncate_body", "malformed_body"]


class FrozenModel(BaseModel):
    """An immutable model that rejects unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Durations(FrozenModel):
    """Seconds that each kind of operation takes."""

    create: Seconds = 0.1
    """From Pending to Ready, of a sandbox from a template, an image or a snapshot."""
    fork: Seconds = 0.1
    """From Pending to Ready, of a fork."""
    addressable: Seconds = 0.05
    """From Ready to addressable."""
    pause: Seconds = 0.1
    """From Pausing to Paused."""
    resume: Seconds = 0.1
    """From Resuming to Ready."""
    snapshot_start: Seconds = 0.05
    """From Pending to Running, of a snapshot."""
    snapshot: Seconds = 0.1
    """From Running to Ready, of a snapshot."""
    rollback: Seconds = 0.1
    """From NotReady to Ready, of a sandbox that is rolled back."""
    delete: Seconds = 0.05
    """From the response to a delete until the object is gone."""


class ExpirationDefaults(FrozenModel):
    """The account's expiration policy for sandboxes without their own; 0 means no limit."""

    idle_timeout_seconds: Count = 0
    max_lifetime_seconds: Count = 0
    paused_retention_seconds: Count = 0


class RandomFaults(FrozenModel):
    """Faults in a share of the control-plane requests; the same seed gives the same faults."""

    rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    seed: int = 0
    kinds: tuple[RandomFaultKind, ...] = ("429", "500", "502", "503", "reset_before", "reset_after", "truncate_body")


class Settings(FrozenModel):
    """The settings that `PUT /_emulator/settings` changes."""

    api: Annotated[ApiVersion, BeforeValidator(str)] = "0.9"  # `settings api=0.8` sends a number
    """The form of the API that is served; docs/emulator.md lists the differences."""
    durations: Durations = Durations()
    sandbox_quota: Count | None = None
    """Maximum number of sandboxes in a project; None means no limit."""
    agent_quota: Count | None = None
    """Maximum number of agents in a project; None means no limit."""
    quota_scope: Literal["organization", "project"] = "project"
    """The scope in the error of a quota."""
    account: ExpirationDefaults = ExpirationDefaults()
    rate_limit: Annotated[float, Field(gt=0)] | None = None
    """Control-plane requests per second before a 429; None means no limit."""
    random_faults: RandomFaults = RandomFaults()
    reject_egress_wildcards: bool = False
    """Whether egress policies with wildcards are rejected."""
    ignore_retain_for: bool = False
    """Whether snapshots are kept whatever `retain_for` is."""
    restorability: Literal["restorable", "deprecating", "unsupported"] = "restorable"
    """The `restorability` of all snapshots; unsupported ones cannot be restored."""
    sample_seconds: Annotated[float, Field(gt=0)] = 5.0
    """Seconds between two samples of the metrics of a sandbox in use."""


def with_create_seconds(seconds: float, settings: Settings | None = None) -> Settings:
    """Return the settings with this duration of a create and a fork, in seconds."""
    settings = settings or Settings()
    durations = settings.durations.model_copy(update={"create": seconds, "fork": seconds})
    return settings.model_copy(update={"durations": durations})
