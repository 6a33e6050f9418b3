"""Inputs and outputs of a golden image."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field

from neev_provider.core.labels import LABELS_RULE, NO_LABELS
from neev_provider.core.markers import AutoName, Derived, Replace, Secret, Stable, Update
from neev_provider.core.model import Inputs, Integer, Model, Number, Outputs, Rule
from neev_provider.core.names import MAX_LENGTH, validate_name
from neev_provider.core.validation import at_most_one_of, less_than
from neev_provider.resources.egress import Egress
from neev_provider.resources.formats import Image, TemplateId
from neev_provider.resources.image.steps import DIGEST_LENGTH, BuildStep
from neev_provider.resources.sandbox.sandbox import DiskGb, RootfsDiskGb

MAX_NAME_LENGTH: Final = MAX_LENGTH - DIGEST_LENGTH - 1
"""Maximum length of an image's name. Names of builders and snapshots append a digest to it."""
RECIPE_FIELDS: Final = (
    "template_id",
    "image",
    "source_snapshot_id",
    "region",
    "cpu",
    "memory_gb",
    "disk_gb",
    "rootfs_disk_gb",
    "egress",
    "steps",
)
"""Inputs that define the recipe. A change of one of them builds another image."""


class GoldenImageInputs(Inputs):
    """Inputs of a golden image."""

    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_one_of("template_id", "image", "source_snapshot_id"),
        less_than("rootfs_disk_gb", "disk_gb"),
        LABELS_RULE,
    )

    name: Annotated[
        str | None,
        AfterValidator(lambda name: name and validate_name(name)),
        Field(max_length=50),
        Replace(),
        AutoName(),
    ] = None
    """Prefix of the names of builders and snapshots: a DNS label of at most 50 characters.

    The name must be unique among the images of the project. Defaults to a generated name, different for each image.
    """
    template_id: Annotated[TemplateId | None, Update(on_removal=True)] = None
    """Id of the sandbox template to build on, such as `sb-ubuntu-26-04-minimal`.

    Conflicts with `image` and `sourceSnapshotId`. If no source is set, the API's default template is used.
    """
    image: Annotated[Image | None, Update(on_removal=True)] = None
    """Public OCI image to build on, with registry path and a tag or digest.

    Conflicts with `templateId` and `sourceSnapshotId`.
    """
    source_snapshot_id: Annotated[str | None, Update(on_removal=True)] = None
    """Id of the snapshot to build on. Disk size and region must match its origin.

    Conflicts with `templateId` and `image`.
    """
    region: Annotated[str | None, Update(on_removal=True)] = None
    """Region of the build and of the image. Sandboxes created from the image run there too.

    Defaults to the provider's region, then to the API's default region.
    """
    cpu: Annotated[Number | None, Field(ge=0.5, le=8, multiple_of=0.5), Update(on_removal=True)] = None
    """Number of vCPUs of the builder and of sandboxes created from the image. Allowed: `0.5` to `8` in steps of `0.5`.
    """
    memory_gb: Annotated[Integer | None, Field(ge=1, le=16), Update(on_removal=True)] = None
    """Memory in GB of the builder and of sandboxes created from the image. Allowed: `1` to `16`."""
    disk_gb: Annotated[DiskGb | None, Update(on_removal=True)] = None
    """Disk size in GB of the builder and of sandboxes created from the image. Allowed: `10` to `100` in steps of `10`.
    """
    rootfs_disk_gb: Annotated[RootfsDiskGb | None, Update(on_removal=True)] = None
    """Part of the disk for the container's root file system, in GB. Must be less than `diskGb`."""
    egress: Annotated[Egress | None, Update(on_removal=True)] = None
    """Egress policy during the build. Defaults to denying all outbound traffic."""
    labels: Annotated[dict[str, str] | None, Update(on_removal=True), NO_LABELS] = None
    """Labels of the builders, as for a sandbox. A change builds nothing: it holds for the builders created after it."""
    env: Annotated[dict[str, str] | None, Update(on_removal=True), Secret()] = None
    """Environment variables of the steps' commands. They are not stored in the image. Secret.

    Changing a value does not rebuild the image; adding or removing a name does. Use this for tokens.
    """
    steps: Annotated[list[BuildStep] | None, Update(on_removal=True)] = None
    """Build steps, in order."""
    history_limit: Annotated[Integer, Field(ge=0), Update()] = 1
    """Number of earlier images to retain. The others are deleted when a new image is ready. Defaults to `1`."""


class BuiltImage(Model):
    """One image that still exists."""

    recipe_digest: str
    """Digest of the recipe."""
    snapshot_id: str
    """Id of the snapshot. Use it as `snapshotId` of a sandbox."""
    builder_id: str
    """Id of the paused sandbox that built the image. Deleting that sandbox deletes the image."""
    created_at: str | None = None
    """Time of the build (RFC 3339)."""


class GoldenImageOutputs(Outputs):
    """Outputs of a golden image."""

    snapshot_id: str = ""
    """Id of the current snapshot. Use it as `snapshotId` of a sandbox. Empty if no image is ready."""
    builder_id: str = ""
    """Id of the paused sandbox that built the image. Deleting that sandbox deletes the image."""
    recipe_digest: str = ""
    """Digest of the recipe. An update with the same digest builds nothing."""
    size_bytes: int | None = None
    """Size of the image in bytes."""
    effective_labels: Annotated[dict[str, str] | None, Derived(frozenset({"labels"}))] = None
    """Labels of that sandbox, also the default labels and those that name the owner.

    Absent if no image is ready, and if the API has no labels.
    """
    step_digests: list[str] = Field(default=[])
    """Digests of the steps, including the contents of their files."""
    images: list[BuiltImage] = Field(default=[])
    """Current and earlier images, newest first."""
    builder_ids: list[str] = Field(default=[])
    """Ids of all builders of this image, including those of unfinished builds."""
    uid: Annotated[str | None, Stable()] = None
    """Unique id of the resource.

    Part of the names of its builders, which tells them from those of other images with this name.
    """


def compute_recipe_digest(inputs: GoldenImageInputs, step_digests: Sequence[str]) -> str:
    """Return the digest of the recipe: the recipe inputs, the names in `env`, and the digests of the steps."""
    source = inputs.model_dump(mode="json", include={*RECIPE_FIELDS} - {"steps"}, exclude_none=True)
    message = json.dumps([source, sorted(inputs.env or {}), list(step_digests)], sort_keys=True)
    return hashlib.sha256(message.encode()).hexdigest()[:DIGEST_LENGTH]
