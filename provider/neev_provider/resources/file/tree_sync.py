"""Synchronization of a tree of files in a sandbox with its source."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from pydantic import Field

from neev_provider.client.runtime import FileInfo, SandboxSession
from neev_provider.core.errors import OperationFailed, RuntimeRejected
from neev_provider.core.model import Outputs
from neev_provider.core.tasks import run_bounded
from neev_provider.resources.file.source_tree import EXECUTABLE_SUFFIX, LINK_PREFIX, Link, SourceFile, tree_digest
from neev_provider.resources.session import run_tool

MAX_PATHS_PER_COMMAND: Final = 200
"""Maximum number of paths in one command."""
MISSING, UNKNOWN = "missing", "unknown"
"""Values in place of a digest: the file does not exist, or the outcome of its write is unknown."""
_FINGERPRINT_LENGTH: Final = 8


class TreeOutputs(Outputs):
    """Outputs of a directory. They contain the digests of the files, not their contents."""

    sha256: str | None = None
    """Digest of all paths and contents at the last observation. Use it as a trigger of dependent resources."""
    files: dict[str, str] = Field(default={})
    """SHA-256 of each written file, by path, with `+x` if it is executable. For a link, `->` and its target."""
    drifted_files: dict[str, str] = Field(default={})
    """Files that differ from what was written, in the form of `files`, or `missing`."""
    created_folders: list[str] = Field(default=[])
    """Folders that this resource created."""


class TreeSync:
    """Files below one folder of a sandbox. The recorded outputs stay correct if a sync fails."""

    def __init__(
        self,
        session: SandboxSession,
        root: str,
        old_outputs: TreeOutputs,
        fingerprints: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._session = session
        self._root = root
        self._files = dict(old_outputs.files)
        self._drifted_files = dict(old_outputs.drifted_files)
        self._created_folders = list(old_outputs.created_folders)
        self._rewritten_paths: set[str] = set()
        self._fingerprints = dict(fingerprints)

    @property
    def outputs(self) -> TreeOutputs:
        """Return the outputs recorded so far."""
        return TreeOutputs(
            sha256=tree_digest(self.current_files),
            files=dict(sorted(self._files.items())),
            drifted_files=dict(sorted(self._drifted_files.items())),
            created_folders=sorted(self._created_folders),
        )

    @property
    def fingerprints(self) -> dict[str, str]:
        """Return a hash of size and time of each file when it was written or last observed to have drifted.

        A file with the same fingerprint is not read again. A written file with another fingerprint was
        written by another process since, even with the same content, and is not deleted.
        """
        return {path: self._fingerprints[path] for path in self._known_paths if path in self._fingerprints}

    @property
    def current_files(self) -> dict[str, str]:
        """Return the digests of the files that exist, by path."""
        return observed_files(self._files, self._drifted_files)

    async def refresh(self, paths: Iterable[str] | None = None) -> None:
        """Observe the files at the paths. By default, observe all known paths."""
        paths_to_read = list(self._known_paths if paths is None else paths)
        entries = await self._list_entries(paths_to_read)
        await run_bounded(lambda path: self._record_entry(path, entries[path]), paths_to_read)

    async def scan(self, max_files: int) -> bool:
        """Return whether the folder exists, and record its files as not written by this resource."""
        entries = await self._session.list_directory(self._root, recursive=True)
        if entries is None:
            return False
        root = next((path for path in sorted(entries, key=len)), "").rpartition("/")[0]
        existing = {path for path, entry in entries.items() if entry.is_file or entry.link_target is not None}
        files = [posixpath.relpath(path, root or ".") for path in existing]
        if len(files) > max_files:
            raise OperationFailed(f"{self._root} contains more files ({len(files)}) than can be imported ({max_files})")
        await self.refresh(files)
        return True

    async def sync(self, files: Mapping[str, SourceFile], on_progress: Callable[[str], None]) -> None:
        """Write the files that differ, and delete files written earlier that are not in ``files``."""
        await self.remove([path for path in self._files if path not in files], keep=files)
        now = self.current_files
        changed = [
            path for path, leaf in files.items() if _content_digest(now.get(path)) != _content_digest(leaf.digest)
        ]
        await self._record_new_folders(changed)
        done = 0

        async def write(path: str) -> None:
            nonlocal done
            await self._write(path, files[path])
            done += 1
            on_progress(f"files written: {done} of {len(changed)}")

        await run_bounded(write, changed)
        unverified = unverified_paths(self.outputs, self._fingerprints)
        differing = {path for path, file in files.items() if path in unverified or now.get(path) != file.digest}
        turned = differing.difference(changed)
        await self._confirm_written({path: files[path].digest for path in (*changed, *turned)})

    async def remove(self, paths: Iterable[str], keep: Iterable[str] = ()) -> list[str]:
        """Delete unchanged files and empty folders created for them. Return the files that were kept."""
        removed = list(paths)
        await self.refresh(removed)
        own = [path for path in removed if path not in self._drifted_files and path not in self._rewritten_paths]
        await run_bounded(lambda path: self._session.delete(self._absolute_path(path)), own)
        remaining = [
            path
            for path in removed
            if path in self._rewritten_paths or self._drifted_files.get(path, MISSING) != MISSING
        ]
        for path in removed:
            del self._files[path]
            self._drifted_files.pop(path, None)
        needed = {str(folder) for path in keep for folder in PurePosixPath(self._absolute_path(path)).parents}
        for folder in sorted(self._created_folders, key=len, reverse=True):
            if folder not in needed and await self._remove_if_empty(folder):
                self._created_folders.remove(folder)
        return remaining

    @property
    def _known_paths(self) -> list[str]:
        return sorted(self._files.keys() | self._drifted_files.keys())

    def _absolute_path(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self._root, path))

    async def _list_entries(self, paths: Iterable[str]) -> dict[str, FileInfo | None]:
        locations = {path: posixpath.split(self._absolute_path(path)) for path in paths}
        listed: dict[str, dict[str, FileInfo]] = {}

        async def look(folder: str) -> None:
            listed[folder] = await self._session.list_directory(folder or ".") or {}

        await run_bounded(look, {folder for folder, _ in locations.values()})
        return {path: listed[folder].get(name) for path, (folder, name) in locations.items()}

    async def _record_entry(self, path: str, entry: FileInfo | None) -> None:
        fingerprint, old_fingerprint = None if entry is None else _fingerprint(entry), self._fingerprints.get(path)
        if entry is not None and (link := _link_digest(entry)):
            digest = link
        elif entry is None or not entry.is_file:
            digest = MISSING
        elif old_fingerprint == fingerprint:
            # the content is unchanged; the entry has the current permissions
            digest = _file_digest(_content_digest(self.current_files.get(path)) or "", entry)
        else:
            digest = _file_digest(await self._session.sha256(self._absolute_path(path)), entry)
        has_drifted = self._files.get(path) != digest
        if has_drifted:
            self._drifted_files[path] = digest
        else:
            self._drifted_files.pop(path, None)
        if not has_drifted and old_fingerprint not in (fingerprint, None):
            # keep the fingerprint of the provider's own write; a different one shows that another process wrote
            self._rewritten_paths.add(path)
        elif fingerprint is None:
            self._fingerprints.pop(path, None)
        else:
            self._fingerprints[path] = fingerprint

    async def _record_new_folders(self, paths: Iterable[str]) -> None:
        """Record the missing parent folders of the paths, because the writes create them."""
        existing: set[str] = set()
        for path in paths:
            # the last parent is the workspace or the file system root
            for folder in [str(parent) for parent in PurePosixPath(self._absolute_path(path)).parents][:-1]:
                if folder in existing or folder in self._created_folders:
                    break
                if await self._session.stat(folder) is not None:
                    existing.add(folder)
                    break
                self._created_folders.append(folder)

    async def _remove_if_empty(self, folder: str) -> bool:
        try:
            await self._session.delete(folder)
        except RuntimeRejected as error:
            return error.code == "not_found"  # otherwise it contains files that this resource did not write
        return True

    async def _write(self, path: str, source_file: SourceFile) -> None:
        replaces_link = _is_link_digest(self.current_files.get(path)) and not isinstance(source_file.content, Link)
        self._files[path], self._drifted_files[path] = source_file.digest, UNKNOWN
        self._fingerprints.pop(path, None)
        self._rewritten_paths.discard(path)
        if replaces_link:
            await self._session.delete(self._absolute_path(path))  # otherwise the write would replace the link's target
        if isinstance(source_file.content, Link):
            await self._create_link(path, source_file.content.target)
        else:
            with source_file.open() as content:
                await self._session.write(self._absolute_path(path), content)
            del self._drifted_files[path]  # without a fingerprint, its permissions are unverified

    async def _create_link(self, path: str, target: str) -> None:
        absolute_path = self._absolute_path(path)
        existing = await self._session.stat(absolute_path)
        if existing is not None and not existing.is_file and existing.link_target is None:
            raise OperationFailed(
                f"{path} is a directory in the sandbox, so the symbolic link {path} cannot be created"
            )
        await self._session.create_directory(posixpath.dirname(absolute_path) or ".")
        await run_tool(
            self._session, ["ln", "-sfn", "--", target, absolute_path], f"the symbolic link {path} is not made"
        )

    async def _confirm_written(self, digests: Mapping[str, str]) -> None:
        """Record the files just written, and set the executable permission according to the digests."""
        listed = await self._list_entries(digests)
        entries = {path: entry for path, entry in listed.items() if entry is not None}
        missing = listed.keys() - entries.keys()
        if missing:
            raise OperationFailed(
                f"{min(missing)} disappeared right after it was written; another process in the sandbox removes it"
            )
        if wrong_links := [
            path for path, entry in entries.items() if _link_digest(entry) != _expected_link_digest(digests[path])
        ]:
            raise OperationFailed(f"{min(wrong_links)} is another symbolic link, or none, right after it was written")
        files = {path: entry for path, entry in entries.items() if entry.link_target is None}
        wrong = {
            path for path, entry in files.items() if _is_executable(entry) is not _is_executable_digest(digests[path])
        }
        for sign, executable in (("+x", True), ("-x", False)):
            turned = sorted(path for path in wrong if _is_executable_digest(digests[path]) is executable)
            for at in range(0, len(turned), MAX_PATHS_PER_COMMAND):
                await self._chmod(sign, [self._absolute_path(path) for path in turned[at : at + MAX_PATHS_PER_COMMAND]])
        for path, entry in entries.items():
            self._files[path], self._fingerprints[path] = digests[path], _fingerprint(entry)
            self._drifted_files.pop(path, None)

    async def _chmod(self, mode_change: str, paths: list[str]) -> None:
        failure_message = f"the files are written, but which of them are executable is not set ({paths[0]} and others)"
        await run_tool(self._session, ["chmod", mode_change, "--", *paths], failure_message)


def observed_files(files: Mapping[str, str], drifted_files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that exist. The drifted files override the written files."""
    return {path: found for path, found in {**files, **drifted_files}.items() if found != MISSING}


def unverified_paths(outputs: TreeOutputs, fingerprints: Mapping[str, str]) -> set[str]:
    """Return the written files whose permissions were not observed since."""
    return outputs.files.keys() - outputs.drifted_files.keys() - fingerprints.keys()


def _fingerprint(entry: FileInfo) -> str:
    return hashlib.sha256(f"{entry.size} {entry.modified_at}".encode()).hexdigest()[:_FINGERPRINT_LENGTH]


def _is_executable(entry: FileInfo) -> bool:
    return bool(entry.mode & 0o100)


def _is_link_digest(digest: str | None) -> bool:
    return digest is not None and digest.startswith(LINK_PREFIX)


def _link_digest(entry: FileInfo) -> str | None:
    return None if entry.link_target is None else f"{LINK_PREFIX}{entry.link_target}"


def _expected_link_digest(digest: str) -> str | None:
    return digest if _is_link_digest(digest) else None


def _is_executable_digest(digest: str) -> bool:
    return digest.endswith(EXECUTABLE_SUFFIX) and not _is_link_digest(digest)


def _file_digest(content_digest: str, entry: FileInfo) -> str:
    return content_digest + (EXECUTABLE_SUFFIX if _is_executable(entry) else "")


def _content_digest(digest: str | None) -> str | None:
    return digest if digest is None or _is_link_digest(digest) else digest.removesuffix(EXECUTABLE_SUFFIX)
