"""Snapshots: their model, and the requests for them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from neev_provider.client.collection import Collection, CreatedObject
from neev_provider.client.http.pagination import list_all
from neev_provider.client.models import Page, build_parser
from neev_provider.client.polling.batch_reader import BatchReader
from neev_provider.client.polling.shared_poller import SharedPoller
from neev_provider.core.clock import Clock
from neev_provider.core.errors import NotFound

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport


class Snapshot(CreatedObject):
    """A snapshot of the API."""

    sandbox_id: str
    status: str
    name: str | None = None
    snapshot_type: str | None = None
    source_region: str | None = None
    size_bytes: int | None = None
    error_message: str | None = None
    expires_at: str | None = None
    created_by: str | None = None
    sandbox_format_version: int | None = None
    restorability: str | None = None
    build_descriptor: Mapping[str, Any] | None = None


class Snapshots(Collection[Snapshot]):
    """The requests for the snapshots of one project; each sandbox has a list of its own."""

    noun = "snapshot"
    path = "snapshots"

    def __init__(self, transport: "Transport", *, clock: Clock) -> None:
        super().__init__(
            transport, clock=clock, parse_object=build_parser(Snapshot), parse_page=build_parser(Page[Snapshot])
        )
        self._pollers: dict[str, SharedPoller[Snapshot]] = {}

    async def create(self, sandbox_id: str, *, name: str | None = None, retain_for: str | None = None) -> Snapshot:
        """Return the new snapshot, which is being captured; if the outcome is unknown, the one that was created.

        Raises:
            OutcomeUnknown: the snapshot was not found. A snapshot without a name cannot be looked up.
        """

        async def list_candidates() -> Iterable[Snapshot]:
            return [snapshot for snapshot in await self.list(sandbox_id) if snapshot.name == name]

        body = {key: value for key, value in (("name", name), ("retain_for", retain_for)) if value is not None}
        return await self._create(self._list_path(sandbox_id), body, list_candidates)

    async def list(self, sandbox_id: str) -> tuple[Snapshot, ...]:
        """Return every snapshot of a sandbox."""
        return await list_all(lambda number: self._read_page(self._list_path(sandbox_id), number))

    async def observe(self, id: str, sandbox_id: str, max_delay: float) -> Snapshot | None:
        """Return the snapshot as read at most about `max_delay` seconds from now; None when it is gone."""
        poller = self._pollers.setdefault(sandbox_id, self._new_poller(sandbox_id))
        try:
            return await poller.observe(id, max_delay)
        finally:
            if poller.is_idle and self._pollers.get(sandbox_id) is poller:
                del self._pollers[sandbox_id]

    async def aclose(self) -> None:
        """End every observation."""
        for poller in list(self._pollers.values()):
            await poller.aclose()

    def _new_poller(self, sandbox_id: str) -> SharedPoller[Snapshot]:
        """Return a poller for the snapshots of one sandbox."""

        async def read_page(number: int) -> Page[Snapshot]:
            try:
                return await self._read_page(self._list_path(sandbox_id), number)
            except NotFound:
                # the snapshots of a sandbox are deleted with it
                return Page(items=(), total=0)

        return SharedPoller(BatchReader(read_one=self.get, read_page=read_page), clock=self._clock)

    def _list_path(self, sandbox_id: str) -> str:
        """Return the path of a sandbox's snapshots."""
        return f"{self._transport.project}/sandboxes/{quote(sandbox_id, safe='')}/snapshots"
