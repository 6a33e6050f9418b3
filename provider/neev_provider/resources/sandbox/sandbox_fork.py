"""A fork: a new sandbox from the live state of another."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated

from typing_extensions import override

from neev_provider.core.labels import Owner
from neev_provider.core.markers import AutoName, Computed, Replace, ResetsTo, Stable, Update
from neev_provider.core.names import Name
from neev_provider.core.resource import Observation, OperationContext
from neev_provider.resources.egress import DENY_ALL, Egress
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.sandbox.base import SandboxBase, SandboxBaseInputs, SandboxBaseOutputs
from neev_provider.resources.sandbox.expiration import RenewalOutputs


class SandboxForkInputs(SandboxBaseInputs):
    """Inputs of a fork. Inputs that are unset are inherited from the source."""

    source_sandbox_id: Annotated[str, Replace()]
    """Id of the sandbox to fork. It keeps running. Deleting it later does not affect the fork."""
    name: Annotated[Name | None, Replace(), Computed(), AutoName()] = None
    """Name of the fork, unique in the project: a DNS label of at most 63 characters.

    Defaults to a generated name.
    """
    egress: Annotated[Egress | None, Update(), Computed(), ResetsTo(DENY_ALL, only_on_removal=True)] = None
    """Egress policy. Defaults to the policy of the source. Removing the policy denies all outbound traffic."""


class FullSandboxOutputs(SandboxBaseOutputs):
    """Outputs of a sandbox, including the properties that a fork inherits."""

    region: Annotated[str, Stable()]
    """Region of the sandbox."""
    image: Annotated[str, Stable()]
    """OCI image of the sandbox."""
    template_id: Annotated[str | None, Stable()] = None
    """Id of the sandbox template. Absent if the sandbox was not created from one."""
    command: Annotated[list[str] | None, Stable()] = None
    """Command of the container."""
    disk_gb: Annotated[int | None, Stable()] = None
    """Disk size in GB."""
    rootfs_disk_gb: Annotated[int | None, Stable()] = None
    """Part of the disk for the container's root file system, in GB."""


class SandboxForkOutputs(FullSandboxOutputs, RenewalOutputs):
    """Outputs of a fork."""


class SandboxForkResource(SandboxBase[SandboxForkInputs, SandboxForkOutputs]):
    """A copy of a running sandbox with its current files. The source keeps running.

    Size, egress policy, environment and expiration are inherited. Inputs that are set are applied when the fork is
    ready.
    """

    name = "SandboxFork"
    inputs = SandboxForkInputs
    outputs = SandboxForkOutputs
    references = MappingProxyType({"source_sandbox_id": require_sandbox})

    @override
    async def create(self, inputs: SandboxForkInputs, context: OperationContext) -> Observation[SandboxForkOutputs]:
        sandbox = await self.api.sandboxes.fork(inputs.source_sandbox_id, inputs.name or "")
        with contextlib.suppress(Exception):  # whatever is wrong with the response, the object exists
            return self.to_observation(sandbox, inputs)
        return self.observe_id(sandbox.id)

    @override
    async def find_created(
        self, inputs: SandboxForkInputs, owner: Owner | None = None
    ) -> Observation[SandboxForkOutputs] | None:
        sandbox = await self.api.sandboxes.find(inputs.name or "")
        return None if sandbox is None else self.to_observation(sandbox, inputs)

    @override
    async def read(self, id: str, inputs: SandboxForkInputs | None) -> Observation[SandboxForkOutputs] | None:
        # the API does not report the source of a fork, so an import may pass it: SOURCE/FORK
        source, _, fork = id.rpartition("/")
        observation = await super().read(fork, inputs)
        if observation is None or not source:
            return observation
        return replace(observation, inputs={**observation.inputs, "sourceSandboxId": source})
