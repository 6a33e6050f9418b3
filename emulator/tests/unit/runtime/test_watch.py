"""Two scans of a directory show the changes between them."""

import stat

import pytest

from neev_emulator.runtime.filesystem import FileStat
from neev_emulator.runtime.watch import FileStats, find_changes

FILE = FileStat(inode=1, mode=stat.S_IFREG | 0o644, size=3, modified_ns=1)
FOLDER = FileStat(inode=2, mode=stat.S_IFDIR | 0o755, size=3, modified_ns=1)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({}, {"a": FILE}, [("create", "a")]),
        ({"a": FILE}, {}, [("remove", "a")]),
        ({"a": FILE}, {"a": FILE}, []),
        ({"a": FILE}, {"a": FILE._replace(size=4)}, [("write", "a")]),
        ({"a": FILE}, {"a": FILE._replace(modified_ns=2)}, [("write", "a")]),
        ({"a": FILE}, {"a": FILE._replace(inode=9)}, [("write", "a")]),
        ({"a": FILE}, {"a": FILE._replace(mode=stat.S_IFREG | 0o600)}, [("chmod", "a")]),
        ({"b": FILE}, {"a": FILE}, [("create", "a"), ("rename", "b")]),
        ({"d": FOLDER}, {"d": FOLDER._replace(size=9, modified_ns=9), "d/a": FILE}, [("create", "d/a")]),
    ],
)
def test_each_change_is_reported_with_its_event_type(
    before: FileStats, after: FileStats, changes: list[tuple[str, str]]
) -> None:
    assert list(find_changes(before, after)) == changes
