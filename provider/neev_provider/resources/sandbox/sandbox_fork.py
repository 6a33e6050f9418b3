"""A fork: a new sandbox from the live state of another."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated

from typing_extensions import override

from neev_provider.core.markers import AutoName, Computed, Replace, ResetsTo, Stable, Update
from neev_provider.core.names import Name
from neev_provider.core.resource import Observation, OperationContext
from neev_provider.resources.egress import Egress
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.sandbox.base import SandboxBase, SandboxBaseInputs, SandboxBaseOutputs
from neev_provider.resources.sandbox.expiration import RenewalOutputs


class SandboxForkInputs(SandboxBaseInputs):
    """Which sandbox is forked; what is unset is inherited from it."""

    source_sandbox_id: Annotated[str, Replace()]
    """The sandbox that is forked, by id. It keeps running; that it disappears later changes nothing here."""
    name: Annotated[Name | None, Replace(), Computed(), AutoName()] = None
    """Unique in the project: a DNS label of at most 63 characters. Unset: made from the resource's name."""
    egress: Annotated[Egress | None, Update(), Computed(), ResetsTo(Egress(), only_on_removal=True)] = None
    """What the fork may reach. Unset: what its source may; taken out later: nothing."""


class FullSandboxOutputs(SandboxBaseOutputs):
    """What the platform says of a sandbox, with what its inputs say where it was not forked."""

    region: Annotated[str, Stable()]
    """Where it runs."""
    image: Annotated[str, Stable()]
    """The image it runs."""
    template_id: Annotated[str | None, Stable()] = None
    """The template its source was made from, where it was."""
    command: Annotated[list[str] | None, Stable()] = None
    """The container's command."""
    disk_gb: Annotated[int | None, Stable()] = None
    """Disk in GB."""
    rootfs_disk_gb: Annotated[int | None, Stable()] = None
    """The part of the disk for the container's own file system, in GB."""


class SandboxForkOutputs(FullSandboxOutputs, RenewalOutputs):
    """What the platform says of a fork, with what it has from its source, and what renewals of it came to."""


class SandboxForkResource(SandboxBase[SandboxForkInputs, SandboxForkOutputs]):
    """A new sandbox with the files that another has at this moment; the other keeps running.

    Size, egress, environment and windows are inherited; what the inputs say is changed once the fork is ready.
    """

    name = "SandboxFork"
    inputs = SandboxForkInputs
    outputs = SandboxForkOutputs
    references = MappingProxyType({"source_sandbox_id": require_sandbox})

    @override
    async def create(self, inputs: SandboxForkInputs, context: OperationContext) -> Observation[SandboxForkOutputs]:
        seen = await self.api.sandboxes.fork(inputs.source_sandbox_id, inputs.name or "")
        with contextlib.suppress(Exception):  # whatever is wrong with the response, the object exists
            return self.to_observation(seen, inputs)
        return self.observe_id(seen.id)

    @override
    async def find_created(self, inputs: SandboxForkInputs) -> Observation[SandboxForkOutputs] | None:
        seen = await self.api.sandboxes.find(inputs.name or "")
        return None if seen is None else self.to_observation(seen, inputs)

    @override
    async def read(self, id: str, inputs: SandboxForkInputs | None) -> Observation[SandboxForkOutputs] | None:
        # the platform does not say where a fork comes from, so an import may: SOURCE/FORK
        source, _, fork = id.rpartition("/")
        live = await super().read(fork, inputs)
        if live is None or not source:
            return live
        return replace(live, inputs={**live.inputs, "sourceSandboxId": source})
