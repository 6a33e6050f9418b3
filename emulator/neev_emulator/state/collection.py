"""Records of one kind, by id or name, mirrored on disk."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from neev_emulator.errors import ApiError, ErrorCode, conflict, not_found
from neev_emulator.state.records import Record
from neev_emulator.state.store import Store

RecordT = TypeVar("RecordT", bound=Record)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_uuid(text: str) -> bool:
    """Return whether a path segment is an id."""
    return _UUID.fullmatch(text) is not None


class Collection(Generic[RecordT]):
    """All records of one kind, in the order of their creation."""

    def __init__(self, kind: str, model: type[RecordT], store: Store) -> None:
        self.kind = kind
        self._store = store
        self._records: dict[str, RecordT] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._sizes: Counter[str] = Counter()
        self._reserved: list[tuple[str, str]] = []
        records = [model.model_validate_json(body) for body in store.load(kind)]
        for record in sorted(records, key=lambda record: record.created_at):
            self._index(record)

    def __len__(self) -> int:
        return len(self._records)

    def put(self, record: RecordT) -> RecordT:
        """Store the record, also on disk."""
        self._store.put(self.kind, record.id, record.model_dump_json)
        self._index(record)
        return record

    def drop(self, record: RecordT) -> None:
        """Remove the record and free its name."""
        self._store.drop(self.kind, record.id)
        del self._records[record.id]
        self._sizes[record.project_id] -= 1
        name = getattr(record, "name", None)
        if self._names.get((record.project_id, name or "")) == record.id:
            del self._names[record.project_id, name or ""]

    def get(self, key: str) -> RecordT | None:
        """Return the record with this id."""
        return self._records.get(key)

    def find(self, project_id: str, ref: str) -> RecordT:
        """Return the project's record with this id or name."""
        key = ref.lower() if is_uuid(ref) else self._names.get((project_id, ref), "")
        record = self._records.get(key)
        if record is None or record.project_id != project_id:
            raise not_found(self.kind, ref)
        return record

    def in_project(self, project_id: str) -> list[RecordT]:
        """Return the project's records, the newest first."""
        return [record for record in reversed(self._records.values()) if record.project_id == project_id]

    def all(self) -> list[RecordT]:
        """Return the records of all projects, the oldest first."""
        return list(self._records.values())

    @contextmanager
    def reserve(
        self, project_id: str, name: str, *, quota: int | None, error_code: ErrorCode, scope: str
    ) -> Iterator[None]:
        """Reserve the name and a place in the quota while the record is created."""
        if (project_id, name) in self._names or (project_id, name) in self._reserved:
            raise conflict(f"{self.kind} name {name!r} is already in use in this project")
        count = self._sizes[project_id] + sum(1 for project, _ in self._reserved if project == project_id)
        if quota is not None and count >= quota:
            raise ApiError(error_code, f"{self.kind} quota of {quota} is used up", scope=scope)
        self._reserved.append((project_id, name))
        try:
            yield
        finally:
            self._reserved.remove((project_id, name))

    def _index(self, record: RecordT) -> None:
        self._sizes[record.project_id] += record.id not in self._records
        self._records[record.id] = record
        name = getattr(record, "name", None)
        if name:
            self._names[record.project_id, name] = record.id
