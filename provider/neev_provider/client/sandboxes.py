"""Sandboxes: their models, and the requests for them."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field
from typing_extensions import override

from neev_provider.client.audit import AuditPage, parse_audit_page
from neev_provider.client.collection import NamedCollection, NamedObject
from neev_provider.client.http.idempotency import perform_or_confirm
from neev_provider.client.http.pagination import list_all
from neev_provider.client.models import ApiModel, Page, build_parser, parse_timestamp
from neev_provider.core.clock import Clock

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport


class Resources(ApiModel):
    """The size of a sandbox; None where the API's default applies."""

    cpu: float | None = None
    memory_gb: float | None = None
    disk_gb: float | None = None
    rootfs_disk_gb: float | None = None


class LastCrash(ApiModel):
    """The last crash of a sandbox."""

    reason: str
    at: str | None = None
    storage_reset: bool | None = None


class Sandbox(NamedObject):
    """A sandbox of the API."""

    phase: str
    region: str | None = None
    image: str | None = None
    command: tuple[str, ...] | None = None
    resources: Resources | None = None
    addressable: bool | None = None
    connect_url: str | None = None
    egress: Mapping[str, Any] | None = None
    sandbox_template_id: str | None = None
    labels: Mapping[str, str] | None = None
    """None from an API that has no labels."""
    created_by: str | None = None
    last_crash: LastCrash | None = None
    idle_timeout_seconds: int | None = None
    max_lifetime_seconds: int | None = None
    paused_retention_seconds: int | None = None
    on_idle: str | None = None
    idle_expires_at: str | None = None
    hard_expires_at: str | None = None


class Series(ApiModel):
    """One measured quantity over time; points are pairs of seconds since 1970 and value."""

    metric: str
    unit: str | None = None
    points: tuple[tuple[float, float], ...] = ()


class Metrics(ApiModel):
    """The measurements of a sandbox from one time to another, in steps."""

    sandbox_id: str
    from_: str = Field(alias="from")
    to: str
    step: str
    series: tuple[Series, ...] = ()


class ConnectToken(ApiModel):
    """A token for the runtime of one sandbox, valid for some seconds."""

    token: str = Field(repr=False)
    expires_in: int


_parse_metrics = build_parser(Metrics)
_parse_token = build_parser(ConnectToken)


class Sandboxes(NamedCollection[Sandbox]):
    """The requests for the sandboxes of one project."""

    noun = "sandbox"
    path = "sandboxes"

    def __init__(self, transport: "Transport", *, clock: Clock) -> None:
        super().__init__(
            transport, clock=clock, parse_object=build_parser(Sandbox), parse_page=build_parser(Page[Sandbox])
        )

    async def fork(self, source_id: str, name: str) -> Sandbox:
        """Return the new sandbox, a fork of the source as it is now; if the outcome is unknown, as `create`."""
        return await self._create_named(self._path(source_id, "fork"), {"name": name})

    async def set_timeout(self, id: str, body: Mapping[str, Any]) -> Sandbox:
        """Return the sandbox with its expiration changed; a field that the body leaves out stays as it is."""
        return await self._send("PUT", self._path(id, "timeout"), body)

    async def keepalive(self, id: str) -> Sandbox:
        """Return the sandbox, whose idle timeout starts again; the request is idempotent."""

        async def send() -> Sandbox:
            return await self._send("POST", self._path(id, "keepalive"), {})

        return await perform_or_confirm(send, send, clock=self._clock)

    def lifetime_elapsed(self, sandbox: Sandbox) -> int:
        """Return the seconds that have elapsed of the sandbox's lifetime, by the server's clock."""
        started_at = parse_timestamp(sandbox.created_at)
        end = parse_timestamp(sandbox.hard_expires_at)
        if end is not None and sandbox.max_lifetime_seconds:
            # the lifetime of a sandbox that was resumed after its end started again
            started_at = end - sandbox.max_lifetime_seconds
        return 0 if started_at is None else max(0, math.ceil(self._transport.server_clock.now() - started_at))

    @override
    async def list(
        self, *, name: str | None = None, status: str | None = None, labels: Mapping[str, str] | None = None
    ) -> tuple[Sandbox, ...]:
        """Return every sandbox whose name contains `name`, whose phase is `status` and that has all the labels."""
        desired = labels or {}
        filters = [f"{key}={value}" for key, value in desired.items()]
        listed = await list_all(
            lambda number: self._read_page(self._root, number, name=name, status=status, label=filters)
        )
        # an API that has no labels ignores the filter
        return tuple(item for item in listed if desired.items() <= (item.labels or {}).items())

    async def metrics(
        self, id: str, *, from_: str | None = None, to: str | None = None, step: str | None = None
    ) -> Metrics:
        """Return the measurements between two RFC 3339 times, in steps such as `60s`; of the last hour by default."""
        params = {"from": from_, "to": to, "step": step}
        return await self._transport.request("GET", self._path(id, "metrics"), parse=_parse_metrics, params=params)

    async def read_audit_page(self, id: str, *, from_: str, cursor: str | None, limit: int) -> AuditPage:
        """Return a page of the events since an RFC 3339 time, the newest first."""
        params = {"from": from_, "cursor": cursor, "limit": limit}
        return await self._transport.request("GET", self._path(id, "audit"), parse=parse_audit_page, params=params)

    async def create_connect_token(self, id: str) -> ConnectToken:
        """Return a new token for the sandbox's runtime; the request is idempotent."""

        async def send() -> ConnectToken:
            path = self._path(id, "connect-token")
            return await self._transport.request("POST", path, parse=_parse_token, json={})

        return await perform_or_confirm(send, send, clock=self._clock)

    @override
    def _phase(self, item: Sandbox) -> str:
        return item.phase

    @override
    def _matches_request(self, item: Sandbox, body: Mapping[str, Any]) -> bool:
        size = item.resources or Resources()
        shown = {
            "sandbox_template_id": item.sandbox_template_id,
            "image": item.image,
            "region": item.region,
            **{f"resources.{name}": getattr(size, name) for name in Resources.model_fields},
        }
        desired = {**body, **{f"resources.{name}": value for name, value in (body.get("resources") or {}).items()}}
        if item.labels is not None and not (body.get("labels") or {}).items() <= item.labels.items():
            return False
        return all(desired.get(name) in (None, value) for name, value in shown.items() if value is not None)
