"""Batch reads: many items of a list in as few requests as possible."""

from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from neev_provider.client.http.pagination import PageReader, is_consistent, last_page_number
from neev_provider.client.models import ApiObject, Page
from neev_provider.core.errors import NeevError, NotFound
from neev_provider.core.tasks import gather_all

ItemT = TypeVar("ItemT", bound=ApiObject)
ItemReader = Callable[[str], Coroutine[Any, Any, ItemT]]


@dataclass
class BatchResult(Generic[ItemT]):
    """The result of a batch read: items, ids that are certainly gone, and ids whose own request failed."""

    items: dict[str, ItemT] = field(default_factory=dict)
    others: dict[str, ItemT] = field(default_factory=dict)
    """Items that nobody requested, on the pages that were read."""
    gone_ids: set[str] = field(default_factory=set)
    errors: dict[str, NeevError] = field(default_factory=dict)

    def unresolved(self, ids: Collection[str]) -> set[str]:
        """Return the ids without a result."""
        return set(ids) - self.items.keys() - self.gone_ids - self.errors.keys()


class BatchReader(Generic[ItemT]):
    """Reads many items: one by one or through their list, whichever takes fewer requests.

    It stores which items each page contained, so a list with many unrelated items takes no more requests.
    """

    def __init__(self, *, read_one: ItemReader[ItemT], read_page: PageReader[ItemT]) -> None:
        self._read_one = read_one
        self._read_page = read_page
        self._ids_by_page: dict[int, frozenset[str]] = {}
        self._newest_page = 1
        """The page on which the last new item appeared."""

    async def read(self, ids: Collection[str], *, confirm: Collection[str] = ()) -> BatchResult[ItemT]:
        """Return the items of the ids.

        Ids that a whole list lacks are gone; those in `confirm` are requested one by one before they count as gone.
        """
        sighting: BatchResult[ItemT] = BatchResult()
        pages = self._likely_pages(ids)
        if len(ids) <= len(pages):
            await self._read_each(ids, sighting)
            return sighting
        read = await self._read_pages(pages, ids, sighting)
        rest = set(range(1, max(map(last_page_number, read)) + 1)) - pages
        if len(sighting.unresolved(ids)) > len(rest) > 0:
            read += await self._read_pages(rest, ids, sighting)
            rest = set()
        missing = sighting.unresolved(ids)
        if rest:
            await self._read_each(missing, sighting)
        elif is_consistent(read):
            sighting.gone_ids = missing - set(confirm)
            await self._read_each(missing & set(confirm), sighting)
        else:
            # A list that is never consistent must not block: some ids are requested one by one, `confirm` first.
            others = sorted(missing - set(confirm))[: len(read)]
            await self._read_each({*missing & set(confirm), *others}, sighting)
        return sighting

    def _likely_pages(self, ids: Collection[str]) -> set[int]:
        """Return the pages that last contained the ids; a new item is expected where the previous new item appeared."""
        pages = {number for number, shown in self._ids_by_page.items() if not shown.isdisjoint(ids)}
        known = frozenset().union(*self._ids_by_page.values())
        return pages if known.issuperset(ids) else pages | {self._newest_page}

    async def _read_pages(
        self, numbers: Collection[int], ids: Collection[str], result: BatchResult[ItemT]
    ) -> list[Page[ItemT]]:
        """Read the pages and record the items on them; return the pages."""
        expected = set(ids)
        known = frozenset().union(*self._ids_by_page.values())
        numbers = sorted(numbers)
        pages = await gather_all(self._read_page(number) for number in numbers)
        for number, page in zip(numbers, pages, strict=True):
            items = {item.id: item for item in page.items}
            for id, item in items.items():
                (result.items if id in expected else result.others)[id] = item
            self._ids_by_page[number] = frozenset(items)
            if expected & items.keys() - known:
                self._newest_page = number
        last = max(map(last_page_number, pages))
        self._ids_by_page = {number: shown for number, shown in self._ids_by_page.items() if number <= last}
        self._newest_page = min(self._newest_page, last)
        return pages

    async def _read_each(self, ids: Collection[str], result: BatchResult[ItemT]) -> None:
        """Record the response to each id's own request."""

        async def look(id: str) -> None:
            try:
                result.items[id] = await self._read_one(id)
            except NotFound:
                result.gone_ids.add(id)
            except NeevError as error:
                result.errors[id] = error

        await gather_all(look(id) for id in ids)
