"""One look at many items of a list, in as few requests as will do."""

from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from neev_provider.client.http.pagination import ReadPage, is_whole, last_page, together
from neev_provider.client.models import Item, Page
from neev_provider.core.errors import NeevError, NotFound

W = TypeVar("W", bound=Item)
ReadOne = Callable[[str], Coroutine[Any, Any, W]]


@dataclass
class Sighting(Generic[W]):
    """What a sweep saw: items, ids that are certainly gone, and ids whose own request failed."""

    found: dict[str, W] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    failed: dict[str, NeevError] = field(default_factory=dict)

    def missing(self, ids: Collection[str]) -> set[str]:
        """Return the ids of which nothing is known yet."""
        return set(ids) - self.found.keys() - self.gone - self.failed.keys()


class Sweeper(Generic[W]):
    """Looks many items up: each by itself or through their list, whichever takes fewer requests.

    It remembers what each page showed, so a list that is long with other people's items costs no more.
    """

    def __init__(self, *, read_one: ReadOne[W], read_page: ReadPage[W]) -> None:
        self._read_one = read_one
        self._read_page = read_page
        self._shown: dict[int, frozenset[str]] = {}
        self._newest = 1
        """The page that showed a newcomer last."""

    async def sweep(self, ids: Collection[str], *, prove: Collection[str] = ()) -> Sighting[W]:
        """Return what is there of the ids.

        Ids that a whole list lacks are gone; those to `prove` are asked for by themselves before they count as gone.
        """
        sighting: Sighting[W] = Sighting()
        pages = self._likely_pages(ids)
        if len(ids) <= len(pages):
            await self._each(ids, sighting)
            return sighting
        read = await self._pages(pages, ids, sighting)
        rest = set(range(1, max(map(last_page, read)) + 1)) - pages
        if len(sighting.missing(ids)) > len(rest) > 0:
            read += await self._pages(rest, ids, sighting)
            rest = set()
        missing = sighting.missing(ids)
        if rest:
            await self._each(missing, sighting)
        elif is_whole(read):
            sighting.gone = missing - set(prove)
            await self._each(missing & set(prove), sighting)
        else:
            # A list that never adds up must hold nobody up: some are asked for each time, readers before others.
            others = sorted(missing - set(prove))[: len(read)]
            await self._each({*missing & set(prove), *others}, sighting)
        return sighting

    def _likely_pages(self, ids: Collection[str]) -> set[int]:
        """Return the pages that showed the ids last; a newcomer is expected where the last one appeared."""
        pages = {number for number, shown in self._shown.items() if not shown.isdisjoint(ids)}
        known = frozenset().union(*self._shown.values())
        return pages if known.issuperset(ids) else pages | {self._newest}

    async def _pages(self, numbers: Collection[int], ids: Collection[str], sighting: Sighting[W]) -> list[Page[W]]:
        """Return the pages, having noted the wanted items on them."""
        wanted = set(ids)
        known = frozenset().union(*self._shown.values())
        numbers = sorted(numbers)
        pages = await together(self._read_page(number) for number in numbers)
        for number, page in zip(numbers, pages, strict=True):
            items = {item.id: item for item in page.items}
            sighting.found |= {id: item for id, item in items.items() if id in wanted}
            self._shown[number] = frozenset(items)
            if wanted & items.keys() - known:
                self._newest = number
        last = max(map(last_page, pages))
        self._shown = {number: shown for number, shown in self._shown.items() if number <= last}
        self._newest = min(self._newest, last)
        return pages

    async def _each(self, ids: Collection[str], sighting: Sighting[W]) -> None:
        """Note what each id's own request answers."""

        async def look(id: str) -> None:
            try:
                sighting.found[id] = await self._read_one(id)
            except NotFound:
                sighting.gone.add(id)
            except NeevError as error:
                sighting.failed[id] = error

        await together(look(id) for id in ids)
