"""Records on disk, which survive a killed emulator."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SCHEMA = "CREATE TABLE IF NOT EXISTS records (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"


class Store:
    """Bodies by kind and id; a change is on disk when the call returns.

    Without a path nothing is stored. A killed process loses nothing; a power failure may.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.touch(mode=0o600)
            with suppress(PermissionError):  # another user's
                path.chmod(0o600)
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=0.5)
        self._is_persistent = path is not None
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(_SCHEMA)
        except sqlite3.OperationalError as error:
            self._db.close()
            raise StoreError(f"{path} is in use by another emulator") from error
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise StoreError(f"{path} is not the state of an emulator, or is corrupt") from error

    def load(self, kind: str) -> list[str]:
        """Return all bodies of this kind, ordered by id."""
        return [body for (body,) in self._db.execute("SELECT body FROM records WHERE kind = ? ORDER BY id", (kind,))]

    def get(self, kind: str, key: str) -> str | None:
        """Return the body with this key."""
        row = self._db.execute("SELECT body FROM records WHERE kind = ? AND id = ?", (kind, key)).fetchone()
        return row[0] if row else None

    def put(self, kind: str, key: str, body: Callable[[], str]) -> None:
        """Store the body with this key."""
        if self._is_persistent:
            self._db.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", (kind, key, body()))

    def drop(self, kind: str, key: str) -> None:
        """Remove the body with this key."""
        if self._is_persistent:
            self._db.execute("DELETE FROM records WHERE kind = ? AND id = ?", (kind, key))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Apply all changes of the block or none."""
        if not self._is_persistent:
            yield
            return
        self._db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Release the file."""
        self._db.close()


class StoreError(Exception):
    """Raised when the file is in use by another emulator or is not an emulator's."""
