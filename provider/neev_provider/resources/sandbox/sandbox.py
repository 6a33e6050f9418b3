"""A sandbox: an isolated computer for an agent."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final, TypeVar

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.core.labels import LABELS_RULE, NO_LABELS, LabelPolicy, Owner, is_foreign
from neev_provider.core.markers import AutoName, Computed, Replace, ResetsTo, Secret, Update
from neev_provider.core.model import Integer, Outputs, Rule
from neev_provider.core.names import Name
from neev_provider.core.resource import Observation, OperationContext
from neev_provider.core.validation import also_requires, at_most_one_of, less_than
from neev_provider.resources import egress
from neev_provider.resources.egress import DENY_ALL, Egress
from neev_provider.resources.formats import Image, TemplateId
from neev_provider.resources.references import require_snapshot, require_template
from neev_provider.resources.sandbox import expiration
from neev_provider.resources.sandbox.base import SandboxBase, SandboxBaseInputs, SandboxBaseOutputs
from neev_provider.resources.sandbox.expiration import RenewalOutputs

OutputsT = TypeVar("OutputsT", bound=Outputs)
DiskGb = Annotated[Integer, Field(ge=10, le=100, multiple_of=10)]
RootfsDiskGb = Annotated[Integer, Field(ge=1, le=99)]


API_FIELD_NAMES: Final = MappingProxyType({"template_id": "sandbox_template_id", "snapshot_id": "restore"})
"""Names of the API for inputs that it names differently."""


class SandboxInputs(SandboxBaseInputs):
    """Inputs of a sandbox."""

    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_one_of("template_id", "image", "snapshot_id"),
        less_than("rootfs_disk_gb", "disk_gb"),
        also_requires("command", "image"),
        LABELS_RULE,
    )

    name: Annotated[Name | None, Replace(), Computed(), AutoName()] = None
    """Name of the sandbox, unique in the project: a DNS label of at most 63 characters.

    Defaults to a generated name.
    """
    template_id: Annotated[TemplateId | None, Replace(), Computed()] = None
    """Id of the sandbox template, such as `sb-ubuntu-26-04-minimal`. Conflicts with `image` and `snapshotId`.

    If no source is set, the API's default template is used.
    """
    image: Annotated[Image | None, Replace(), Computed(always=True)] = None
    """Public OCI image, with registry path and a tag or digest. Conflicts with `templateId` and `snapshotId`."""
    snapshot_id: Annotated[str | None, Replace(if_configured=True)] = None
    """Id of the snapshot to start from. Conflicts with `templateId` and `image`.

    Disk size and region must match the origin of the snapshot. `cpu` and `memoryGb` may differ: they are changed after
    creation.
    """
    region: Annotated[str | None, Replace(), Computed(always=True)] = None
    """Region of the sandbox. Defaults to the provider's region, then to the API's default region."""
    labels: Annotated[dict[str, str] | None, Replace(), NO_LABELS] = None
    """Labels by which sandboxes are listed. Everybody who can list the project's sandboxes can read them.

    Keys: 1 to 63 characters of `a-z`, `0-9`, `.`, `_` and `-`. Values: the same and `A-Z`. At most `16` together with
    the default labels and those that name the owner. `managed-by` and keys that begin with `managed-by.` are reserved.
    """
    env: Annotated[dict[str, str] | None, Replace(), Secret()] = None
    """Environment variables of all processes. The API never returns them. Secret."""
    command: Annotated[list[str] | None, Replace(), Computed()] = None
    """Command to run in the container. Requires `image`. Defaults to `sleep infinity`."""
    disk_gb: Annotated[DiskGb | None, Replace(), Computed()] = None
    """Disk size in GB. Allowed: `10` to `100` in steps of `10`."""
    rootfs_disk_gb: Annotated[RootfsDiskGb | None, Replace(), Computed()] = None
    """Part of the disk for the container's root file system, in GB. Must be less than `diskGb`.

    Defaults to a fifth of `diskGb`, at least `4`.
    """
    egress: Annotated[Egress | None, Update(), Computed(), ResetsTo(DENY_ALL, only_on_removal=True)] = None
    """Egress policy. Conflicts with `EgressRule` resources of the sandbox.

    Defaults to denying all outbound traffic, except what `EgressRule` resources allow. Removing the policy denies all
    outbound traffic.
    """


class SandboxOutputs(SandboxBaseOutputs, RenewalOutputs):
    """Outputs of a sandbox."""


class SandboxResource(SandboxBase[SandboxInputs, SandboxOutputs]):
    """An isolated computer for an AI agent. It runs commands, stores files, and can be paused, forked and rolled back.

    After creation the sandbox is `Ready` and reachable, or `Paused` if `paused` is `true`.
    """

    name = "Sandbox"
    inputs = SandboxInputs
    outputs = SandboxOutputs
    api_field_names = API_FIELD_NAMES
    references = MappingProxyType({"template_id": require_template, "snapshot_id": require_snapshot})

    @override
    async def create(self, inputs: SandboxInputs, context: OperationContext) -> Observation[SandboxOutputs]:
        sandbox = await self.api.sandboxes.create(
            _create_body(self.api, inputs, self.api.settings.labels.merge(inputs.labels, context.owner))
        )
        with contextlib.suppress(Exception):  # whatever is wrong with the response, the object exists
            return self.to_observation(sandbox, inputs)
        return self.observe_id(sandbox.id)

    @override
    async def find_created(
        self, inputs: SandboxInputs, owner: Owner | None = None
    ) -> Observation[SandboxOutputs] | None:
        sandbox = await self.api.sandboxes.find_created(_create_body(self.api, inputs, inputs.labels))
        is_own = sandbox is not None and not is_foreign(sandbox.labels, owner)
        return self.to_observation(sandbox, inputs) if sandbox is not None and is_own else None

    @override
    def import_state(self, observation: Observation[SandboxOutputs]) -> tuple[dict[str, Any], dict[str, Any]]:
        inputs, state = super().import_state(drop_default_labels(observation, self.api.settings.labels))
        if observation.inputs["egress"] != DENY_ALL:
            inputs["egress"] = observation.inputs["egress"]
        if "templateId" in inputs:
            # image and command come from the template, so they are not inputs
            inputs = {name: value for name, value in inputs.items() if name not in ("image", "command")}
        return inputs, state


def drop_default_labels(observation: Observation[OutputsT], policy: LabelPolicy) -> Observation[OutputsT]:
    """Return the observation of an import, whose labels are inputs unless the settings add them."""
    labels = policy.without_defaults(observation.inputs.get("labels") or {})
    return replace(observation, inputs={**observation.inputs, "labels": labels})


def _create_body(api: Api, inputs: SandboxInputs, labels: Mapping[str, str] | None) -> dict[str, Any]:
    # the API creates a restored sandbox in the size of the source; an update resizes it afterwards
    size = set() if inputs.snapshot_id else {"cpu", "memory_gb"}
    resources = inputs.model_dump(include={*size, "disk_gb", "rootfs_disk_gb"}, exclude_none=True, mode="json")
    body: dict[str, Any] = {
        "name": inputs.name,
        "region": inputs.region or api.settings.region,
        **{api_name: getattr(inputs, field) for field, api_name in API_FIELD_NAMES.items()},
        "image": inputs.image,
        "command": inputs.command,
        "labels": labels,
        "env": [{"name": key, "value": value} for key, value in (inputs.env or {}).items()],
        "resources": resources,
        "egress": egress.to_api(inputs.egress) if inputs.egress else None,
        "lifecycle": expiration.to_api(inputs),
    }
    return {key: value for key, value in body.items() if value not in (None, {}, [])}
