"""Snapshots: what the API says of them, and the calls for their paths."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from neev_provider.client.http.idempotency import create_or_adopt
from neev_provider.client.http.pagination import PAGE_SIZE, list_all
from neev_provider.client.models import ApiObject, Page, build_parser, ignore_body
from neev_provider.client.polling.batch_reader import BatchReader
from neev_provider.client.polling.shared_poller import SharedPoller
from neev_provider.core.clock import Clock
from neev_provider.core.errors import NotFound

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport


class Snapshot(ApiObject):
    """A snapshot as the API shows it; times are kept as they were sent."""

    sandbox_id: str
    status: str
    name: str | None = None
    org_id: str | None = None
    project_id: str | None = None
    snapshot_type: str | None = None
    source_region: str | None = None
    size_bytes: int | None = None
    error_message: str | None = None
    expires_at: str | None = None
    created_by: str | None = None
    sandbox_format_version: int | None = None
    restorability: str | None = None
    build_descriptor: Mapping[str, Any] | None = None
    created_at: str | None = None
    updated_at: str | None = None


_parse_snapshot = build_parser(Snapshot)
_parse_page = build_parser(Page[Snapshot])


class Snapshots:
    """The calls for snapshots of one project."""

    def __init__(self, transport: "Transport", *, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._pollers: dict[str, SharedPoller[Snapshot]] = {}

    async def create(self, sandbox_id: str, *, name: str | None = None, retain_for: str | None = None) -> Snapshot:
        """Return the new snapshot, whose capture has begun; after an unclear answer, the one that was made.

        Raises:
            OutcomeUnknown: it could not be found out. A snapshot without a name cannot be looked for.
        """
        body = {key: value for key, value in (("name", name), ("retain_for", retain_for)) if value is not None}

        async def make() -> Snapshot:
            return await self._transport.request(
                "POST", self._collection_path(sandbox_id), parse=_parse_snapshot, json=body
            )

        async def candidates() -> Iterable[Snapshot]:
            return [each for each in await self.list(sandbox_id) if each.name == name]

        if name is None:
            return await make()
        return await create_or_adopt(
            make,
            candidates,
            subject=f"the snapshot {name}",
            clock=self._clock,
            server_clock=self._transport.server_clock,
        )

    async def get(self, id: str) -> Snapshot:
        """Return the snapshot."""
        return await self._transport.request("GET", self._path(id), parse=_parse_snapshot)

    async def list(self, sandbox_id: str) -> tuple[Snapshot, ...]:
        """Return every snapshot of a sandbox."""
        return await list_all(lambda number: self._read_page(sandbox_id, number))

    async def delete(self, id: str) -> None:
        """Return once the snapshot is deleted, or is gone already."""
        try:
            await self._transport.request("DELETE", self._path(id), parse=ignore_body)
        except NotFound:
            return

    async def observe(self, id: str, sandbox_id: str, max_delay: float) -> Snapshot | None:
        """Return the snapshot as seen at most about `within` seconds from now; None when it is gone."""
        watcher = self._pollers.setdefault(sandbox_id, self._new_poller(sandbox_id))
        try:
            return await watcher.observe(id, max_delay)
        finally:
            if watcher.is_idle and self._pollers.get(sandbox_id) is watcher:
                del self._pollers[sandbox_id]

    async def aclose(self) -> None:
        """End every observation."""
        for watcher in list(self._pollers.values()):
            await watcher.aclose()

    def _new_poller(self, sandbox_id: str) -> SharedPoller[Snapshot]:
        """Return a watcher of the snapshots of one sandbox."""

        async def read_page(number: int) -> Page[Snapshot]:
            try:
                return await self._read_page(sandbox_id, number)
            except NotFound:
                # With a sandbox go its snapshots.
                return Page(items=(), total=0)

        return SharedPoller(BatchReader(read_one=self.get, read_page=read_page), clock=self._clock)

    async def _read_page(self, sandbox_id: str, number: int) -> Page[Snapshot]:
        """Return one page of a sandbox's list."""
        params = {"page": number, "limit": PAGE_SIZE}
        return await self._transport.request("GET", self._collection_path(sandbox_id), parse=_parse_page, params=params)

    def _path(self, id: str) -> str:
        """Return the path of a snapshot."""
        return f"{self._transport.project}/snapshots/{quote(id, safe='')}"

    def _collection_path(self, sandbox_id: str) -> str:
        """Return the path of a sandbox's snapshots."""
        return f"{self._transport.project}/sandboxes/{quote(sandbox_id, safe='')}/snapshots"
