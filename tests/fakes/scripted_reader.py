"""A batch reader that needs no API, for tests of the shared poller."""

from collections.abc import Collection

from tests.fakes.virtual_time import VirtualClock

from neev_provider.client.models import ApiObject, Page
from neev_provider.client.polling.batch_reader import BatchReader, BatchResult
from neev_provider.client.polling.shared_poller import SharedPoller
from neev_provider.core import errors
from neev_provider.core.wait import current_retry_listener, wait_before_send


class ScriptedReader(BatchReader[ApiObject]):
    """A reader that finds every id except the deleted and failing ones, and records each sweep."""

    def __init__(self, *, latency: float = 0.0) -> None:
        super().__init__(read_one=self._unused, read_page=self._unused_page)
        self.clock = VirtualClock()
        self.latency = latency
        self.reads: list[tuple[float, set[str], set[str]]] = []
        self.deleted_ids: set[str] = set()
        self.failing_ids: dict[str, errors.NeevError] = {}
        self.error: Exception | None = None
        self.retry_reason: str | None = None
        """The reason for a retry during a sweep."""

    async def _unused(self, id: str) -> ApiObject:
        raise NotImplementedError(id)

    async def _unused_page(self, number: int) -> Page[ApiObject]:
        raise NotImplementedError(number)

    async def read(self, ids: Collection[str], *, confirm: Collection[str] = ()) -> BatchResult[ApiObject]:
        self.reads.append((round(self.clock.monotonic(), 3), set(ids), set(confirm)))
        await wait_before_send(lambda: self.clock.sleep(self.latency / 2), action="GET /items", last_status="nothing")
        if self.retry_reason is not None:
            current_retry_listener()(self.retry_reason)
        await self.clock.sleep(self.latency / 2)
        if self.error is not None:
            raise self.error
        found = {id: ApiObject(id=id) for id in set(ids) - self.deleted_ids - self.failing_ids.keys()}
        return BatchResult(items=found, gone_ids=self.deleted_ids & set(ids), errors=self.failing_ids)

    @property
    def read_times(self) -> list[float]:
        return [time for time, _, _ in self.reads]


def new_poller(reader: ScriptedReader) -> SharedPoller[ApiObject]:
    return SharedPoller(reader, clock=reader.clock)
