"""The output log: the latest output by cursor, in complete characters."""

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from neev_emulator.runtime.output_log import OutputLog


def read_chunks(log: OutputLog, cursor: int = 0) -> list[tuple[str, bytes]]:
    return [(entry.stream, entry.data) for entry in log.read_page(cursor).entries]


def test_a_page_starts_at_the_cursor_of_the_previous_page() -> None:
    log = OutputLog()
    log.append("stdout", b"one")
    log.append("stderr", b"two")
    first = log.read_page(0)
    log.append("stdout", b"three")
    assert (first.cursor, first.dropped) == (2, False)
    assert read_chunks(log, first.cursor) == [("stdout", b"three")]
    assert log.read_page(99).entries == ()
    assert log.read_page(99).cursor == 3


def test_the_oldest_output_is_dropped_beyond_the_size_limit() -> None:
    log = OutputLog()
    for index in range(5):
        log.append("stdout", bytes([65 + index]) * 400_000)
    page = log.read_page(0)
    assert [entry.data[:1] for entry in page.entries] == [b"D", b"E"]
    assert (page.dropped, page.cursor) == (True, 5)
    assert not log.read_page(3).dropped


@given(text=st.text(), cuts=st.lists(st.integers(0, 100)))
def test_no_character_is_split_between_entries(text: str, cuts: list[int]) -> None:
    data, log = text.encode(), OutputLog()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        log.append("stdout", data[start:end])
    log.end()
    assert "".join(entry.data.decode() for entry in log.read_page(0).entries) == text


@given(pieces=st.lists(st.binary()))
def test_every_byte_of_the_output_is_kept(pieces: list[bytes]) -> None:
    log = OutputLog()
    for piece in pieces:
        log.append("stderr", piece)
    log.end()
    assert b"".join(entry.data for entry in log.read_page(0).entries) == b"".join(pieces)


async def test_waiting_readers_continue_at_new_output_and_at_the_end() -> None:
    log = OutputLog()
    waiting = asyncio.create_task(log.wait_for_more())
    complete = asyncio.create_task(log.wait_until_ended())
    await asyncio.sleep(0)
    log.append("stdout", b"x")
    await waiting
    assert not complete.done()
    log.end()
    await complete
