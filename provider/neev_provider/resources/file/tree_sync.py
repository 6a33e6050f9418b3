"""A tree of files in a sandbox: what is known of it, and the work that brings it to what is wanted."""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Final, TypeVar

from pydantic import Field

from neev_provider.client.runtime import FileInfo, SandboxSession
from neev_provider.core.errors import OperationFailed, RuntimeRejected
from neev_provider.core.model import Outputs
from neev_provider.resources.file.source_tree import EXECUTABLE, LINK, Leaf, Link, total
from neev_provider.resources.session import run_tool

AT_ONCE: Final = 8
"""Requests to one sandbox that are under way side by side."""
BATCH: Final = 200
"""Paths in one command."""
MISSING, UNKNOWN = "missing", "unknown"
"""What there is in the place of a digest where no file is, and where nobody knows what became of it."""
_MARK: Final = 8
_NO_MARK: Final = "-" * _MARK

T = TypeVar("T")


class TreeOutputs(Outputs):
    """What is there; of the files, only their digests."""

    sha256: str | None = None
    """One digest of all paths and contents, as they were seen last: a trigger for what depends on them."""
    files: dict[str, str] = Field(default={})
    """What was written, by path: its SHA-256, with `+x` where it is executable; of a link, `->` and its target."""
    changed: dict[str, str] = Field(default={})
    """What was seen last in the place of what was written, or is not of this resource: likewise, or `missing`."""
    folders: list[str] = Field(default=[])
    """The folders that were made on the way."""
    marks: str = ""
    """Eight characters for each path, of its size and time when it was written, or seen to hold something else.

    A file whose size and time are still the same is not read again; one that somebody else has written since, with the
    same content even, is not deleted.
    """


class Copy:
    """The tree below one folder of a sandbox. What is known of it is true however far the work came."""

    def __init__(self, sandbox: SandboxSession, root: str, was: TreeOutputs) -> None:
        self._sandbox = sandbox
        self._root = root
        self._files = dict(was.files)
        self._changed = dict(was.changed)
        self._folders = list(was.folders)
        self._rewritten: set[str] = set()
        width = range(0, len(was.marks), _MARK)
        self._marks = dict(zip(self._known, (was.marks[at : at + _MARK] for at in width), strict=False))

    @property
    def known(self) -> TreeOutputs:
        """What is known by now."""
        return TreeOutputs(
            sha256=total(self.there),
            files=dict(sorted(self._files.items())),
            changed=dict(sorted(self._changed.items())),
            folders=sorted(self._folders),
            marks="".join(self._marks.get(path, _NO_MARK) for path in self._known),
        )

    @property
    def there(self) -> dict[str, str]:
        """The files that are there, by their paths."""
        return seen(self._files, self._changed)

    async def look(self, paths: Iterable[str] | None = None) -> None:
        """What is there of the paths is known; by default of all that are known."""
        wanted = list(self._known if paths is None else paths)
        entries = await self._entries(wanted)
        await _side_by_side(lambda path: self._see(path, entries[path]), wanted)

    async def discover(self, most: int) -> bool:
        """Whether the folder is there; what it holds is known, and is not of this resource."""
        entries = await self._sandbox.list_directory(self._root, recursive=True)
        if entries is None:
            return False
        root = next((path for path in sorted(entries, key=len)), "").rpartition("/")[0]
        there = {path for path, entry in entries.items() if entry.is_file or entry.link_target is not None}
        files = [posixpath.relpath(path, root or ".") for path in there]
        if len(files) > most:
            raise OperationFailed(f"{self._root} holds {len(files)} files: at most {most} can be imported")
        await self.look(files)
        return True

    async def bring(self, leaves: Mapping[str, Leaf], progress: Callable[[str], None]) -> None:
        """What is there is what the leaves say, and of what was written before nothing else is left."""
        await self.clear([path for path in self._files if path not in leaves], keep=leaves)
        now = self.there
        late = [path for path, leaf in leaves.items() if _content(now.get(path)) != _content(leaf.sum)]
        await self._note_new_folders(late)
        done = 0

        async def write(path: str) -> None:
            nonlocal done
            await self._write(path, leaves[path])
            done += 1
            progress(f"{done} of {len(late)} files written")

        await _side_by_side(write, late)
        turned = [path for path, leaf in leaves.items() if path not in late and now[path] != leaf.sum]
        await self._settle({path: leaves[path].sum for path in (*late, *turned)})

    async def clear(self, paths: Iterable[str], keep: Iterable[str] = ()) -> list[str]:
        """The files that nobody has written since are gone, and the folders made for them; the others are named."""
        going = list(paths)
        await self.look(going)
        ours = [path for path in going if path not in self._changed and path not in self._rewritten]
        await _side_by_side(lambda path: self._sandbox.delete(self._at(path)), ours)
        left = [path for path in going if path in self._rewritten or self._changed.get(path, MISSING) != MISSING]
        for path in going:
            del self._files[path]
            self._changed.pop(path, None)
        needed = {str(folder) for path in keep for folder in PurePosixPath(self._at(path)).parents}
        for folder in sorted(self._folders, key=len, reverse=True):
            if folder not in needed and await self._is_removed(folder):
                self._folders.remove(folder)
        return left

    @property
    def _known(self) -> list[str]:
        return sorted(self._files.keys() | self._changed.keys())

    def _at(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self._root, path))

    async def _entries(self, paths: Iterable[str]) -> dict[str, FileInfo | None]:
        places = {path: posixpath.split(self._at(path)) for path in paths}
        listed: dict[str, dict[str, FileInfo]] = {}

        async def look(folder: str) -> None:
            listed[folder] = await self._sandbox.list_directory(folder or ".") or {}

        await _side_by_side(look, {folder for folder, _ in places.values()})
        return {path: listed[folder].get(name) for path, (folder, name) in places.items()}

    async def _see(self, path: str, entry: FileInfo | None) -> None:
        mark, before = _NO_MARK if entry is None else _mark(entry), self._marks.get(path, _NO_MARK)
        if entry is not None and (link := _leads(entry)):
            now = link
        elif entry is None or not entry.is_file:
            now = MISSING
        elif before == mark:
            # as far as its content goes; the permissions were just seen
            now = _sum(_content(self.there.get(path)) or "", entry)
        else:
            now = _sum(await self._sandbox.sha256(self._at(path)), entry)
        if self._files.get(path) != now:
            self._changed[path], self._marks[path] = now, mark
            return
        self._changed.pop(path, None)
        # the mark stays that of what was written here: another one says who did not write it
        if before not in (mark, _NO_MARK):
            self._rewritten.add(path)
        else:
            self._marks[path] = mark

    async def _note_new_folders(self, paths: Iterable[str]) -> None:
        """The folders that the paths need and that are not there yet are those that are made on the way."""
        there: set[str] = set()
        for path in paths:
            # the last one is the workspace, or the root of all
            for folder in [str(each) for each in PurePosixPath(self._at(path)).parents][:-1]:
                if folder in there or folder in self._folders:
                    break
                if await self._is_there(folder):
                    there.add(folder)
                    break
                self._folders.append(folder)

    async def _is_there(self, folder: str) -> bool:
        return await self._sandbox.stat(folder) is not None

    async def _is_removed(self, folder: str) -> bool:
        try:
            await self._sandbox.delete(folder)
        except RuntimeRejected as refused:
            return refused.code == "not_found"  # else something is in it that is not ours
        return True

    async def _write(self, path: str, leaf: Leaf) -> None:
        replaced = _is_link(self.there.get(path)) and not isinstance(leaf.content, Link)
        self._files[path], self._changed[path] = leaf.sum, UNKNOWN
        self._marks.pop(path, None)
        self._rewritten.discard(path)
        if replaced:
            await self._sandbox.delete(self._at(path))  # else what it leads to would be written
        if isinstance(leaf.content, Link):
            await self._link(path, leaf.content.target)
        else:
            with leaf.open() as content:
                await self._sandbox.write(self._at(path), content)
        # until its permissions have been seen, they count as wrong
        self._changed[path] = _turned(leaf.sum)

    async def _link(self, path: str, target: str) -> None:
        place = self._at(path)
        there = await self._sandbox.stat(place)
        if there is not None and not there.is_file and there.link_target is None:
            raise OperationFailed(f"{path} is a directory in the sandbox, so the symbolic link {path} cannot be made")
        await self._sandbox.create_directory(posixpath.dirname(place) or ".")
        await run_tool(self._sandbox, ["ln", "-sfn", "--", target, place], f"the symbolic link {path} is not made")

    async def _settle(self, sums: Mapping[str, str]) -> None:
        """The files that were just written are known, and executable or not as their sums say."""
        listed = await self._entries(sums)
        entries = {path: entry for path, entry in listed.items() if entry is not None}
        gone = listed.keys() - entries.keys()
        if gone:
            raise OperationFailed(
                f"{min(gone)} is gone right after it was written: something else in the sandbox removes it"
            )
        if others := [path for path, entry in entries.items() if _leads(entry) != _leads_by(sums[path])]:
            raise OperationFailed(f"{min(others)} is another symbolic link, or none, right after it was written")
        files = {path: entry for path, entry in entries.items() if entry.link_target is None}
        wrong = {path for path, entry in files.items() if _is_executable(entry) is not _wants(sums[path])}
        for sign, wanted in (("+x", True), ("-x", False)):
            turned = sorted(path for path in wrong if _wants(sums[path]) is wanted)
            for at in range(0, len(turned), BATCH):
                await self._chmod(sign, [self._at(path) for path in turned[at : at + BATCH]])
        for path, entry in entries.items():
            self._files[path], self._marks[path] = sums[path], _mark(entry)
            self._changed.pop(path, None)

    async def _chmod(self, sign: str, paths: list[str]) -> None:
        trouble = f"the files are written, but which of them are executable is not set ({paths[0]} and others)"
        await run_tool(self._sandbox, ["chmod", sign, "--", *paths], trouble)


def seen(files: Mapping[str, str], changed: Mapping[str, str]) -> dict[str, str]:
    """What is there, where this was written and that was seen instead."""
    return {path: found for path, found in {**files, **changed}.items() if found != MISSING}


async def _side_by_side(work: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """The work is done for each item, not too many at a time; the first failure ends it all."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> None:
        async with gate:
            await work(item)

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _mark(entry: FileInfo) -> str:
    return hashlib.sha256(f"{entry.size} {entry.modified_at}".encode()).hexdigest()[:_MARK]


def _is_executable(entry: FileInfo) -> bool:
    return bool(entry.mode & 0o100)


def _is_link(sum: str | None) -> bool:
    return sum is not None and sum.startswith(LINK)


def _leads(entry: FileInfo) -> str | None:
    return None if entry.link_target is None else f"{LINK}{entry.link_target}"


def _leads_by(sum: str) -> str | None:
    return sum if _is_link(sum) else None


def _wants(sum: str) -> bool:
    return sum.endswith(EXECUTABLE) and not _is_link(sum)


def _sum(content: str, entry: FileInfo) -> str:
    return content + (EXECUTABLE if _is_executable(entry) else "")


def _turned(sum: str) -> str:
    return UNKNOWN if _is_link(sum) else sum.removesuffix(EXECUTABLE) if _wants(sum) else sum + EXECUTABLE


def _content(found: str | None) -> str | None:
    return found if found is None or _is_link(found) else found.removesuffix(EXECUTABLE)
