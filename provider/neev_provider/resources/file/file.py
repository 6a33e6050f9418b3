"""A file in a sandbox, known by the digest of its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.runtime import SandboxSession
from neev_provider.core.diff import Change, ChangeKind, Diff
from neev_provider.core.errors import NeevError, OperationFailed
from neev_provider.core.markers import Canonical, Computed, Replace, Update
from neev_provider.core.model import Inputs, Outputs, Rule
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Resource
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import ValidationFailure, WarningHandler, ignore, parse
from neev_provider.core.wait import run_before_deadline
from neev_provider.resources.file.content import (
    AT_MOST_ONE_CONTENT,
    CONTENT_PROPERTIES,
    Base64,
    LocalAsset,
    Mode,
    compute_digest,
    content_inputs,
    open_content,
    planned_digest,
    validate_readable,
)
from neev_provider.resources.lookups import REFRESH_BATCH_DELAY, none_if_not_found
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.sandbox.base import is_ready
from neev_provider.resources.session import open_session, parse_path_id, run_tool, sandbox_exists
from neev_provider.resources.workspace_paths import FilePath, canonicalize_path

INLINE_CONTENT = ("content", "contentBase64", "source")
"""The inputs that hold the content themselves."""


class FileInputs(Inputs):
    """What is written where."""

    rules: ClassVar[tuple[Rule, ...]] = (AT_MOST_ONE_CONTENT,)
    unique_together: ClassVar[tuple[str, ...]] = ("sandbox_id", "path")

    sandbox_id: Annotated[str, Replace()]
    """The sandbox it is in, by id. One that is paused is woken for a change, and paused again afterwards."""
    path: Annotated[FilePath, Replace(), Canonical(canonicalize_path)]
    """Where it is, below the workspace; directories on the way are made. What was there is overwritten.

    `conf/x`, `./conf//x` and `/workspace/conf/x` are the same place.
    """
    content: Annotated[str | None, Update()] = None
    """Its content as text (UTF-8). Of the four, one; without any a file that is made is empty, else it is left."""
    content_base64: Annotated[Base64 | None, Update()] = None
    """Its content as base64, for what is no text."""
    source: Annotated[LocalAsset | None, Update()] = None
    """Its content as an asset: a `FileAsset`, of any size, or a `StringAsset`."""
    source_path: Annotated[str | None, Update()] = None
    """A file of the machine that runs the program, of any size, sent in chunks; each plan reads it for its digest.

    A regular file, or a link to one; a pipe or a device is refused.
    """
    mode: Annotated[Mode | None, Update(), Computed()] = None
    """Its permissions, four octal digits such as `0755`. Unset: what the sandbox chose."""


class FileOutputs(Outputs):
    """What is there; of the content, only its digest."""

    sha256: str | None = None
    """The SHA-256 of its content, as it was seen last."""
    size_bytes: int | None = None
    """Its size in bytes."""
    modified_at: str | None = None
    """When it was changed last (RFC 3339)."""
    written_sha256: str | None = None
    """The SHA-256 of what this resource wrote: a file that holds something else is not deleted."""
    written_at: str | None = None
    """When that was changed last right after it was written (RFC 3339): what was written since is not deleted."""


class FileResource(Resource[Api, FileInputs, FileOutputs]):
    """A file in a sandbox.

    What it is outside is seen on a refresh, and put right by the next update. The outputs hold the digest of the
    content and not the content; deleting removes the file only while it holds what was written.
    """

    name = "File"
    inputs = FileInputs
    outputs = FileOutputs
    references = MappingProxyType({"sandbox_id": require_sandbox})
    parent = "sandboxId"
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
        return checked, [*failed, *validate_readable(checked)]

    @override
    def diff(self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> Diff:
        plain = super().diff(old_inputs, state, new_inputs)
        if state.get("sha256") is None:
            return plain  # nothing was written yet
        changes = tuple(each for each in plain.changes if each.property_name not in CONTENT_PROPERTIES)
        given = next((name for name in CONTENT_PROPERTIES if new_inputs.get(name) is not None), None)
        if given is not None and planned_digest(new_inputs) != state["sha256"]:
            changes = (*changes, Change(given, ChangeKind.UPDATE, requires_replacement=False))
        return Diff(changes, plain.delete_before_replace)

    @override
    def build_state(self, raw_inputs: Mapping[str, Any], observation: Observation[FileOutputs]) -> dict[str, Any]:
        kept = super().build_state(raw_inputs, observation)
        return {name: value for name, value in kept.items() if name not in INLINE_CONTENT}

    @override
    async def create(self, inputs: FileInputs, context: OperationContext) -> Observation[FileOutputs]:
        return Observation(f"{inputs.sandbox_id}/{inputs.path}", {}, FileOutputs())

    @override
    async def reconcile(self, id: str, inputs: FileInputs, context: OperationContext) -> Observation[FileOutputs]:
        was = parse(FileOutputs, context.state)
        async with open_session(self.api, inputs.sandbox_id, context) as sandbox:
            was, writes = await _plan_write(content_inputs(inputs), was)
            try:
                await run_before_deadline(
                    _apply(sandbox, inputs, context, needs_write=writes), deadline=context.deadline, action=inputs.path
                )
            except NeevError as error:
                raise PartialFailure(Observation(id, {}, was), error) from error
            live = await _observe(sandbox, id, inputs.path, was)
        if live is None:
            raise OperationFailed(
                f"{inputs.path} is gone right after it was written: something else in the sandbox removes it"
            )
        written = {"written_at": live.outputs.modified_at} if writes else {}
        return Observation(id, live.inputs, live.outputs.model_copy(update=written))

    @override
    async def read(self, id: str, inputs: FileInputs | None) -> Observation[FileOutputs] | None:
        sandbox_id, path = parse_path_id(id, "a file")
        seen = await none_if_not_found(self.api.sandboxes.get(sandbox_id))
        if seen is None:
            return None
        live = await _observe(self.api.runtime.session(seen), id, path, FileOutputs())
        return (
            None
            if live is None
            else Observation(id, {**live.inputs, "sandboxId": sandbox_id, "path": path}, live.outputs)
        )

    @override
    async def refresh(self, id: str, inputs: FileInputs, state: Mapping[str, Any]) -> Observation[FileOutputs] | None:
        was = parse(FileOutputs, state)
        seen = await self.api.sandboxes.observe(inputs.sandbox_id, REFRESH_BATCH_DELAY)
        if seen is None:
            return None
        if not is_ready(seen):
            return Observation(id, {"mode": state.get("mode")}, was)  # nobody writes to a file of a sandbox that sleeps
        return await _observe(self.api.runtime.session(seen), id, inputs.path, was)

    @override
    async def find_created(self, inputs: FileInputs) -> Observation[FileOutputs] | None:
        seen = await none_if_not_found(self.api.sandboxes.get(inputs.sandbox_id))
        if seen is None or not is_ready(seen):
            return None
        with await run_in_thread(open_content, content_inputs(inputs)) as content:
            wanted = await run_in_thread(compute_digest, content)
        live = await _observe(
            self.api.runtime.session(seen), f"{inputs.sandbox_id}/{inputs.path}", inputs.path, FileOutputs()
        )
        if live is None or live.outputs.sha256 != wanted:
            return None
        written = {"written_sha256": wanted, "written_at": live.outputs.modified_at}
        return Observation(live.id, live.inputs, live.outputs.model_copy(update=written))

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        sandbox_id, path = parse_path_id(id, "a file")
        was = parse(FileOutputs, context.state)
        if was.written_sha256 is None or not await sandbox_exists(self.api, sandbox_id):
            return
        async with open_session(self.api, sandbox_id, context) as sandbox:
            live = await _observe(sandbox, id, path, was)
            if live is None:
                return
            if live.outputs.sha256 != was.written_sha256:
                context.log(f"{path} holds something else than was written, so it is left where it is.")
            elif (was.written_at or was.modified_at) not in (None, live.outputs.modified_at):
                context.log(f"{path} was written by somebody else since, so it is left where it is.")
            else:
                await sandbox.delete(path)


async def _plan_write(raw_inputs: Mapping[str, Any], old_outputs: FileOutputs) -> tuple[FileOutputs, bool]:
    """What is known of the file once it is as asked for, and whether it has to be written for that."""
    with await run_in_thread(open_content, raw_inputs) as content:
        wanted = await run_in_thread(compute_digest, content)
    left_alone = old_outputs.sha256 is not None and not raw_inputs
    writes = not left_alone and (old_outputs.written_sha256 is None or old_outputs.sha256 != wanted)
    return (FileOutputs(written_sha256=wanted) if writes else old_outputs), writes


async def _apply(sandbox: SandboxSession, inputs: FileInputs, context: OperationContext, *, needs_write: bool) -> None:
    if needs_write:
        context.deadline.on_progress(f"writing {inputs.path}")
        with await run_in_thread(open_content, content_inputs(inputs)) as content:
            await sandbox.write(inputs.path, content)
    if inputs.mode is not None:
        await chmod(sandbox, inputs.path, inputs.mode)


async def _observe(
    sandbox: SandboxSession, id: str, path: str, old_outputs: FileOutputs
) -> Observation[FileOutputs] | None:
    """The file as it is; one whose size and time are those of before is not read again."""
    entry = await sandbox.stat(path)
    if entry is None or not entry.is_file:
        return None
    same = old_outputs.sha256 is not None and (old_outputs.size_bytes, old_outputs.modified_at) == (
        entry.size,
        entry.modified_at,
    )
    digest = old_outputs.sha256 if same else await sandbox.sha256(path)
    outputs = {"sha256": digest, "size_bytes": entry.size, "modified_at": entry.modified_at}
    return Observation(id, {"mode": f"{entry.mode:04o}"}, old_outputs.model_copy(update=outputs))


async def chmod(sandbox: SandboxSession, path: str, mode: str) -> None:
    """The file has this mode."""
    await run_tool(sandbox, ["chmod", mode, "--", path], f"{path} is written, but its permissions are not set")
