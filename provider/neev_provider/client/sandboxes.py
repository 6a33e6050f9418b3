"""Sandboxes: what the API says of them, and the calls for their paths."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import Field

from neev_provider.client.http.idempotency import create_or_adopt, perform_or_confirm
from neev_provider.client.http.pagination import PAGE_SIZE, list_all
from neev_provider.client.models import ApiModel, ApiObject, Page, build_parser, ignore_body, parse_timestamp
from neev_provider.client.polling.batch_reader import BatchReader
from neev_provider.client.polling.shared_poller import SharedPoller
from neev_provider.core.clock import Clock
from neev_provider.core.errors import NotFound

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport


class Resources(ApiModel):
    """The size of a sandbox; None where the platform's default applies."""

    cpu: float | None = None
    memory_gb: float | None = None
    disk_gb: float | None = None
    rootfs_disk_gb: float | None = None


class LastCrash(ApiModel):
    """How a sandbox stopped the last time it did so by itself."""

    reason: str
    at: str | None = None
    storage_reset: bool | None = None


class Sandbox(ApiObject):
    """A sandbox as the API shows it; times are kept as they were sent."""

    name: str
    phase: str
    region: str | None = None
    image: str | None = None
    command: tuple[str, ...] | None = None
    resources: Resources | None = None
    addressable: bool | None = None
    connect_url: str | None = None
    replicas: int | None = None
    egress: Mapping[str, Any] | None = None
    sandbox_template_id: str | None = None
    org_id: str | None = None
    project_id: str | None = None
    created_by: str | None = None
    last_crash: LastCrash | None = None
    created_at: str | None = None
    updated_at: str | None = None
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
    """What was measured in a sandbox, and over which window in which steps."""

    sandbox_id: str
    from_: str = Field(alias="from")
    to: str
    step: str
    series: tuple[Series, ...] = ()


_parse_sandbox = build_parser(Sandbox)
_parse_page = build_parser(Page[Sandbox])
_parse_metrics = build_parser(Metrics)


class Sandboxes:
    """The calls for sandboxes of one project."""

    def __init__(self, transport: "Transport", *, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._root = f"{transport.project}/sandboxes"
        self._poller = SharedPoller(BatchReader(read_one=self.get, read_page=self._read_page), clock=clock)

    async def create(self, body: Mapping[str, Any]) -> Sandbox:
        """Return the new sandbox; after an unclear answer, the one that turns out to have been made.

        Raises:
            OutcomeUnknown: it could not be found out. A sandbox without a name cannot be looked for.
        """
        return await self._create(self._root, dict(body), matches=lambda found: _matches_request(found, body))

    async def fork(self, source_id: str, name: str) -> Sandbox:
        """Return the new sandbox, a copy of the source as it is now; after an unclear answer as `create`."""
        return await self._create(self._path(source_id, "fork"), {"name": name}, matches=lambda _found: True)

    async def get(self, id_or_name: str) -> Sandbox:
        """Return the sandbox."""
        return await self._transport.request("GET", self._path(id_or_name), parse=_parse_sandbox)

    async def find(self, name: str) -> Sandbox | None:
        """Return the sandbox with exactly this name, or None."""
        try:
            found = await self.get(name)
        except NotFound:
            return None
        return found if found.name == name else None

    async def find_created(self, body: Mapping[str, Any]) -> Sandbox | None:
        """Return what a create with this body made, as far as its name and what it shows tell, or None."""
        found = await self.find(str(body["name"]))
        return found if found is not None and _matches_request(found, body) else None

    async def patch(self, id: str, body: Mapping[str, Any]) -> Sandbox:
        """Return the sandbox with its size or egress changed in place."""
        return await self._transport.request("PATCH", self._path(id), parse=_parse_sandbox, json=dict(body))

    async def set_timeout(self, id: str, body: Mapping[str, Any]) -> Sandbox:
        """Return the sandbox with its windows changed; a window that the body leaves out stays as it is."""
        return await self._transport.request("PUT", self._path(id, "timeout"), parse=_parse_sandbox, json=dict(body))

    async def keepalive(self, id: str) -> Sandbox:
        """Return the sandbox with its idle window counting anew; to ask twice does no harm."""

        async def act() -> Sandbox:
            return await self._transport.request("POST", self._path(id, "keepalive"), parse=_parse_sandbox, json={})

        return await perform_or_confirm(act, act, clock=self._clock)

    def lifetime_elapsed(self, sandbox: Sandbox) -> int:
        """Return for how many seconds the lifetime of the sandbox has counted by now, by the server's clock."""
        now, began, end = (
            self._transport.server_clock.now(),
            parse_timestamp(sandbox.created_at),
            parse_timestamp(sandbox.hard_expires_at),
        )
        if end is not None and sandbox.max_lifetime_seconds:
            # one that was resumed after its end began to count again
            began = end - sandbox.max_lifetime_seconds
        return 0 if began is None else max(0, math.ceil(now - began))

    async def pause(self, id: str) -> Sandbox:
        """Return the sandbox, on its way to Paused."""
        return await self._transition(self._path(id, "pause"), id, target_phases=("Pausing", "Paused"))

    async def resume(self, id: str) -> Sandbox:
        """Return the sandbox, on its way to Ready."""
        return await self._transition(self._path(id, "resume"), id, target_phases=("Resuming", "Ready"))

    async def rollback(self, id: str, snapshot_id: str) -> Sandbox:
        """Return the sandbox, on its way back to the snapshot.

        After an unclear answer nothing tells a sandbox that was rolled back from one that was not: that is an error.
        """
        body = {"snapshot_id": snapshot_id}
        return await self._transport.request("POST", self._path(id, "rollback"), parse=_parse_sandbox, json=body)

    async def delete(self, id: str) -> None:
        """Return once the sandbox is being deleted, or is gone already."""
        try:
            await self._transport.request("DELETE", self._path(id), parse=ignore_body)
        except NotFound:
            return

    async def list(self, *, name: str | None = None, status: str | None = None) -> tuple[Sandbox, ...]:
        """Return every sandbox whose name contains `name` and whose phase is `status`."""
        return await list_all(lambda number: self._read_page(number, name=name, status=status))

    async def metrics(
        self, id: str, *, from_: str | None = None, to: str | None = None, step: str | None = None
    ) -> Metrics:
        """Return what was measured in the window (RFC 3339 times), in steps such as `60s`; the last hour by default."""
        params = {"from": from_, "to": to, "step": step}
        return await self._transport.request("GET", self._path(id, "metrics"), parse=_parse_metrics, params=params)

    async def observe(self, id: str, max_delay: float) -> Sandbox | None:
        """Return the sandbox as seen at most about `within` seconds from now; None when it is gone."""
        return await self._poller.observe(id, max_delay)

    async def observe_gone(self, id: str, max_delay: float) -> bool:
        """Return whether the sandbox is gone, as seen at most about `within` seconds from now."""
        return await self._poller.observe_gone(id, max_delay)

    async def aclose(self) -> None:
        """End every observation."""
        await self._poller.aclose()

    async def _transition(self, path: str, id: str, *, target_phases: Collection[str]) -> Sandbox:
        """Return the sandbox once it is on its way to where one POST moves it; after an unclear answer, look."""

        async def act() -> Sandbox:
            return await self._transport.request("POST", path, parse=_parse_sandbox, json={})

        async def look() -> Sandbox | None:
            found = await self.get(id)
            return found if found.phase in target_phases else None

        return await perform_or_confirm(act, look, clock=self._clock)

    async def _create(self, path: str, body: Mapping[str, Any], *, matches: Callable[[Sandbox], bool]) -> Sandbox:
        """Return the sandbox that one POST makes, whatever became of its answer."""

        async def make() -> Sandbox:
            return await self._transport.request("POST", path, parse=_parse_sandbox, json=body)

        async def candidates() -> Iterable[Sandbox]:
            found = await self.find(name)
            return [] if found is None else [found]

        if "name" not in body:
            return await make()
        name = str(body["name"])
        return await create_or_adopt(
            make,
            candidates,
            subject=f"the sandbox {name}",
            clock=self._clock,
            server_clock=self._transport.server_clock,
            matches=matches,
        )

    async def _read_page(self, number: int, *, name: str | None = None, status: str | None = None) -> Page[Sandbox]:
        """Return one page of the list."""
        params = {"page": number, "limit": PAGE_SIZE, "name": name, "status": status}
        return await self._transport.request("GET", self._root, parse=_parse_page, params=params)

    def _path(self, id: str, *rest: str) -> str:
        """Return the path of a sandbox, or of something below it."""
        return "/".join((self._root, quote(id, safe=""), *rest))


def _matches_request(sandbox: Sandbox, body: Mapping[str, Any]) -> bool:
    """Return whether a sandbox shows what the body of a create asked for, as far as the API tells."""
    size = sandbox.resources or Resources()
    shown = {
        "sandbox_template_id": sandbox.sandbox_template_id,
        "image": sandbox.image,
        "region": sandbox.region,
        **{f"resources.{name}": getattr(size, name) for name in Resources.model_fields},
    }
    asked = {**body, **{f"resources.{name}": value for name, value in (body.get("resources") or {}).items()}}
    return all(asked.get(name) in (None, value) for name, value in shown.items() if value is not None)
