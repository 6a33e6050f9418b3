"""A directory in a sandbox with the files of an archive or a local folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator
from typing_extensions import override

from neev_provider.client.runtime import SandboxSession
from neev_provider.core.assets import Archive, AssetOrArchive
from neev_provider.core.errors import InputError, NeevError
from neev_provider.core.markers import Canonical, Replace, Update
from neev_provider.core.model import Rule
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Timeouts
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import (
    ValidationFailure,
    WarningHandler,
    exactly_one_of,
    format_path,
    parse,
    validate,
)
from neev_provider.core.wait import run_before_deadline
from neev_provider.resources.file.base import SandboxFileInputs, SandboxFileResource
from neev_provider.resources.file.content import require_local
from neev_provider.resources.file.exclude_patterns import Pattern
from neev_provider.resources.file.source_tree import MAX_FILES, SourceTree, tree_digest, validate_tree
from neev_provider.resources.file.tree_sync import UNKNOWN, TreeOutputs, TreeSync, observed_files, unverified_paths
from neev_provider.resources.session import open_session
from neev_provider.resources.workspace_paths import FolderPath, canonicalize_path

SOURCE_PROPERTIES = ("source", "sourcePath")
"""Inputs that define the contents of the directory. Exactly one of them is set."""


FINGERPRINTS_KEY = "__fingerprints"
"""Hidden output: the fingerprints of the files, by path."""


class DirectoryInputs(SandboxFileInputs):
    """Inputs of a directory."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("source", "source_path"),)

    sandbox_id: Annotated[str, Replace()]
    """Id of the sandbox. If it is paused, it is resumed for a change and paused again afterwards."""
    path: Annotated[FolderPath, Replace(), Canonical(canonicalize_path)]
    """Path in the workspace. `.` is the workspace itself. Other files at this path are not changed.

    `app`, `./app/` and `/workspace/app` are the same path.
    """
    source: Annotated[Annotated[Archive, AfterValidator(require_local)] | None, Update()] = None
    """Contents as an archive: a `FileArchive` (folder, .zip, .tar or .tar.gz) or an `AssetArchive`.

    Conflicts with `sourcePath`, and has the same limits.
    """
    source_path: Annotated[str | None, Update()] = None
    """Path of a folder, .zip, .tar or .tar.gz on the machine where the provider runs.

    At most 10,000 files. An archive has at most 50,000 entries and 4 GiB of unpacked data. Symbolic links inside the
    source are copied as links. Other symbolic links are rejected.
    """
    exclude: Annotated[list[Pattern] | None, Update(on_removal=True)] = None
    """Patterns of files and folders to exclude, in the syntax of `.gitignore`.

    `*.pyc` matches at any depth. `/build` and `a/b` match from the root of the source. `logs/` matches only folders.
    `!keep.log` includes a file again. The plan warns about a pattern that matches nothing.
    """


class DirectoryResource(SandboxFileResource[DirectoryInputs, TreeOutputs]):
    """A directory in a sandbox with the contents of a local folder or an archive.

    The provider compares files by digest. An update sends only the files that differ and removes files that the source
    no longer contains. A refresh detects drift. Deleting the resource removes only the files that it wrote and that
    were not changed since.
    """

    name = "Directory"
    inputs = DirectoryInputs
    outputs = TreeOutputs
    subject = "a directory"
    content_inputs = (*SOURCE_PROPERTIES, "exclude")
    unstored_inputs = ("source",)
    written_output = "files"
    timeouts = Timeouts(create=1800, update=1800)

    @override
    def find_failures(self, raw_inputs: Mapping[str, Any], warn: WarningHandler) -> Iterable[ValidationFailure]:
        # a pattern that is invalid cannot be matched
        tree = None if validate(self.inputs, raw_inputs) else _planned_tree(raw_inputs)
        return validate_tree(tree, warn) if tree else ()

    @override
    def planned_digests(
        self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]
    ) -> Mapping[str, str] | None:
        files = _files_from_state(old_inputs, state, new_inputs) or _planned_files(new_inputs)
        if files is None:
            return None
        stored = parse(TreeOutputs, state)
        # files that the resource did not write stay as they are
        others = {path: digest for path, digest in stored.drifted_files.items() if path not in stored.files}
        files = observed_files(others, files)
        source = next(name for name in SOURCE_PROPERTIES if new_inputs.get(name) is not None)
        return _tree_digests(source, tree_digest(files), files)

    @override
    def stored_digests(self, state: Mapping[str, Any], planned: Mapping[str, str]) -> Mapping[str, str]:
        stored = parse(TreeOutputs, state)
        files = observed_files(stored.files, stored.drifted_files)
        unverified = dict.fromkeys(unverified_paths(stored, _stored_fingerprints(state)), UNKNOWN)
        source = next(name for name in SOURCE_PROPERTIES if name in planned)
        return _tree_digests(source, state["sha256"], {**files, **unverified})

    @override
    async def reconcile(self, id: str, inputs: DirectoryInputs, context: OperationContext) -> Observation[TreeOutputs]:
        with ExitStack() as stack:
            files = await run_in_thread(_parse_tree(_source_inputs(inputs)).files, stack)
            async with open_session(self.api, inputs.sandbox_id, context) as session:
                tree = _tree_from_state(session, inputs.path, context.state)
                try:
                    await run_before_deadline(
                        tree.sync(files, context.deadline.on_progress),
                        deadline=context.deadline,
                        action="sending the files",
                    )
                except NeevError as error:
                    raise PartialFailure(_to_observation(id, tree)) from error
                return _to_observation(id, tree)

    @override
    async def observe(
        self, session: SandboxSession, id: str, path: str, state: Mapping[str, Any]
    ) -> Observation[TreeOutputs] | None:
        tree = _tree_from_state(session, path, state)
        await tree.refresh()
        return _to_observation(id, tree) if tree.current_files or not tree.outputs.files else None

    @override
    def observe_state(self, id: str, state: Mapping[str, Any]) -> Observation[TreeOutputs]:
        return Observation(id, {}, parse(TreeOutputs, state), hidden={FINGERPRINTS_KEY: _stored_fingerprints(state)})

    @override
    async def observe_import(self, session: SandboxSession, id: str, path: str) -> Observation[TreeOutputs] | None:
        tree = TreeSync(session, path, TreeOutputs())
        return _to_observation(id, tree) if await tree.scan(MAX_FILES) else None

    @override
    async def find_written(
        self, session: SandboxSession, id: str, inputs: DirectoryInputs
    ) -> Observation[TreeOutputs] | None:
        files = await run_in_thread(_planned_files, _source_inputs(inputs))
        if not files:
            return None
        tree = TreeSync(session, inputs.path, TreeOutputs(files=files))
        await tree.refresh()
        # the next create overwrites a tree that is incomplete
        return None if tree.outputs.drifted_files else _to_observation(id, tree)

    @override
    async def remove(self, session: SandboxSession, id: str, path: str, context: OperationContext) -> None:
        tree = _tree_from_state(session, path, context.state)
        for remaining in await tree.remove(tree.outputs.files):
            context.log(f"{path}/{remaining} was written by somebody else since, so it is left where it is.")


def _files_from_state(
    old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]
) -> Mapping[str, str] | None:
    """Return the files from the state if the new source has no local content but the same hash as before."""
    before, after = old_inputs.get("source"), new_inputs.get("source")
    if not isinstance(before, Archive) or not isinstance(after, Archive) or after.has_content:
        return None
    return state.get("files") if before.hash == after.hash else None


def _source_inputs(inputs: DirectoryInputs) -> dict[str, Any]:
    return {"source": inputs.source, "sourcePath": inputs.source_path, "exclude": inputs.exclude}


def _parse_tree(values: Mapping[str, Any]) -> SourceTree:
    source = values.get("source")
    exclude = values.get("exclude") or ()
    if isinstance(source, AssetOrArchive):
        return SourceTree(source, "source", exclude)
    return SourceTree(Path(values["sourcePath"]), "sourcePath", exclude)


def _planned_tree(values: Mapping[str, Any]) -> SourceTree | None:
    """Return the tree in the inputs, or ``None`` if it is unknown or its content is not local."""
    source, path, exclude = (values.get(name) for name in (*SOURCE_PROPERTIES, "exclude"))
    is_asset = isinstance(source, AssetOrArchive) and source.has_content and source.uri is None
    is_local = is_asset or (source is None and isinstance(path, str))
    is_known = exclude is None or (isinstance(exclude, list) and all(isinstance(item, str) for item in exclude))
    return _parse_tree(values) if is_local and is_known else None


def _planned_files(values: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the digests of the planned files by path, or ``None`` if they are unknown or unreadable."""
    tree = _planned_tree(values)
    if tree is None:
        return None
    try:
        with ExitStack() as stack:
            return {path: file.digest for path, file in tree.files(stack).items()}
    except InputError:
        return None


def _to_observation(id: str, tree: TreeSync) -> Observation[TreeOutputs]:
    return Observation(id, {}, tree.outputs, hidden={FINGERPRINTS_KEY: tree.fingerprints})


def _tree_from_state(session: SandboxSession, path: str, state: Mapping[str, Any]) -> TreeSync:
    return TreeSync(session, path, parse(TreeOutputs, state), _stored_fingerprints(state))


def _stored_fingerprints(state: Mapping[str, Any]) -> dict[str, str]:
    """Return the stored fingerprints, or none if the state lacks one of the two file lists they refer to."""
    fingerprints = state.get(FINGERPRINTS_KEY) if "files" in state and "driftedFiles" in state else None
    if not isinstance(fingerprints, Mapping):
        return {}
    return {path: fingerprint for path, fingerprint in fingerprints.items() if isinstance(fingerprint, str)}


def _tree_digests(source: str, digest: str, files: Mapping[str, str]) -> dict[str, str]:
    parts = {format_path(("files", path)): files[path] for path in sorted(files)}
    return {source: digest, "sha256": digest, **parts}
