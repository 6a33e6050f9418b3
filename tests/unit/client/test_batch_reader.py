"""The requests of one batch read of many items, and when an item counts as deleted."""

from collections.abc import Collection

import pytest

from neev_provider.client.models import ApiObject, Page
from neev_provider.client.polling.batch_reader import BatchReader, BatchResult
from neev_provider.core import errors


class ScriptedList:
    """A list of items in pages of three, with a batch reader for it and a record of every request."""

    def __init__(self, *ids: str, limit: int = 3) -> None:
        self.ids = list(ids)
        self.limit = limit
        self.wrong_total = 0
        self.hidden: set[str] = set()
        self.errors: dict[str | int, errors.NeevError] = {}
        self.requests: list[str | int] = []
        self.reader: BatchReader[ApiObject] = BatchReader(read_one=self.read_one, read_page=self.read_page)

    async def read_one(self, id: str) -> ApiObject:
        self._record(id)
        if id not in self.ids:
            raise errors.NotFound(404)
        return ApiObject(id=id)

    async def read_page(self, number: int) -> Page[ApiObject]:
        self._record(number)
        shown = self.ids[(number - 1) * self.limit : number * self.limit]
        items = tuple(ApiObject(id=id) for id in shown if id not in self.hidden)
        return Page(items=items, total=len(self.ids) + self.wrong_total, page=number, limit=self.limit)

    def _record(self, what: str | int) -> None:
        self.requests.append(what)
        if what in self.errors:
            raise self.errors[what]

    async def read(self, ids: Collection[str], *, confirm: bool = True) -> BatchResult[ApiObject]:
        """Return the result of one batch read; its requests are in `requests`."""
        self.requests.clear()
        result = await self.reader.read(ids, confirm=ids if confirm else ())
        self.requests.sort(key=str)
        return result


async def test_a_single_item_is_read_with_its_own_request() -> None:
    collection = ScriptedList("a", "b")
    assert (await collection.read("a")).items == {"a": ApiObject(id="a")}
    assert collection.requests == ["a"]


async def test_several_items_are_read_from_one_page() -> None:
    collection = ScriptedList("a", "b", "c")
    assert set((await collection.read("abc")).items) == set("abc")
    assert collection.requests == [1]


async def test_items_that_were_not_requested_are_returned_separately() -> None:
    result = await ScriptedList("a", "b", "c").read("ab")
    assert (set(result.items), set(result.others)) == (set("ab"), {"c"})


async def test_further_pages_are_read_only_if_an_item_is_still_missing() -> None:
    collection = ScriptedList(*"abcdefghi")
    assert set((await collection.read("abefhi")).items) == set("abefhi")
    assert collection.requests == [1, 2, 3]
    assert set((await collection.read("abc")).items) == set("abc")
    assert collection.requests == [1]


async def test_the_pages_that_last_listed_the_items_are_read_first() -> None:
    collection = ScriptedList(*"abcdefghi")
    await collection.read("abcdefghi")
    assert set((await collection.read("ghi")).items) == set("ghi")
    assert collection.requests == [3]


async def test_items_on_separate_pages_are_read_with_their_own_requests() -> None:
    collection = ScriptedList(*"abcdefghi")
    await collection.read("abcdefghi")
    await collection.read("ad")
    assert collection.requests == ["a", "d"]


async def test_a_few_missing_items_are_read_with_their_own_requests() -> None:
    collection = ScriptedList(*"abcdefghijkl")
    assert set((await collection.read("abl")).items) == set("abl")
    assert collection.requests == [1, "l"]


async def test_new_items_are_searched_on_the_page_of_the_latest_new_item() -> None:
    collection = ScriptedList(*"abcdef")
    await collection.read("abcdef")
    collection.ids += ["x", "y"]
    await collection.read("abcdefxy")
    collection.ids.append("z")
    await collection.read("xyz")
    assert collection.requests == [3]


async def test_an_item_that_moved_to_another_page_is_found() -> None:
    collection = ScriptedList(*"abcdef")
    await collection.read("abcdef")
    collection.ids.insert(0, "x")
    assert set((await collection.read("abc")).items) == set("abc")
    assert collection.requests == [1, "c"]


async def test_pages_beyond_the_end_of_a_shortened_list_are_not_read() -> None:
    collection = ScriptedList(*"abcdefghi")
    await collection.read("abcdefghi")
    del collection.ids[3:]
    await collection.read("abcdefghi", confirm=False)
    await collection.read("abc")
    assert collection.requests == [1]
    assert set(collection.reader._ids_by_page) == {1}


async def test_an_item_whose_own_request_returns_404_is_gone() -> None:
    assert (await ScriptedList("a").read("x")).gone_ids == {"x"}


async def test_an_item_missing_from_a_complete_list_is_gone_if_confirm_is_false() -> None:
    collection = ScriptedList("a", "b")
    result = await collection.read("axy", confirm=False)
    assert (set(result.items), result.gone_ids) == ({"a"}, {"x", "y"})
    assert collection.requests == [1]


async def test_an_item_missing_from_a_list_is_read_to_confirm_that_it_is_gone() -> None:
    collection = ScriptedList("a", "b", "c")
    collection.hidden, collection.wrong_total = {"c"}, -1
    result = await collection.read("acx")
    assert (set(result.items), result.gone_ids) == ({"a", "c"}, {"x"})
    assert collection.requests == [1, "c", "x"]


async def test_an_incomplete_list_does_not_mark_missing_items_as_gone() -> None:
    collection = ScriptedList(*"abcd", limit=10)
    collection.hidden = {"c", "d"}
    result = await collection.read("acd", confirm=False)
    assert (set(result.items), result.gone_ids) == ({"a", "c"}, set())
    assert collection.requests == [1, "c"]


async def test_items_missing_from_an_incomplete_list_are_read_with_their_own_requests() -> None:
    collection = ScriptedList(*"abcd", limit=10)
    collection.hidden = {"c", "d"}
    result = await collection.read("acdx")
    assert (set(result.items), result.gone_ids) == (set("acd"), {"x"})


async def test_an_item_whose_own_request_fails_is_returned_as_an_error() -> None:
    collection, busy = ScriptedList("a"), errors.Unavailable(503)
    collection.errors["a"] = busy
    result = await collection.read("a")
    assert (result.items, result.gone_ids, result.errors) == ({}, set(), {"a": busy})


async def test_a_failed_page_request_fails_the_batch_read() -> None:
    collection = ScriptedList(*"abc")
    collection.errors[1] = errors.Unavailable(503)
    with pytest.raises(errors.Unavailable):
        await collection.read("abc")


async def test_all_items_are_gone_if_the_list_is_empty() -> None:
    assert (await ScriptedList().read("abc", confirm=False)).gone_ids == set("abc")
