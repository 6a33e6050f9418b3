"""The building of an image: a sandbox in which the steps run, of which a snapshot is taken."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from neev_provider.client import Api
from neev_provider.client.runtime import SandboxSession, ExecRequest
from neev_provider.core.errors import Cancelled, DeadlineExceeded, OperationFailed, NeevError
from neev_provider.core.resource import OperationContext
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import parse
from neev_provider.core.wait import run_before_deadline
from neev_provider.resources.file.content import opened, said
from neev_provider.resources.file.file import chmod
from neev_provider.resources.file.tree_sync import Copy, TreeOutputs
from neev_provider.resources.image.inputs import GoldenImageInputs
from neev_provider.resources.image.steps import BuildStep, digest
from neev_provider.resources.output_capture import Transcript
from neev_provider.resources.sandbox.expiration import OnIdle
from neev_provider.resources.sandbox.sandbox import Sandbox, SandboxInputs
from neev_provider.resources.session import hurried, inside
from neev_provider.resources.snapshot import Snapshot, SnapshotInputs

BUILDER, CAPTURE = Sandbox(), Snapshot()


async def build(  # noqa: PLR0913  what is built, each by its name
    api: Api, inputs: GoldenImageInputs, digests: Sequence[str], call: OperationContext, *, builder: str, snapshot: str
) -> None:
    """There is a sandbox with the builder's name and a snapshot of it, which is ready; the steps have run once in it.

    Whatever fails or stops that, the sandbox is deleted if that can still be had: half a recipe is no image. Where it
    cannot, the next build finds it by its name.
    """
    asked = _builder(builder, inputs)
    id = (await BUILDER.create(api, asked, call)).id
    try:
        if inputs.source_snapshot_id is not None:
            # it was made in the size of the snapshot's origin
            await BUILDER.reconcile(api, id, asked, call)
        async with inside(api, id, call) as sandbox:
            for number, step in enumerate(inputs.steps or ()):
                what = f"step {number + 1} of {len(inputs.steps or ())} ({step.title})"
                call.deadline.on_progress(what)
                await _Step(sandbox, step, what, call).do(inputs.env or {}, digests[number])
        call.deadline.on_progress("taking the snapshot")
        captured = await api.snapshots.create(id, name=snapshot)
        await CAPTURE.reconcile(api, captured.id, SnapshotInputs(sandbox_id=id), call)
    except BaseException:
        await hurried(api.sandboxes.delete(id), call, what="removing the builder")
        raise


class _Step:
    """One step, in the words of its errors."""

    def __init__(self, sandbox: SandboxSession, step: BuildStep, what: str, call: OperationContext) -> None:
        self._sandbox = sandbox
        self._step = step
        self._what = what
        self._call = call

    async def do(self, env: dict[str, str], expected: str) -> None:
        """The step is done; whatever it fails by says which one it is."""
        work = self._run(env) if self._step.run is not None else self._write(expected)
        try:
            await run_before_deadline(work, deadline=self._call.deadline, action=self._what)
        except (Cancelled, DeadlineExceeded):
            raise
        except NeevError as error:
            raise OperationFailed(
                f"{self._what}: {error.summary}", hint="The next `pulumi up` builds it afresh."
            ) from error

    async def _run(self, env: dict[str, str]) -> None:
        step, patience = self._step, self._call.deadline
        run = ExecRequest(step.run or [], step.cwd, env, timeout=step.timeout_seconds)
        transcript = Transcript(self._call.log, silent="steps" in self._call.secret_inputs)
        try:
            try:
                code = await self._sandbox.exec(run, transcript.hear, read_timeout=patience.timeout - patience.elapsed)
            finally:
                transcript.end()
        except NeevError as error:
            raise OperationFailed(f"{error.summary} {transcript.last_lines}") from error
        if code != 0:
            raise OperationFailed(f"it ended with exit code {code}. {transcript.last_lines}")

    async def _write(self, expected: str) -> None:
        step, path = self._step, self._step.path or ""
        if await run_in_thread(digest, step) != expected:
            raise OperationFailed(f"what {path} is to hold was changed while the image was built")
        tree = step.tree
        if tree is not None:
            with ExitStack() as kept:
                leaves = await run_in_thread(tree.leaves, kept)
                await Copy(self._sandbox, path, TreeOutputs()).bring(leaves, self._call.deadline.on_progress)
            return
        with await run_in_thread(opened, said(step)) as content:
            await self._sandbox.write(path, content)
        if step.mode is not None:
            await chmod(self._sandbox, path, step.mode)


def _builder(name: str, inputs: GoldenImageInputs) -> SandboxInputs:
    said = {
        "name": name,
        "template_id": inputs.template_id,
        "image": inputs.image,
        "snapshot_id": inputs.source_snapshot_id,
        "region": inputs.region,
        "cpu": inputs.cpu,
        "memory_gb": inputs.memory_gb,
        "disk_gb": inputs.disk_gb,
        "rootfs_disk_gb": inputs.rootfs_disk_gb,
        "egress": inputs.egress,
        # the account's windows must not take the image away: it goes with its builder
        "max_lifetime_seconds": 0,
        "paused_retention_seconds": 0,
        "on_idle": OnIdle.PAUSE,
    }
    return parse(SandboxInputs, said)
