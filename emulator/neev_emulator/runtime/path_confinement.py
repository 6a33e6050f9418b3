"""Paths that cannot leave the workspace, whatever ``..``, links and races are in them.

A path is walked one component at a time from an open directory, never following a link that the kernel chose: each link
is read and its target walked by the same rules. What a place names is therefore inside, also when a process in
the sandbox swaps directories for links meanwhile.
"""

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from neev_emulator.runtime.errors import RuntimeFailure, failure, invalid, refusing_os_errors
from neev_emulator.runtime.request_body import plain_text

MOUNT = "/workspace"
_LONGEST_PATH = 4096
_MOST_LINKS = 40
_DIRECTORY = os.O_DIRECTORY | os.O_NOFOLLOW | getattr(os, "O_PATH", os.O_RDONLY)


@dataclass(frozen=True)
class Place:
    """A name in an open directory of the workspace; the name itself may not exist yet."""

    directory: int
    name: str
    parts: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The path as callers see it, relative to the workspace."""
        return "/".join(self.parts) or "."


class Workspace:
    """The directory that callers know as /workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def at(
        self, path: str, cwd: str | None = None, *, follow: bool = True, make_parents: bool = False
    ) -> Iterator[Place]:
        """The place a path names. A last component that is a link is followed unless told otherwise."""
        pending = deque(self._parts(path, cwd))
        steps = _Steps(self.root)
        links = 0
        try:
            while pending:
                part = pending.popleft()
                if part == "..":
                    steps.up()
                    continue
                target = _link_target(part, steps.directory) if pending or follow else None
                if target is not None:
                    links += 1
                    pending.extendleft(reversed(self._behind_link(target, links, steps)))
                elif pending:
                    steps.into(part, make=make_parents)
                else:
                    yield Place(steps.directory, part, (*steps.names, part))
                    return
            yield Place(steps.directory, ".", steps.names)
        finally:
            steps.close()

    def directory(self, path: str | None) -> Path:
        """The real path of an existing directory, the workspace itself where none is named."""
        with refusing_os_errors(path or MOUNT), self.at(path or ".") as place:
            os.close(open_directory(place.directory, (place.name,)))
            return self.root.joinpath(*place.parts)

    def _parts(self, path: str, cwd: str | None) -> list[str]:
        plain_text("path", path)
        if not path:
            raise invalid("path must not be empty")
        if len(path.encode()) > _LONGEST_PATH:
            raise invalid(f"path is longer than {_LONGEST_PATH} bytes")
        if path.startswith("/"):
            return _staying_inside(path, split(self._inside(path)))
        before = self._parts(cwd, None) if cwd else []
        return _staying_inside(path, before + split(path))

    def _inside(self, absolute: str) -> str:
        """The rest of an absolute path below the workspace, under the name callers or processes know it by."""
        for root in (MOUNT, str(self.root)):
            if absolute == root or absolute.startswith(f"{root}/"):
                return absolute[len(root) :]
        raise outside(absolute)

    def _behind_link(self, target: str, links: int, steps: "_Steps") -> list[str]:
        if links > _MOST_LINKS:
            raise invalid("the path goes through too many symbolic links")
        if not target.startswith("/"):
            return split(target)
        parts = split(self._inside(target))
        steps.restart()
        return parts


class _Steps:
    """The walk so far: an open directory and the names that lead to it, none of them a link."""

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, _DIRECTORY)
        self.directory = os.dup(self._root)
        self.names: tuple[str, ...] = ()

    def into(self, name: str, *, make: bool) -> None:
        if make:
            make_directory(self.directory, name)
        self._move(open_directory(self.directory, (name,)), (*self.names, name))

    def up(self) -> None:
        if not self.names:
            raise outside("..")
        # Not by "..": the directory may have been moved elsewhere since it was opened.
        self._move(open_directory(self._root, self.names[:-1]), self.names[:-1])

    def restart(self) -> None:
        self._move(os.dup(self._root), ())

    def close(self) -> None:
        os.close(self.directory)
        os.close(self._root)

    def _move(self, directory: int, names: tuple[str, ...]) -> None:
        os.close(self.directory)
        self.directory, self.names = directory, names


def open_directory(top: int, names: tuple[str, ...]) -> int:
    """A descriptor of the directory below an open one, through no link."""
    directory = os.dup(top)
    for name in names:
        try:
            deeper = os.open(name, _DIRECTORY, dir_fd=directory)
        finally:
            os.close(directory)
        directory = deeper
    return directory


def make_directory(parent: int, name: str) -> None:
    """The name is taken in the parent, by a new directory unless it was before."""
    try:
        os.mkdir(name, dir_fd=parent)
    except FileExistsError:
        return


def split(path: str) -> list[str]:
    """The components of a path, without those that say nothing."""
    return [part for part in path.split("/") if part not in {"", "."}]


def outside(path: str) -> RuntimeFailure:
    """The refusal of a path that leaves the workspace."""
    return failure("permission_denied", f"{path[:200]!r} is outside {MOUNT}")


def _staying_inside(path: str, parts: list[str]) -> list[str]:
    """The parts, refused where they climb above the workspace, even through directories that do not exist."""
    depth = 0
    for part in parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            raise outside(path)
    return parts


def _link_target(name: str, directory: int) -> str | None:
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError:
        return None
