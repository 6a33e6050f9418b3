"""What two builds of one commit have in common: the digests of all published files, and of the files in archives."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tools.dist.checksums import list_published
from tools.dist.layout import DIST

TAR_SUFFIXES = (".tar.gz", ".tgz")
ZIP_SUFFIXES = (".zip", ".whl")


def build_twice(build: Callable[[], None]) -> None:
    """Build everything twice, and print what differs."""
    build()
    first = digest_files(DIST)
    build()
    second = digest_files(DIST)
    different = find_differences(first, second)
    print(f"the same in both builds: {len(first) - len(different)} of {len(first)}")
    for name in different:
        print(f"  differs: {name}")


def digest_files(dist: Path) -> dict[str, str]:
    """Return the digest of each published file and, as `archive: file`, of each file in an archive."""
    return {
        name: hashlib.sha256(content).hexdigest()
        for file in list_published(dist)
        for name, content in _read_parts(file, file.relative_to(dist).as_posix())
    }


def find_differences(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """Return the names whose digests differ, or that only one of the builds has."""
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def _read_parts(file: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of the file, and of what is in it if it is an archive."""
    yield name, file.read_bytes()
    if file.name.endswith(ZIP_SUFFIXES):
        with zipfile.ZipFile(file) as packed:
            yield from ((f"{name}: {item}", packed.read(item)) for item in packed.namelist())
    elif file.name.endswith(TAR_SUFFIXES):
        with tarfile.open(file) as tar:
            for member in tar.getmembers():
                if content := tar.extractfile(member):
                    yield f"{name}: {member.name}", content.read()
