"""How few requests one look at many items takes, and when an item counts as gone."""

from collections.abc import Collection

import pytest

from neev_provider.client.models import ApiObject, Page
from neev_provider.client.polling.batch_reader import BatchReader, BatchResult
from neev_provider.core import errors


class ScriptedList:
    """A list of items in pages of three, with a sweeper that looks at it and a note of every request."""

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
        """Return what a sweep saw; its requests are in `requests`."""
        self.requests.clear()
        sighting = await self.reader.read(ids, confirm=ids if confirm else ())
        self.requests.sort(key=str)
        return sighting


async def test_one_item_is_read_by_itself() -> None:
    collection = ScriptedList("a", "b")
    assert (await collection.read("a")).items == {"a": ApiObject(id="a")}
    assert collection.requests == ["a"]


async def test_several_items_are_read_from_one_page() -> None:
    collection = ScriptedList("a", "b", "c")
    assert set((await collection.read("abc")).items) == set("abc")
    assert collection.requests == [1]


async def test_items_that_nobody_requested_are_returned_apart() -> None:
    result = await ScriptedList("a", "b", "c").read("ab")
    assert (set(result.items), set(result.others)) == (set("ab"), {"c"})


async def test_further_pages_are_read_only_while_something_is_missing() -> None:
    collection = ScriptedList(*"abcdefghi")
    assert set((await collection.read("abefhi")).items) == set("abefhi")
    assert collection.requests == [1, 2, 3]
    assert set((await collection.read("abc")).items) == set("abc")
    assert collection.requests == [1]


async def test_the_pages_that_showed_the_items_last_are_read_first() -> None:
    collection = ScriptedList(*"abcdefghi")
    await collection.read("abcdefghi")
    assert set((await collection.read("ghi")).items) == set("ghi")
    assert collection.requests == [3]


async def test_few_items_on_as_many_pages_are_read_by_themselves() -> None:
    collection = ScriptedList(*"abcdefghi")
    await collection.read("abcdefghi")
    await collection.read("ad")
    assert collection.requests == ["a", "d"]


async def test_a_few_missing_ones_are_read_by_themselves_rather_than_all_other_pages() -> None:
    collection = ScriptedList(*"abcdefghijkl")
    assert set((await collection.read("abl")).items) == set("abl")
    assert collection.requests == [1, "l"]


async def test_newcomers_are_looked_for_where_the_last_one_appeared() -> None:
    collection = ScriptedList(*"abcdef")
    await collection.read("abcdef")
    collection.ids += ["x", "y"]
    await collection.read("abcdefxy")
    collection.ids.append("z")
    await collection.read("xyz")
    assert collection.requests == [3]


async def test_an_item_that_moved_to_another_page_is_found_there() -> None:
    collection = ScriptedList(*"abcdef")
    await collection.read("abcdef")
    collection.ids.insert(0, "x")
    assert set((await collection.read("abc")).items) == set("abc")
    assert collection.requests == [1, "c"]


async def test_pages_that_the_list_no_longer_has_are_not_read() -> None:
    collection = ScriptedList(*"abcdefghi")
    await collection.read("abcdefghi")
    del collection.ids[3:]
    await collection.read("abcdefghi", confirm=False)
    await collection.read("abc")
    assert collection.requests == [1]
    assert set(collection.reader._ids_by_page) == {1}


async def test_an_item_whose_own_request_says_so_is_gone() -> None:
    assert (await ScriptedList("a").read("x")).gone_ids == {"x"}


async def test_an_item_that_a_whole_list_lacks_is_gone_for_those_who_need_no_proof() -> None:
    collection = ScriptedList("a", "b")
    sighting = await collection.read("axy", confirm=False)
    assert (set(sighting.items), sighting.gone_ids) == ({"a"}, {"x", "y"})
    assert collection.requests == [1]


async def test_for_those_who_do_it_is_read_by_itself_first() -> None:
    collection = ScriptedList("a", "b", "c")
    collection.hidden, collection.wrong_total = {"c"}, -1
    sighting = await collection.read("acx")
    assert (set(sighting.items), sighting.gone_ids) == ({"a", "c"}, {"x"})
    assert collection.requests == [1, "c", "x"]


async def test_a_list_that_does_not_add_up_proves_nothing_gone() -> None:
    collection = ScriptedList(*"abcd", limit=10)
    collection.hidden = {"c", "d"}
    sighting = await collection.read("acd", confirm=False)
    assert (set(sighting.items), sighting.gone_ids) == ({"a", "c"}, set())
    assert collection.requests == [1, "c"]


async def test_yet_it_keeps_no_reader_waiting() -> None:
    collection = ScriptedList(*"abcd", limit=10)
    collection.hidden = {"c", "d"}
    sighting = await collection.read("acdx")
    assert (set(sighting.items), sighting.gone_ids) == (set("acd"), {"x"})


async def test_an_item_whose_own_request_fails_is_neither_found_nor_gone() -> None:
    collection, busy = ScriptedList("a"), errors.Unavailable(503)
    collection.errors["a"] = busy
    sighting = await collection.read("a")
    assert (sighting.items, sighting.gone_ids, sighting.errors) == ({}, set(), {"a": busy})


async def test_a_page_that_fails_fails_the_sweep() -> None:
    collection = ScriptedList(*"abc")
    collection.errors[1] = errors.Unavailable(503)
    with pytest.raises(errors.Unavailable):
        await collection.read("abc")


async def test_an_empty_list_shows_that_all_are_gone() -> None:
    assert (await ScriptedList().read("abc", confirm=False)).gone_ids == set("abc")
