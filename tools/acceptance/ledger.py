"""The ledger of a run: what it created and has not deleted, in memory and in a file that survives the process."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from neev_provider.core.plurals import count_noun

OCCUPYING_KINDS = ("sandboxes", "agents")
"""The kinds that count towards the budget: an agent runs in a sandbox of its own."""


class Created(NamedTuple):
    """An object that the run created."""

    kind: str
    id: str
    name: str


class Ledger:
    """What a run creates. Each entry is on disk before the caller goes on. May be used by several threads.

    `max_sandboxes` is the number of sandboxes that may exist at a time. Only names with the prefix are created.
    """

    def __init__(self, file: Path, *, prefix: str, max_sandboxes: int) -> None:
        self.prefix = prefix
        self.max_sandboxes = max_sandboxes
        self.most_sandboxes = 0
        """The highest number of sandboxes that existed at a time."""
        self.refusals: list[str] = []
        self._file = file.open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self._starting: set[str] = set()
        self._created: dict[str, Created] = {}
        self._deleted: set[str] = set()

    @property
    def created(self) -> list[Created]:
        """Return everything that was created, deleted or not."""
        with self._lock:
            return list(self._created.values())

    def find_id(self, name: str) -> str:
        """Return the id of the object that was created with this name."""
        return next(item.id for item in self.created if item.name == name)

    def start_create(self, name: object) -> str | None:
        """Note that a sandbox or agent is about to be created; return why it must not be, or ``None``."""
        with self._lock:
            reason = self._explain_refusal(name)
            if reason is not None:
                self.refusals.append(reason)
                return reason
            self._starting.add(str(name))
            self._write({"starting": name})
            self.most_sandboxes = max(self.most_sandboxes, self._count_sandboxes())
            return None

    def fail_create(self, name: object) -> None:
        """Note that the API refused the create."""
        with self._lock:
            self._starting.discard(str(name))
            self._write({"failed": name})

    def note_object(self, kind: str, item: Mapping[str, Any]) -> None:
        """Note an object of the API; it is this run's if its name begins with the prefix."""
        id, name = item.get("id"), item.get("name")
        if not (isinstance(id, str) and isinstance(name, str) and name.startswith(self.prefix)):
            return
        with self._lock:
            if id not in self._created:
                self._created[id] = Created(kind, id, name)
                self._starting.discard(name)
                self._write({"created": self._created[id]})

    def note_deleted(self, id: str) -> None:
        """Note that the API has accepted the delete of the object, or does not have it."""
        with self._lock:
            if id in self._created and id not in self._deleted:
                self._deleted.add(id)
                self._write({"deleted": id})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _explain_refusal(self, name: object) -> str | None:
        if not (isinstance(name, str) and name.startswith(self.prefix)):
            return f"the name does not begin with {self.prefix}, by which this run finds what it created"
        if name not in self._starting and self._count_sandboxes() >= self.max_sandboxes:
            limit = count_noun(self.max_sandboxes, "sandbox")
            return f"this run may have {limit} at a time (--max-sandboxes)"
        return None

    def _count_sandboxes(self) -> int:
        existing = [item for id, item in self._created.items() if id not in self._deleted]
        return len(self._starting) + sum(item.kind in OCCUPYING_KINDS for item in existing)

    def _write(self, entry: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


class LedgerEntries(NamedTuple):
    """What a ledger's file says when its run has ended."""

    created: tuple[Created, ...]
    starting: frozenset[str]
    """The names of creates without an outcome."""


def read_ledger(file: Path) -> LedgerEntries:
    """Return the entries of the file; nothing if there is none. A line that was cut off is ignored."""
    created: dict[str, Created] = {}
    starting: set[str] = set()
    for entry in _iter_entries(file):
        match entry:
            case {"starting": name}:
                starting.add(name)
            case {"failed": name}:
                starting.discard(name)
            case {"created": [kind, id, name]}:
                created[id] = Created(kind, id, name)
                starting.discard(name)
    return LedgerEntries(tuple(created.values()), frozenset(starting))


def _iter_entries(file: Path) -> Iterator[Any]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            return
