"""Lists that come in pages."""

from collections.abc import Coroutine, Iterable
from math import ceil
from typing import Any, Protocol, TypeVar

from neev_provider.client.models import ApiObject, Page
from neev_provider.core.tasks import gather_all

ItemT = TypeVar("ItemT", bound=ApiObject)

PAGE_SIZE = 100
"""The most items the API gives on a page."""

MAX_LIST_ATTEMPTS = 3
"""Readings of a list before what they saw together has to do."""


class PageReader(Protocol[ItemT]):
    """What reads a list, page by page."""

    def __call__(self, number: int, /) -> Coroutine[Any, Any, Page[ItemT]]:
        """Return the page with the number, from 1."""


async def list_all(read_page: PageReader[ItemT]) -> tuple[ItemT, ...]:
    """Return every item of a list once, as seen last.

    Items that come and go while it is read move others between pages; the list is then read again.
    """
    found: dict[str, ItemT] = {}
    for _ in range(MAX_LIST_ATTEMPTS):
        pages = await list_pages(read_page)
        found |= {item.id: item for page in pages for item in page.items}
        if is_consistent(pages):
            return tuple(item for page in pages for item in page.items)
    return tuple(found.values())


async def list_pages(read_page: PageReader[ItemT]) -> list[Page[ItemT]]:
    """Return all pages: the first tells how many there are, the others are read at the same time."""
    first = await read_page(1)
    return [first, *await gather_all(read_page(number) for number in range(2, last_page_number(first) + 1))]


def last_page_number(page: Page[Any]) -> int:
    """Return the number of the last page of the list that a page belongs to."""
    return max(1, ceil(page.total / max(1, page.limit)))


def is_consistent(pages: Iterable[Page[Any]]) -> bool:
    """Return whether the pages certainly are the whole list: nothing twice, nothing missing, nothing moved."""
    pages = list(pages)
    ids = [item.id for page in pages for item in page.items]
    return len({page.total for page in pages} | {len(ids), len(set(ids))}) == 1
