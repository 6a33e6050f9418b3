"""Paths that cannot leave the workspace, whatever `..`, links and races they contain.

A path is walked one component at a time from an open directory. The kernel never follows a link: each link is read, and
its target is walked by the same rules. The result is inside the workspace, even if a process swaps directories for
links meanwhile.
"""

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from neev_emulator.runtime.errors import RuntimeApiError, invalid, runtime_error, translate_os_errors
from neev_emulator.runtime.request_body import require_plain_text

MOUNT = "/workspace"
_MAX_PATH_BYTES = 4096
_MAX_LINKS = 40


@dataclass(frozen=True)
class ConfinedPath:
    """A name in an open directory of the workspace; the name may not exist yet."""

    directory: int
    name: str
    parts: tuple[str, ...]

    @property
    def display_path(self) -> str:
        """Return the path for callers, relative to the workspace."""
        return "/".join(self.parts) or "."


class Workspace:
    """The directory that callers know as /workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def resolve(
        self, path: str, cwd: str | None = None, *, follow: bool = True, create_parents: bool = False
    ) -> Iterator[ConfinedPath]:
        """Yield the confined path. A link in the last component is followed if `follow`."""
        pending = deque(self._parse_path(path, cwd))
        walk = _PathWalk(self.root)
        links = 0
        try:
            while pending:
                part = pending.popleft()
                if part == "..":
                    walk.ascend()
                    continue
                target = _read_link(part, walk.directory) if pending or follow else None
                if target is not None:
                    links += 1
                    pending.extendleft(reversed(self._resolve_link(target, links, walk)))
                elif pending:
                    walk.descend(part, create=create_parents)
                else:
                    yield ConfinedPath(walk.directory, part, (*walk.names, part))
                    return
            yield ConfinedPath(walk.directory, ".", walk.names)
        finally:
            walk.close()

    def resolve_directory(self, path: str | None) -> Path:
        """Return the real path of an existing directory; of the workspace if `path` is None."""
        with translate_os_errors(path or MOUNT), self.resolve(path or ".") as confined_path:
            os.close(open_directory(confined_path.directory, (confined_path.name,)))
            return self.root.joinpath(*confined_path.parts)

    def _parse_path(self, path: str, cwd: str | None) -> list[str]:
        require_plain_text("path", path)
        if not path:
            raise invalid("path must not be empty")
        if len(path.encode()) > _MAX_PATH_BYTES:
            raise invalid(f"path is longer than {_MAX_PATH_BYTES} bytes")
        if path.startswith("/"):
            return _require_below_root(path, split_path(self._relative_to_workspace(path)))
        base = self._parse_path(cwd, None) if cwd else []
        return _require_below_root(path, base + split_path(path))

    def _relative_to_workspace(self, absolute: str) -> str:
        """Return the part of an absolute path below /workspace or below the real path of the workspace."""
        for root in (MOUNT, str(self.root)):
            if absolute == root or absolute.startswith(f"{root}/"):
                return absolute[len(root) :]
        raise outside_workspace(absolute)

    def _resolve_link(self, target: str, links: int, walk: "_PathWalk") -> list[str]:
        if links > _MAX_LINKS:
            raise invalid("the path goes through too many symbolic links")
        if not target.startswith("/"):
            return split_path(target)
        parts = split_path(self._relative_to_workspace(target))
        walk.restart()
        return parts


class _PathWalk:
    """The state of a walk: an open directory and the names that lead to it, none of them a link."""

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, _directory_flags())
        self.directory = os.dup(self._root)
        self.names: tuple[str, ...] = ()

    def descend(self, name: str, *, create: bool) -> None:
        if create:
            create_directory(self.directory, name)
        self._move(open_directory(self.directory, (name,)), (*self.names, name))

    def ascend(self) -> None:
        if not self.names:
            raise outside_workspace("..")
        # Not by "..": the directory may have been moved since it was opened.
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
    """Return a descriptor of the directory below an open one, following no link."""
    directory = os.dup(top)
    for name in names:
        try:
            child = os.open(name, _directory_flags(), dir_fd=directory)
        finally:
            os.close(directory)
        directory = child
    return directory


def create_directory(parent: int, name: str) -> None:
    """Create a directory in the parent unless the name exists."""
    try:
        os.mkdir(name, dir_fd=parent)
    except FileExistsError:
        return


def split_path(path: str) -> list[str]:
    """Return the components of a path, without empty ones and `.`."""
    return [part for part in path.split("/") if part not in {"", "."}]


def outside_workspace(path: str) -> RuntimeApiError:
    """Return the error for a path that leaves the workspace."""
    return runtime_error("permission_denied", f"{path[:200]!r} is outside {MOUNT}")


def _require_below_root(path: str, parts: list[str]) -> list[str]:
    """Return the parts; raise an error if they leave the workspace, even through missing directories."""
    depth = 0
    for part in parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            raise outside_workspace(path)
    return parts


def _directory_flags() -> int:
    return os.O_DIRECTORY | os.O_NOFOLLOW | getattr(os, "O_PATH", os.O_RDONLY)


def _read_link(name: str, directory: int) -> str | None:
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError:
        return None
