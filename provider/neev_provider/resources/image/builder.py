"""Builds of golden images: run the steps in a sandbox and capture a snapshot of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from neev_provider.client import Api
from neev_provider.client.runtime import ExecRequest, SandboxSession
from neev_provider.core.errors import Cancelled, DeadlineExceeded, NeevError, OperationFailed
from neev_provider.core.resource import OperationContext
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import parse
from neev_provider.core.wait import run_before_deadline
from neev_provider.resources.file.content import content_inputs, open_content
from neev_provider.resources.file.file import chmod
from neev_provider.resources.file.tree_sync import TreeOutputs, TreeSync
from neev_provider.resources.image.inputs import GoldenImageInputs
from neev_provider.resources.image.steps import BuildStep, compute_step_digest
from neev_provider.resources.output_capture import OutputCapture
from neev_provider.resources.sandbox.expiration import OnIdle
from neev_provider.resources.sandbox.sandbox import SandboxInputs, SandboxResource
from neev_provider.resources.session import open_session, run_cleanup
from neev_provider.resources.snapshot import SnapshotInputs, SnapshotResource

BUILDER_SANDBOX, IMAGE_SNAPSHOT = SandboxResource(), SnapshotResource()


async def build(  # noqa: PLR0913  what is built, each by its name
    api: Api,
    inputs: GoldenImageInputs,
    step_digests: Sequence[str],
    context: OperationContext,
    *,
    builder: str,
    snapshot: str,
) -> None:
    """Create a sandbox with the builder's name, run the steps in it, and wait until its snapshot is ready.

    If the build fails or is cancelled, delete the sandbox, because an incomplete recipe is not an image. If the
    deletion fails, the next build finds the sandbox by its name.
    """
    sandbox_inputs = _builder_inputs(builder, inputs)
    sandboxes, snapshots = BUILDER_SANDBOX.connect(api), IMAGE_SNAPSHOT.connect(api)
    id = (await sandboxes.create(sandbox_inputs, context)).id
    try:
        if inputs.source_snapshot_id is not None:
            # the API creates it in the size of the snapshot's source
            await sandboxes.reconcile(id, sandbox_inputs, context)
        async with open_session(api, id, context) as sandbox:
            for number, step in enumerate(inputs.steps or ()):
                action = f"step {number + 1} of {len(inputs.steps or ())} ({step.title})"
                context.deadline.on_progress(action)
                await _StepRunner(sandbox, step, action, context).run(inputs.env or {}, step_digests[number])
        context.deadline.on_progress("taking the snapshot")
        snapshot_taken = await api.snapshots.create(id, name=snapshot)
        await snapshots.reconcile(snapshot_taken.id, SnapshotInputs(sandbox_id=id), context)
    except BaseException:
        await run_cleanup(api.sandboxes.delete(id), context, action="removing the builder")
        raise


class _StepRunner:
    """Execution of one step. Its errors name the step."""

    def __init__(self, sandbox: SandboxSession, step: BuildStep, action: str, context: OperationContext) -> None:
        self._sandbox = sandbox
        self._step = step
        self._action = action
        self._context = context

    async def run(self, env: dict[str, str], expected_digest: str) -> None:
        """Run the step. If it fails, name the step in the error."""
        operation = self._run_command(env) if self._step.run is not None else self._write_files(expected_digest)
        try:
            await run_before_deadline(operation, deadline=self._context.deadline, action=self._action)
        except (Cancelled, DeadlineExceeded):
            raise
        except NeevError as error:
            raise OperationFailed(
                f"{self._action}: {error.summary}", hint="The next update builds it afresh."
            ) from error

    async def _run_command(self, env: dict[str, str]) -> None:
        step, deadline = self._step, self._context.deadline
        request = ExecRequest(step.run or [], step.cwd, env, timeout=step.timeout_seconds)
        output = OutputCapture(self._context.log, silent="steps" in self._context.secret_inputs)
        try:
            try:
                code = await self._sandbox.exec(request, output.write, read_timeout=deadline.remaining)
            finally:
                output.close()
        except NeevError as error:
            raise OperationFailed(f"{error.summary} {output.last_lines}") from error
        if code != 0:
            raise OperationFailed(f"it ended with exit code {code}. {output.last_lines}")

    async def _write_files(self, expected_digest: str) -> None:
        step, path = self._step, self._step.path or ""
        if await run_in_thread(compute_step_digest, step) != expected_digest:
            raise OperationFailed(f"the content of {path} changed during the build")
        tree = step.tree
        if tree is not None:
            with ExitStack() as stack:
                files = await run_in_thread(tree.files, stack)
                await TreeSync(self._sandbox, path, TreeOutputs()).sync(files, self._context.deadline.on_progress)
            return
        with await run_in_thread(open_content, content_inputs(step)) as content:
            await self._sandbox.write(path, content)
        if step.mode is not None:
            await chmod(self._sandbox, path, step.mode)


def _builder_inputs(name: str, inputs: GoldenImageInputs) -> SandboxInputs:
    values = {
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
        "labels": inputs.labels,
        # deleting the builder deletes the image, so the account's default expiration must not apply
        "max_lifetime_seconds": 0,
        "paused_retention_seconds": 0,
        "on_idle": OnIdle.PAUSE,
    }
    return parse(SandboxInputs, values)
