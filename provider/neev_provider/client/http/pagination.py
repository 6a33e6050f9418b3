"""Lists in pages."""

from collections.abc import Coroutine, Iterable
from math import ceil
from typing import Any, Protocol, TypeVar

from neev_provider.client.models import ApiObject, Page
from neev_provider.core.tasks import gather_all

ItemT = TypeVar("ItemT", bound=ApiObject)

PAGE_SIZE = 100
"""Items of a page; the API allows no more."""

MAX_LIST_ATTEMPTS = 3
"""Attempts at a consistent list before the items of all attempts are returned."""


class PageReader(Protocol[ItemT]):
    """Reads a list page by page."""

    def __call__(self, number: int, /) -> Coroutine[Any, Any, Page[ItemT]]:
        """Return the page with the number, from 1."""


async def list_all(read_page: PageReader[ItemT]) -> tuple[ItemT, ...]:
    """Return every item of a list once, as read last.

    Items that are created or deleted meanwhile move others between pages. The list is then read again.
    """
    items: dict[str, ItemT] = {}
    for _ in range(MAX_LIST_ATTEMPTS):
        pages = await list_pages(read_page)
        items |= {item.id: item for page in pages for item in page.items}
        if is_consistent(pages):
            return tuple(item for page in pages for item in page.items)
    return tuple(items.values())


async def list_pages(read_page: PageReader[ItemT]) -> list[Page[ItemT]]:
    """Return all pages; the first has the total, the others are read concurrently."""
    first = await read_page(1)
    return [first, *await gather_all(read_page(number) for number in range(2, last_page_number(first) + 1))]


def last_page_number(page: Page[Any]) -> int:
    """Return the number of the last page of the list that a page belongs to."""
    return max(1, ceil(page.total / max(1, page.limit)))


def is_consistent(pages: Iterable[Page[Any]]) -> bool:
    """Return whether the pages are the whole list: no item is missing, twice, or moved."""
    pages = list(pages)
    ids = [item.id for page in pages for item in page.items]
    return len({page.total for page in pages} | {len(ids), len(set(ids))}) == 1
