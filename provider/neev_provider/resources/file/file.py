"""A file in a sandbox. Its content is compared by digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from typing_extensions import override

from neev_provider.client.runtime import SandboxSession
from neev_provider.core.errors import NeevError, OperationFailed
from neev_provider.core.markers import Canonical, Computed, Replace, Update
from neev_provider.core.model import Outputs, Rule
from neev_provider.core.resource import Observation, OperationContext, PartialFailure
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import ValidationFailure, WarningHandler, parse
from neev_provider.core.wait import run_before_deadline
from neev_provider.resources.file.base import SandboxFileInputs, SandboxFileResource
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
from neev_provider.resources.session import open_session, run_tool
from neev_provider.resources.workspace_paths import FilePath, canonicalize_path


class FileInputs(SandboxFileInputs):
    """Inputs of a file."""

    rules: ClassVar[tuple[Rule, ...]] = (AT_MOST_ONE_CONTENT,)

    sandbox_id: Annotated[str, Replace()]
    """Id of the sandbox. If it is paused, it is resumed for a change and paused again afterwards."""
    path: Annotated[FilePath, Replace(), Canonical(canonicalize_path)]
    """Path of the file in the workspace. Missing directories are created. An existing file is overwritten.

    `conf/x`, `./conf//x` and `/workspace/conf/x` are the same path.
    """
    content: Annotated[str | None, Update()] = None
    """File content as UTF-8 text. Conflicts with the other inputs of content.

    If none of them is set, a new file is empty and an existing file keeps its content.
    """
    content_base64: Annotated[Base64 | None, Update()] = None
    """File content in Base64, for binary data. Conflicts with the other inputs of content."""
    source: Annotated[LocalAsset | None, Update()] = None
    """File content as an asset: a `FileAsset` or a `StringAsset`. Conflicts with the other inputs of content."""
    source_path: Annotated[str | None, Update()] = None
    """Path of a file on the machine where the provider runs. Conflicts with the other inputs of content.

    The path must lead to a regular file or to a link to one. The file can have any size and is sent in chunks. Each
    plan reads it to compute its digest.
    """
    mode: Annotated[Mode | None, Update(), Computed()] = None
    """Permissions as four octal digits, such as `0755`. Defaults to a value that the sandbox chooses."""


class FileOutputs(Outputs):
    """Outputs of a file. They contain the digest of the content, not the content."""

    sha256: str | None = None
    """SHA-256 of the content at the last observation."""
    size_bytes: int | None = None
    """Size of the file in bytes."""
    modified_at: str | None = None
    """Time of the last modification (RFC 3339)."""
    written_sha256: str | None = None
    """SHA-256 of the content that this resource wrote. A file with other content is not deleted."""
    written_at: str | None = None
    """Modification time of the file after this resource wrote it (RFC 3339). A file modified later is not deleted."""


class FileResource(SandboxFileResource[FileInputs, FileOutputs]):
    """A file in a sandbox.

    A refresh detects drift, and the next update corrects it. The outputs contain the digest of the content, not the
    content. Deleting the resource removes the file only if it still has the content that the resource wrote.
    """

    name = "File"
    inputs = FileInputs
    outputs = FileOutputs
    subject = "a file"
    content_inputs = CONTENT_PROPERTIES
    unstored_inputs = ("content", "contentBase64", "source")
    written_output = "writtenSha256"

    @override
    def find_failures(self, raw_inputs: Mapping[str, Any], warn: WarningHandler) -> Iterable[ValidationFailure]:
        return validate_readable(raw_inputs)

    @override
    def planned_digests(
        self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]
    ) -> Mapping[str, str] | None:
        source = next((name for name in CONTENT_PROPERTIES if new_inputs.get(name) is not None), None)
        if source is None:
            return {}
        digest = planned_digest(new_inputs)
        return None if digest is None else dict.fromkeys((source, "sha256"), digest)

    @override
    def stored_digests(self, state: Mapping[str, Any], planned: Mapping[str, str]) -> Mapping[str, str]:
        return dict.fromkeys(planned, state["sha256"])

    @override
    async def reconcile(self, id: str, inputs: FileInputs, context: OperationContext) -> Observation[FileOutputs]:
        old_outputs = parse(FileOutputs, context.state)
        async with open_session(self.api, inputs.sandbox_id, context) as session:
            outputs, needs_write = await _plan_write(content_inputs(inputs), old_outputs)
            try:
                await run_before_deadline(
                    _apply(session, inputs, context, needs_write=needs_write),
                    deadline=context.deadline,
                    action=inputs.path,
                )
            except NeevError as error:
                raise PartialFailure(Observation(id, {}, outputs)) from error
            observation = await _observe(session, id, inputs.path, outputs)
        if observation is None:
            raise OperationFailed(
                f"{inputs.path} disappeared right after it was written; another process in the sandbox removes it"
            )
        return _with_write(observation, written_at=observation.outputs.modified_at) if needs_write else observation

    @override
    async def observe(
        self, session: SandboxSession, id: str, path: str, state: Mapping[str, Any]
    ) -> Observation[FileOutputs] | None:
        return await _observe(session, id, path, parse(FileOutputs, state))

    @override
    def observe_state(self, id: str, state: Mapping[str, Any]) -> Observation[FileOutputs]:
        return Observation(id, {"mode": state.get("mode")}, parse(FileOutputs, state))

    @override
    async def find_written(
        self, session: SandboxSession, id: str, inputs: FileInputs
    ) -> Observation[FileOutputs] | None:
        digest = await _compute_digest(content_inputs(inputs))
        observation = await _observe(session, id, inputs.path, FileOutputs())
        if observation is None or observation.outputs.sha256 != digest:
            return None
        return _with_write(observation, written_sha256=digest, written_at=observation.outputs.modified_at)

    @override
    async def remove(self, session: SandboxSession, id: str, path: str, context: OperationContext) -> None:
        written = parse(FileOutputs, context.state)
        observation = await _observe(session, id, path, written)
        if observation is None:
            return
        if observation.outputs.sha256 != written.written_sha256:
            context.log(f"{path} holds something else than was written, so it is left where it is.")
        elif (written.written_at or written.modified_at) not in (None, observation.outputs.modified_at):
            context.log(f"{path} was written by somebody else since, so it is left where it is.")
        else:
            await session.delete(path)


async def _compute_digest(raw_inputs: Mapping[str, Any]) -> str:
    with await run_in_thread(open_content, raw_inputs) as content:
        return await run_in_thread(compute_digest, content)


async def _plan_write(raw_inputs: Mapping[str, Any], old_outputs: FileOutputs) -> tuple[FileOutputs, bool]:
    """Return the outputs to store if the operation fails, and whether the file has to be written."""
    digest = await _compute_digest(raw_inputs)
    keeps_content = old_outputs.sha256 is not None and not raw_inputs
    needs_write = not keeps_content and (old_outputs.written_sha256 is None or old_outputs.sha256 != digest)
    return (FileOutputs(written_sha256=digest) if needs_write else old_outputs), needs_write


def _with_write(observation: Observation[FileOutputs], **written: str | None) -> Observation[FileOutputs]:
    return replace(observation, outputs=observation.outputs.model_copy(update=written))


async def _apply(session: SandboxSession, inputs: FileInputs, context: OperationContext, *, needs_write: bool) -> None:
    if needs_write:
        context.deadline.on_progress(f"writing {inputs.path}")
        with await run_in_thread(open_content, content_inputs(inputs)) as content:
            await session.write(inputs.path, content)
    if inputs.mode is not None:
        await chmod(session, inputs.path, inputs.mode)


async def _observe(
    session: SandboxSession, id: str, path: str, old_outputs: FileOutputs
) -> Observation[FileOutputs] | None:
    """Return the current observation of the file. Do not read the content again if size and time are unchanged."""
    entry = await session.stat(path)
    if entry is None or not entry.is_file:
        return None
    fingerprint = (entry.size, entry.modified_at)
    is_unchanged = old_outputs.sha256 is not None and (old_outputs.size_bytes, old_outputs.modified_at) == fingerprint
    digest = old_outputs.sha256 if is_unchanged else await session.sha256(path)
    outputs = {"sha256": digest, "size_bytes": entry.size, "modified_at": entry.modified_at}
    return Observation(id, {"mode": f"{entry.mode:04o}"}, old_outputs.model_copy(update=outputs))


async def chmod(session: SandboxSession, path: str, mode: str) -> None:
    """Set the mode of the file."""
    await run_tool(session, ["chmod", mode, "--", path], f"{path} is written, but its permissions are not set")
