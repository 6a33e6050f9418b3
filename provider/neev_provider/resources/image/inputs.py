"""What a golden image is asked to be, and what is known of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field

from neev_provider.core.markers import AutoName, Removable, Replace, Secret, Update
from neev_provider.core.model import Inputs, Integer, Model, Number, Outputs, Rule
from neev_provider.core.names import MAX_LENGTH, validate_name
from neev_provider.core.validation import at_most_one_of, less_than
from neev_provider.resources.egress import Egress
from neev_provider.resources.formats import Image, TemplateId
from neev_provider.resources.image.steps import DIGEST_LENGTH, BuildStep
from neev_provider.resources.sandbox.sandbox import DiskGb, RootfsDiskGb

MAX_NAME_LENGTH: Final = MAX_LENGTH - DIGEST_LENGTH - 1
"""Characters of an image's name: those of its builders and snapshots have a digest behind it."""
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
"""The inputs that an image is made by: of another value of one of them comes another image."""


class GoldenImageInputs(Inputs):
    """What the image is made from, and how."""

    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_one_of("template_id", "image", "source_snapshot_id"),
        less_than("rootfs_disk_gb", "disk_gb"),
    )

    name: Annotated[
        str | None,
        AfterValidator(lambda name: name and validate_name(name)),
        Field(max_length=50),
        Replace(),
        AutoName(),
    ] = None
    """What its builders and snapshots are called, before a digest: a DNS label of at most 50 characters.

    Unique among the project's images: a name that others have already is refused. Unset: made from the resource's name,
    and another in each stack.
    """
    template_id: Annotated[TemplateId | None, Update(), Removable()] = None
    """Template to build on, such as `sb-ubuntu-26-04-minimal`. Without a source: the platform's default."""
    image: Annotated[Image | None, Update(), Removable()] = None
    """Public OCI image to build on, with its registry's path and a tag or digest. Instead of `templateId`."""
    source_snapshot_id: Annotated[str | None, Update(), Removable()] = None
    """Snapshot to build on; disk and region must match its origin. Instead of `templateId` and `image`."""
    region: Annotated[str | None, Update(), Removable()] = None
    """Where it is built and kept; sandboxes made from it run there too. Unset: the provider's, else the platform's."""
    cpu: Annotated[Number | None, Field(ge=0.5, le=8, multiple_of=0.5), Update(), Removable()] = None
    """Virtual CPUs of the builder, 0.5 to 8 in steps of 0.5; sandboxes made from it have the same."""
    memory_gb: Annotated[Integer | None, Field(ge=1, le=16), Update(), Removable()] = None
    """Memory of the builder in GB, 1 to 16; sandboxes made from the image have the same."""
    disk_gb: Annotated[DiskGb | None, Update(), Removable()] = None
    """Disk of the builder in GB, 10 to 100 in steps of 10; sandboxes made from the image have the same."""
    rootfs_disk_gb: Annotated[RootfsDiskGb | None, Update(), Removable()] = None
    """The part of the disk for the container's own file system, in GB, below `diskGb`."""
    egress: Annotated[Egress | None, Update(), Removable()] = None
    """What the builder may reach while it builds. Unset: nothing, as for every sandbox."""
    env: Annotated[dict[str, str] | None, Update(), Removable(), Secret()] = None
    """Environment variables of the steps' commands; nothing of them stays in the image.

    Their names are part of the recipe and their values are not: a token that is renewed builds nothing.
    """
    steps: Annotated[list[BuildStep] | None, Update(), Removable()] = None
    """What is done to the source, in this order."""
    history_limit: Annotated[Integer, Field(ge=0), Update()] = 1
    """How many earlier images stay; the others are deleted once a new one is ready."""


class BuiltImage(Model):
    """One image that is kept."""

    recipe_digest: str
    """The digest of its recipe."""
    snapshot_id: str
    """What sandboxes are made from."""
    builder_id: str
    """The paused sandbox that built it, with which it would go."""
    created_at: str | None = None
    """When it was built (RFC 3339)."""


class GoldenImageOutputs(Outputs):
    """The image, and the earlier ones that are kept."""

    snapshot_id: str = ""
    """What sandboxes are made from; empty where no image is ready."""
    builder_id: str = ""
    """The paused sandbox that built it: deleting that would delete the image."""
    recipe_digest: str = ""
    """The digest of its recipe; the same recipe builds nothing."""
    size_bytes: int | None = None
    """Its size in bytes."""
    step_digests: list[str] = Field(default=[])
    """The digest of each step, the contents of its files included."""
    images: list[BuiltImage] = Field(default=[])
    """The image and the earlier ones, the newest first."""
    builder_ids: list[str] = Field(default=[])
    """Every builder that belongs to it, also that of a build which did not end."""
    uid: str | None = None
    """What tells the image from any other of its name: the names of its builders are made with it."""


def compute_recipe_digest(inputs: GoldenImageInputs, step_digests: Sequence[str]) -> str:
    """The digest of everything that the image is made by; `digests` are those of its steps."""
    source = inputs.model_dump(mode="json", include={*RECIPE_FIELDS} - {"steps"}, exclude_none=True)
    said = json.dumps([source, sorted(inputs.env or {}), list(step_digests)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:DIGEST_LENGTH]


def truncate_name(name: str) -> str:
    """The made name, cut so that its last letters stay whole."""
    return (
        name if len(name) <= MAX_NAME_LENGTH else f"{name[: MAX_NAME_LENGTH - 9].rstrip('-')}-{name[-8:].lstrip('-')}"
    )
