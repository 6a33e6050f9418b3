"""The output of a supervised process: the latest of it, by position."""

import asyncio
import codecs
from collections import deque
from dataclasses import dataclass

_KEPT_BYTES = 1 << 20


@dataclass(frozen=True)
class Entry:
    """A piece of output. A character is never split over two."""

    stream: str
    data: bytes


@dataclass(frozen=True)
class Page:
    """Entries from a position on, the position after them, and whether older ones were asked for and are lost."""

    entries: tuple[Entry, ...]
    cursor: int
    dropped: bool


class Log:
    """What a process wrote, at most the last MiB of it; readers can wait for more."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self._first = 0
        self._bytes = 0
        self._news = asyncio.Event()
        self._partial = {"stdout": b"", "stderr": b""}
        self.ended = False

    def append(self, stream: str, data: bytes) -> None:
        """The data is part of the log, but for a character at its end that is not complete yet."""
        data = self._partial[stream] + data
        whole = len(data) - _incomplete(data)
        self._partial[stream] = data[whole:]
        self._add(stream, data[:whole])

    def end(self) -> None:
        """Nothing more will come."""
        for stream, rest in self._partial.items():
            self._add(stream, rest)
        self.ended = True
        self._announce()

    def page(self, cursor: int) -> Page:
        """What is kept from the cursor on."""
        end = self._first + len(self._entries)
        start = min(max(cursor, self._first), end)
        entries = tuple(self._entries)[start - self._first :]
        return Page(entries, end, dropped=cursor < self._first)

    async def more(self) -> None:
        """Something was appended, or the log ended, since this was called."""
        await self._news.wait()

    async def complete(self) -> None:
        """The log has ended."""
        while not self.ended:
            await self.more()

    def _add(self, stream: str, data: bytes) -> None:
        if not data:
            return
        self._entries.append(Entry(stream, data))
        self._bytes += len(data)
        while self._bytes > _KEPT_BYTES:
            self._bytes -= len(self._entries.popleft().data)
            self._first += 1
        self._announce()

    def _announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _incomplete(data: bytes) -> int:
    """How many bytes at the end begin a UTF-8 character without finishing it."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data)
    return len(decoder.getstate()[0])
