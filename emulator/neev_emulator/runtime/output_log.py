"""The latest output of a supervised process, by position."""

import asyncio
import codecs
from collections import deque
from dataclasses import dataclass

_MAX_LOG_BYTES = 1 << 20


@dataclass(frozen=True)
class OutputChunk:
    """A piece of output. Characters are never split."""

    stream: str
    data: bytes


@dataclass(frozen=True)
class OutputPage:
    """The entries from a position, the next position, and whether requested entries were dropped."""

    entries: tuple[OutputChunk, ...]
    cursor: int
    dropped: bool


class OutputLog:
    """The last MiB of a process's output; readers can wait for more."""

    def __init__(self) -> None:
        self._entries: deque[OutputChunk] = deque()
        self._first_position = 0
        self._bytes = 0
        self._changed = asyncio.Event()
        self._partial = {"stdout": b"", "stderr": b""}
        self.ended = False

    def append(self, stream: str, data: bytes) -> None:
        """Append the data; hold back an incomplete character at its end."""
        data = self._partial[stream] + data
        whole = len(data) - _count_incomplete_bytes(data)
        self._partial[stream] = data[whole:]
        self._add(stream, data[:whole])

    def end(self) -> None:
        """End the log."""
        for stream, rest in self._partial.items():
            self._add(stream, rest)
        self.ended = True
        self._notify()

    def read_page(self, cursor: int) -> OutputPage:
        """Return the entries from the cursor."""
        end = self._first_position + len(self._entries)
        start = min(max(cursor, self._first_position), end)
        entries = tuple(self._entries)[start - self._first_position :]
        return OutputPage(entries, end, dropped=cursor < self._first_position)

    async def wait_for_more(self) -> None:
        """Wait until something is appended or the log ends."""
        await self._changed.wait()

    async def wait_until_ended(self) -> None:
        """Wait until the log has ended."""
        while not self.ended:
            await self.wait_for_more()

    def _add(self, stream: str, data: bytes) -> None:
        if not data:
            return
        self._entries.append(OutputChunk(stream, data))
        self._bytes += len(data)
        while self._bytes > _MAX_LOG_BYTES:
            self._bytes -= len(self._entries.popleft().data)
            self._first_position += 1
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _count_incomplete_bytes(data: bytes) -> int:
    """Return the number of bytes at the end that begin an incomplete UTF-8 character."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data)
    return len(decoder.getstate()[0])
