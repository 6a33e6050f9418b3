"""Lists with several pages that change while they are read."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.fakes.virtual_time import VirtualClock, in_virtual_time

from neev_provider.client.http.pagination import MAX_LIST_ATTEMPTS, is_consistent, last_page_number, list_all
from neev_provider.client.models import ApiObject, Page
from neev_provider.core.tasks import gather_all


def new_page(*ids: str, total: int, number: int = 1, limit: int = 2) -> Page[ApiObject]:
    return Page(items=tuple(ApiObject(id=id) for id in ids), total=total, page=number, limit=limit)


def new_scripted_list(*listings: list[str]) -> Callable[[int], Coroutine[Any, Any, Page[ApiObject]]]:
    """Return a function that reads a page of the next listing; the last listing is used from then on."""
    left = list(listings)

    async def read_page(number: int) -> Page[ApiObject]:
        ids = left.pop(0) if len(left) > 1 else left[0]
        return new_page(*ids[2 * number - 2 : 2 * number], total=len(ids), number=number)

    return read_page


async def list_ids(read_page: Callable[[int], Coroutine[Any, Any, Page[ApiObject]]]) -> list[str]:
    return [item.id for item in await list_all(read_page)]


@pytest.mark.parametrize("all_of_it", [[], ["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d", "e"]])
async def test_every_page_is_read(all_of_it: list[str]) -> None:
    assert await list_ids(new_scripted_list(all_of_it)) == all_of_it


async def test_an_item_that_moves_to_the_next_page_is_listed_once() -> None:
    assert await list_ids(new_scripted_list(["b", "c", "d"], ["a", "b", "c", "d"])) == ["a", "b", "c", "d"]


async def test_an_item_that_moves_to_a_page_already_read_is_listed() -> None:
    assert await list_ids(new_scripted_list(["a", "b", "c"], ["b", "c"])) == ["b", "c"]


async def test_an_inconsistent_list_is_retried_and_all_items_are_returned() -> None:
    read = 0

    async def read_page(_number: int) -> Page[ApiObject]:
        nonlocal read
        read += 1
        return new_page("a", str(read), total=9, limit=100)

    assert await list_ids(read_page) == ["a", *(str(number + 1) for number in range(MAX_LIST_ATTEMPTS))]
    assert read == MAX_LIST_ATTEMPTS


def test_pages_are_consistent_only_without_duplicate_or_missing_items() -> None:
    assert is_consistent([new_page("a", "b", total=3), new_page("c", total=3)])
    assert is_consistent([new_page(total=0)])
    assert not is_consistent([new_page("a", "b", total=3), new_page("b", total=3)])
    assert not is_consistent([new_page("a", "b", total=3), new_page("c", total=4)])
    assert not is_consistent([new_page("a", "b", total=3)])
    assert not is_consistent([new_page("a", "b", total=3), new_page("b", "c", total=3)])


@pytest.mark.parametrize(("total", "limit", "last"), [(0, 100, 1), (100, 100, 1), (101, 100, 2), (5, 0, 5)])
def test_the_last_page_number_is_computed_from_the_limit_of_the_response(total: int, limit: int, last: int) -> None:
    assert last_page_number(new_page(total=total, limit=limit)) == last


@in_virtual_time
async def test_gather_all_runs_concurrently_and_returns_results_in_order() -> None:
    async def after(seconds: float) -> float:
        await asyncio.sleep(seconds)
        return seconds

    assert await gather_all(after(seconds) for seconds in (3, 1, 2)) == [3, 1, 2]
    assert VirtualClock().monotonic() == pytest.approx(3)


@in_virtual_time
async def test_gather_all_cancels_the_other_tasks_before_it_raises() -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise ValueError("one")

    with pytest.raises(ValueError, match="one"):
        await gather_all([fail(), asyncio.sleep(9)])
    assert VirtualClock().monotonic() == pytest.approx(1)
    assert asyncio.all_tasks() == {asyncio.current_task()}
