"""A directory of a sandbox that holds what an archive or a local folder holds, file by file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.core.assets import Archive, AssetOrArchive
from neev_provider.core.diff import Change, ChangeKind, Diff
from neev_provider.core.errors import InputError, NeevError
from neev_provider.core.markers import Canonical, Removable, Replace, Update
from neev_provider.core.model import Inputs, Rule
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Resource, Timeouts
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import ValidationFailure, WarningHandler, exactly_one_of, format_path, ignore, parse
from neev_provider.core.wait import run_before_deadline
from neev_provider.resources.file.content import require_local
from neev_provider.resources.file.exclude_patterns import Pattern
from neev_provider.resources.file.source_tree import MAX_FILES, SourceTree, validate_tree
from neev_provider.resources.file.tree_sync import TreeOutputs, TreeSync, observed_files
from neev_provider.resources.lookups import REFRESH_BATCH_DELAY, none_if_not_found
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.sandbox.base import is_ready
from neev_provider.resources.session import open_session, parse_path_id, sandbox_exists
from neev_provider.resources.workspace_paths import FolderPath, canonicalize_path

SOURCE_PROPERTIES = ("source", "sourcePath")
"""The inputs that say what the directory holds, in either of two ways."""


class DirectoryInputs(Inputs):
    """What is written where."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("source", "source_path"),)
    unique_together: ClassVar[tuple[str, ...]] = ("sandbox_id", "path")

    sandbox_id: Annotated[str, Replace()]
    """The sandbox it is in, by id. One that is paused is woken for a change, and paused again afterwards."""
    path: Annotated[FolderPath, Replace(), Canonical(canonicalize_path)]
    """Where it is, in or below the workspace; `.` is the workspace itself. What is there besides is left alone.

    `app`, `./app/` and `/workspace/app` are the same place.
    """
    source: Annotated[Annotated[Archive, AfterValidator(require_local)] | None, Update()] = None
    """What it holds, as an archive: a `FileArchive` (folder, .zip, .tar or .tar.gz) or `AssetArchive`.

    At most 10,000 files. An archive has at most 50,000 entries, and 4 GiB once it is unpacked. A symbolic link is sent
    as one where it leads to a place inside the folder; any other is refused.
    """
    source_path: Annotated[str | None, Update()] = None
    """A folder, .zip, .tar or .tar.gz of the machine that runs the program. Instead of `source`."""
    exclude: Annotated[list[Pattern] | None, Update(), Removable()] = None
    """What is left out, with all below it, written as in a .gitignore.

    `*.pyc` at any depth, `/build` or `a/b` from the top, `logs/` only folders, `!keep.log` what stays after all. A
    pattern that matches nothing is a warning of the plan.
    """


class DirectoryResource(Resource[Api, DirectoryInputs, TreeOutputs]):
    """A directory in a sandbox that holds what a local folder or an archive holds.

    Files are compared by their digests: a change sends only those that differ, and removes those that are no longer in
    the source. What was changed outside is seen on a refresh. Deleting removes only what it wrote and nobody changed.
    """

    name = "Directory"
    inputs = DirectoryInputs
    outputs = TreeOutputs
    references = MappingProxyType({"sandbox_id": require_sandbox})
    parent = "sandboxId"
    timeouts = Timeouts(create=1800, update=1800)
    is_slow = True

    @override
    def check(
        self,
        old_inputs: Mapping[str, Any],
        new_inputs: Mapping[str, Any],
        generate_name: Callable[[], str],
        warn: WarningHandler = ignore,
    ) -> tuple[dict[str, Any], list[ValidationFailure]]:
        checked, failed = super().check(old_inputs, new_inputs, generate_name, warn)
        tree = None if failed else _planned_tree(checked)
        return checked, [*failed, *(validate_tree(tree, warn) if tree else ())]

    @override
    def diff(self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> Diff:
        plain = super().diff(old_inputs, state, new_inputs)
        if state.get("sha256") is None:
            return plain  # nothing was written yet
        changes = tuple(each for each in plain.changes if each.property_name not in (*SOURCE_PROPERTIES, "exclude"))
        given = next((name for name in SOURCE_PROPERTIES if new_inputs.get(name) is not None), SOURCE_PROPERTIES[0])
        wanted = _files_from_state(old_inputs, state, new_inputs) or _planned_files(new_inputs)
        differing = () if wanted is None else tuple(_changed_files(state, wanted))
        if wanted is None or differing:
            changes = (*changes, Change(given, ChangeKind.UPDATE, requires_replacement=False), *differing)
        return Diff(changes, plain.delete_before_replace)

    @override
    def build_state(self, raw_inputs: Mapping[str, Any], observation: Observation[TreeOutputs]) -> dict[str, Any]:
        return {name: value for name, value in super().build_state(raw_inputs, observation).items() if name != "source"}

    @override
    async def create(self, inputs: DirectoryInputs, context: OperationContext) -> Observation[TreeOutputs]:
        return Observation(f"{inputs.sandbox_id}/{inputs.path}", {}, TreeOutputs())

    @override
    async def reconcile(self, id: str, inputs: DirectoryInputs, context: OperationContext) -> Observation[TreeOutputs]:
        with ExitStack() as kept:
            leaves = await run_in_thread(_parse_tree(_source_inputs(inputs)).files, kept)
            async with open_session(self.api, inputs.sandbox_id, context) as sandbox:
                copy = TreeSync(sandbox, inputs.path, _outputs_from_state(context.state))
                patience = context.deadline
                try:
                    await run_before_deadline(
                        copy.sync(leaves, patience.on_progress), deadline=patience, action="sending the files"
                    )
                except NeevError as error:
                    raise PartialFailure(Observation(id, {}, copy.outputs), error) from error
                return Observation(id, {}, copy.outputs)

    @override
    async def read(self, id: str, inputs: DirectoryInputs | None) -> Observation[TreeOutputs] | None:
        sandbox_id, path = parse_path_id(id, "a directory")
        there = await none_if_not_found(self.api.sandboxes.get(sandbox_id))
        if there is None:
            return None
        copy = TreeSync(self.api.runtime.session(there), path, TreeOutputs())
        if not await copy.scan(MAX_FILES):
            return None
        return Observation(id, {"sandboxId": sandbox_id, "path": path}, copy.outputs)

    @override
    async def refresh(
        self, id: str, inputs: DirectoryInputs, state: Mapping[str, Any]
    ) -> Observation[TreeOutputs] | None:
        was = _outputs_from_state(state)
        there = await self.api.sandboxes.observe(inputs.sandbox_id, REFRESH_BATCH_DELAY)
        if there is None:
            return None
        if not is_ready(there):
            return Observation(id, {}, was)  # nobody writes to the files of a sandbox that sleeps
        copy = TreeSync(self.api.runtime.session(there), inputs.path, was)
        await copy.refresh()
        return Observation(id, {}, copy.outputs) if copy.current_files or not was.files else None

    @override
    async def find_created(self, inputs: DirectoryInputs) -> Observation[TreeOutputs] | None:
        there = await none_if_not_found(self.api.sandboxes.get(inputs.sandbox_id))
        wanted = await run_in_thread(_planned_files, _source_inputs(inputs))
        if not wanted or there is None or not is_ready(there):
            return None
        copy = TreeSync(self.api.runtime.session(there), inputs.path, TreeOutputs(files=wanted))
        await copy.refresh()
        # what is only partly there is written over by the next create
        return (
            None if copy.outputs.drifted_files else Observation(f"{inputs.sandbox_id}/{inputs.path}", {}, copy.outputs)
        )

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        sandbox_id, path = parse_path_id(id, "a directory")
        was = _outputs_from_state(context.state)
        if not was.files or not await sandbox_exists(self.api, sandbox_id):
            return
        async with open_session(self.api, sandbox_id, context) as sandbox:
            for left in await TreeSync(sandbox, path, was).remove(was.files):
                context.log(f"{path}/{left} was written by somebody else since, so it is left where it is.")


def _files_from_state(
    old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]
) -> Mapping[str, str] | None:
    """The files that were written, where the source is not at hand but known to be the one of before."""
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
    """The tree that checked inputs say; none where that is not known yet or not at hand."""
    source, path, exclude = (values.get(name) for name in (*SOURCE_PROPERTIES, "exclude"))
    given = path if source is None else source
    if not isinstance(given, str | AssetOrArchive) or not isinstance(exclude or [], list):
        return None
    if not all(isinstance(each, str) for each in exclude or []) or not (isinstance(given, str) or given.has_content):
        return None
    return _parse_tree(values)


def _planned_files(values: Mapping[str, Any]) -> dict[str, str] | None:
    """The files that checked inputs say, by path; none where that is not known yet or cannot be read."""
    tree = _planned_tree(values)
    if tree is None:
        return None
    try:
        with ExitStack() as kept:
            return {path: leaf.digest for path, leaf in tree.files(kept).items()}
    except InputError:
        return None


def _outputs_from_state(state: Mapping[str, Any]) -> TreeOutputs:
    """Return what is known of the files; fingerprints belong to both lists, and without one of them to no file."""
    whole = "files" in state and "driftedFiles" in state
    return parse(TreeOutputs, {name: value for name, value in state.items() if whole or name != "fingerprints"})


def _changed_files(state: Mapping[str, Any], desired: Mapping[str, str]) -> list[Change]:
    """The files that are sent, turned or removed."""
    now = observed_files(state.get("files") or {}, state.get("driftedFiles") or {})
    kinds = {
        path: ChangeKind.ADD if path not in now else ChangeKind.UPDATE
        for path in desired
        if now.get(path) != desired[path]
    }
    kinds |= {path: ChangeKind.DELETE for path in state.get("files") or {} if path not in desired}
    return [Change(format_path(("files", path)), kinds[path], requires_replacement=False) for path in sorted(kinds)]
