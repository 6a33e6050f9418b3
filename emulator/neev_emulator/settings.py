"""What a test or a user may turn: time per operation, quotas, limits, account defaults."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
RandomFaultKind = Literal["429", "500", "502", "503", "reset_before", "reset_after", "truncate_body", "malformed_body"]


class FrozenModel(BaseModel):
    """A value that refuses unknown keys and cannot be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Durations(FrozenModel):
    """Seconds that each kind of operation takes."""

    create: Seconds = 0.1
    """From Pending to Ready: new sandboxes, from a template, an image or a snapshot."""
    fork: Seconds = 0.1
    """From Pending to Ready: forks."""
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
    """From NotReady to Ready, when a snapshot is put back."""
    delete: Seconds = 0.05
    """From the answer to a delete until the thing is gone."""


class ExpirationDefaults(FrozenModel):
    """The account's windows, for sandboxes that do not set their own; 0 is no limit."""

    idle_timeout_seconds: Count = 0
    max_lifetime_seconds: Count = 0
    paused_retention_seconds: Count = 0


class RandomFaults(FrozenModel):
    """Faults that strike a share of the control-plane requests, the same ones for the same seed."""

    rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    seed: int = 0
    kinds: tuple[RandomFaultKind, ...] = ("429", "500", "502", "503", "reset_before", "reset_after", "truncate_body")


class Settings(FrozenModel):
    """Everything that may be set while the emulator runs, by `PUT /_emulator/settings`."""

    durations: Durations = Durations()
    sandbox_quota: Count | None = None
    """Sandboxes that a project may hold; null is no limit."""
    agent_quota: Count | None = None
    """Agents that a project may hold; null is no limit."""
    quota_scope: Literal["organization", "project"] = "project"
    """What a quota refusal names as its scope."""
    account: ExpirationDefaults = ExpirationDefaults()
    rate_limit: Annotated[float, Field(gt=0)] | None = None
    """Control-plane requests a second before 429; null is no limit."""
    random_faults: RandomFaults = RandomFaults()
    sample_seconds: Annotated[float, Field(gt=0)] = 5.0
    """Time between two samples of the metrics of a sandbox that is in use."""


def with_create_seconds(seconds: float, settings: Settings | None = None) -> Settings:
    """The settings with this time for whatever makes a sandbox: create and fork."""
    settings = settings or Settings()
    durations = settings.durations.model_copy(update={"create": seconds, "fork": seconds})
    return settings.model_copy(update={"durations": durations})
