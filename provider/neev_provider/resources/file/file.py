"""A file in a sandbox, known by the digest of its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.runtime import SandboxSession
from neev_provider.core.diff import Change, Diff, ChangeKind
from neev_provider.core.errors import OperationFailed, NeevError
from neev_provider.core.markers import Canonical, Replace, Update, Computed
from neev_provider.core.model import Inputs, Outputs, Rule
from neev_provider.core.resource import OperationContext, PartialFailure, Observation, Resource
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import ValidationFailure, WarningHandler, parse, ignore
from neev_provider.core.wait import run_before_deadline
from neev_provider.resources.file.content import (
    CONTENTS,
    ONE_OF_THEM,
    Base64,
    LocalAsset,
    Mode,
    digest,
    digest_of,
    opened,
    said,
    unreadable,
)
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.sandbox.base import SOON, found, is_ready
from neev_provider.resources.session import inside, is_there, place, run_tool
from neev_provider.resources.workspace_paths import FilePath, same_place

HELD = ("content", "contentBase64", "source")
"""The inputs that hold the content themselves."""


class FileInputs(Inputs):
    """What is written where."""

    rules: ClassVar[tuple[Rule, ...]] = (ONE_OF_THEM,)
    unique_together: ClassVar[tuple[str, ...]] = ("sandbox_id", "path")

    sandbox_id: Annotated[str, Replace()]
    """The sandbox it is in, by id. One that is paused is woken for a change, and paused again afterwards."""
    path: Annotated[FilePath, Replace(), Canonical(same_place)]
    """Where it is, below the workspace; directories on the way are made. What was there is overwritten.

    `conf/x`, `./conf//x` and `/workspace/conf/x` are the same place.
    """
    content: Annotated[str | None, Update()] = None
    """Its content as text (UTF-8). Of the four, one; without any a file that is made is empty, else it is left."""
    content_base64: Annotated[Base64 | None, Update()] = None
    """Its content as base64, for what is no text."""
    source: Annotated[LocalAsset | None, Update()] = None
    """Its content as a Pulumi asset: a `FileAsset`, of any size, or a `StringAsset`."""
    source_path: Annotated[str | None, Update()] = None
    """A file of the machine that runs Pulumi, of any size, sent in chunks; each plan reads it for its digest.

    A regular file, or a link to one; a pipe or a device is refused.
    """
    mode: Annotated[Mode | None, Update(), Computed()] = None
    """Its permissions, four octal digits such as `0755`. Unset: what the sandbox chose."""


class FileOutputs(Outputs):
    """What is there; of the content, only its digest."""

    sha256: str | None = None
    """The SHA-256 of its content, as it was seen last."""
    size: int | None = None
    """Its size in bytes."""
    modified_at: str | None = None
    """When it was changed last (RFC 3339)."""
    written_sha256: str | None = None
    """The SHA-256 of what this resource wrote: a file that holds something else is not deleted."""
    written_at: str | None = None
    """When that was changed last right after it was written (RFC 3339): what was written since is not deleted."""


class File(Resource[FileInputs, FileOutputs]):
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
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        generate_name: Callable[[], str],
        warn: WarningHandler = ignore,
    ) -> tuple[dict[str, Any], list[ValidationFailure]]:
        checked, failed = super().check(old, new, generate_name, warn)
        return checked, [*failed, *unreadable(checked)]

    @override
    def diff(self, old: Mapping[str, Any], state: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        plain = super().diff(old, state, new)
        if state.get("sha256") is None:
            return plain  # nothing was written yet
        changes = tuple(each for each in plain.changes if each.property_name not in CONTENTS)
        given = next((name for name in CONTENTS if new.get(name) is not None), None)
        if given is not None and digest_of(new) != state["sha256"]:
            changes = (*changes, Change(given, ChangeKind.UPDATE, requires_replacement=False))
        return Diff(changes, plain.delete_before_replace)

    @override
    def build_state(self, asked: Mapping[str, Any], live: Observation[FileOutputs]) -> dict[str, Any]:
        kept = super().build_state(asked, live)
        return {name: value for name, value in kept.items() if name not in HELD}

    @override
    async def create(self, api: Api, inputs: FileInputs, call: OperationContext) -> Observation[FileOutputs]:
        return Observation(f"{inputs.sandbox_id}/{inputs.path}", {}, FileOutputs())

    @override
    async def reconcile(
        self, api: Api, id: str, inputs: FileInputs, call: OperationContext
    ) -> Observation[FileOutputs]:
        was = parse(FileOutputs, call.state)
        async with inside(api, inputs.sandbox_id, call) as sandbox:
            was, writes = await _planned(said(inputs), was)
            try:
                await run_before_deadline(
                    _bring(sandbox, inputs, call, writes=writes), deadline=call.deadline, action=inputs.path
                )
            except NeevError as error:
                raise PartialFailure(Observation(id, {}, was), error) from error
            live = await _seen(sandbox, id, inputs.path, was)
        if live is None:
            raise OperationFailed(
                f"{inputs.path} is gone right after it was written: something else in the sandbox removes it"
            )
        written = {"written_at": live.outputs.modified_at} if writes else {}
        return Observation(id, live.inputs, live.outputs.model_copy(update=written))

    @override
    async def read(self, api: Api, id: str, inputs: FileInputs | None) -> Observation[FileOutputs] | None:
        sandbox_id, path = place(id, "a file")
        seen = await found(api.sandboxes.get(sandbox_id))
        if seen is None:
            return None
        live = await _seen(api.runtime.session(seen), id, path, FileOutputs())
        return (
            None
            if live is None
            else Observation(id, {**live.inputs, "sandboxId": sandbox_id, "path": path}, live.outputs)
        )

    @override
    async def refresh(
        self, api: Api, id: str, inputs: FileInputs, state: Mapping[str, Any]
    ) -> Observation[FileOutputs] | None:
        was = parse(FileOutputs, state)
        seen = await api.sandboxes.observe(inputs.sandbox_id, SOON)
        if seen is None:
            return None
        if not is_ready(seen):
            return Observation(id, {"mode": state.get("mode")}, was)  # nobody writes to a file of a sandbox that sleeps
        return await _seen(api.runtime.session(seen), id, inputs.path, was)

    @override
    async def find_created(self, api: Api, inputs: FileInputs) -> Observation[FileOutputs] | None:
        seen = await found(api.sandboxes.get(inputs.sandbox_id))
        if seen is None or not is_ready(seen):
            return None
        with await run_in_thread(opened, said(inputs)) as content:
            wanted = await run_in_thread(digest, content)
        live = await _seen(api.runtime.session(seen), f"{inputs.sandbox_id}/{inputs.path}", inputs.path, FileOutputs())
        if live is None or live.outputs.sha256 != wanted:
            return None
        written = {"written_sha256": wanted, "written_at": live.outputs.modified_at}
        return Observation(live.id, live.inputs, live.outputs.model_copy(update=written))

    @override
    async def delete(self, api: Api, id: str, call: OperationContext) -> None:
        sandbox_id, path = place(id, "a file")
        was = parse(FileOutputs, call.state)
        if was.written_sha256 is None or not await is_there(api, sandbox_id):
            return
        async with inside(api, sandbox_id, call) as sandbox:
            live = await _seen(sandbox, id, path, was)
            if live is None:
                return
            if live.outputs.sha256 != was.written_sha256:
                call.log(f"{path} holds something else than was written, so it is left where it is.")
            elif (was.written_at or was.modified_at) not in (None, live.outputs.modified_at):
                call.log(f"{path} was written by somebody else since, so it is left where it is.")
            else:
                await sandbox.delete(path)


async def _planned(given: Mapping[str, Any], was: FileOutputs) -> tuple[FileOutputs, bool]:
    """What is known of the file once it is as asked for, and whether it has to be written for that."""
    with await run_in_thread(opened, given) as content:
        wanted = await run_in_thread(digest, content)
    left_alone = was.sha256 is not None and not given
    writes = not left_alone and (was.written_sha256 is None or was.sha256 != wanted)
    return (FileOutputs(written_sha256=wanted) if writes else was), writes


async def _bring(sandbox: SandboxSession, inputs: FileInputs, call: OperationContext, *, writes: bool) -> None:
    if writes:
        call.deadline.on_progress(f"writing {inputs.path}")
        with await run_in_thread(opened, said(inputs)) as content:
            await sandbox.write(inputs.path, content)
    if inputs.mode is not None:
        await chmod(sandbox, inputs.path, inputs.mode)


async def _seen(sandbox: SandboxSession, id: str, path: str, was: FileOutputs) -> Observation[FileOutputs] | None:
    """The file as it is; one whose size and time are those of before is not read again."""
    entry = await sandbox.stat(path)
    if entry is None or not entry.is_file:
        return None
    same = was.sha256 is not None and (was.size, was.modified_at) == (entry.size, entry.modified_at)
    digest = was.sha256 if same else await sandbox.sha256(path)
    outputs = {"sha256": digest, "size": entry.size, "modified_at": entry.modified_at}
    return Observation(id, {"mode": f"{entry.mode:04o}"}, was.model_copy(update=outputs))


async def chmod(sandbox: SandboxSession, path: str, mode: str) -> None:
    """The file has this mode."""
    await run_tool(sandbox, ["chmod", mode, "--", path], f"{path} is written, but its permissions are not set")
