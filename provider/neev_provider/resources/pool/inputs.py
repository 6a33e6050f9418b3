"""What a pool is declared with, and what is said of it and its members."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from neev_provider.core.markers import AutoName, Computed, Removable, Replace, ResetsTo, Secret, Update
from neev_provider.core.model import Integer, Model, Outputs, Rule
from neev_provider.core.names import MAX_LENGTH, Name, validate_name
from neev_provider.core.validation import also_requires, at_most_one_of, less_than
from neev_provider.resources.egress import Egress
from neev_provider.resources.formats import Image, TemplateId
from neev_provider.resources.sandbox.base import UpdatableInputs
from neev_provider.resources.sandbox.sandbox import DiskGb, RootfsDiskGb

MAX_REPLICAS = 9999
"""Members of a pool, at most."""
TEMPLATE_HASH_LENGTH = 6
"""Hexadecimal digits of a generation."""
MAX_NAME_LENGTH = MAX_LENGTH - len(f"-{'0' * TEMPLATE_HASH_LENGTH}-{MAX_REPLICAS}")
"""Characters of a pool's name that leave its members' names room for what tells them apart."""
SOURCE_FIELDS = ("template_id", "image", "snapshot_id", "source_sandbox_id")
BUILD_FIELDS = ("region", "env", "command", "disk_gb", "rootfs_disk_gb")
TEMPLATE_FIELDS = (*SOURCE_FIELDS, *BUILD_FIELDS)
"""The inputs that say what a member is made from: a change of one makes every member anew."""


def _validate_pool_name(name: str) -> str:
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(f"can be at most {MAX_NAME_LENGTH} characters long: members' names begin with it")
    for digits in range(1, len(str(MAX_REPLICAS)) + 1):
        validate_name(f"{name}-{'0' * TEMPLATE_HASH_LENGTH}-{'0' * digits}")
    return name


def _check_fork_inputs(values: Mapping[str, Any]) -> str | None:
    source, *built = values
    said = [name for name in built if values[name] is not None]
    if values[source] is None or not said:
        return None
    return f"a fork has {', '.join(said)} from its source, so {source} goes without"


def _check_rollout_can_progress(values: Mapping[str, Any]) -> str | None:
    return (
        "must be at least 1 where maxSurge is 0, or nothing could ever be rolled" if not any(values.values()) else None
    )


class SandboxPoolInputs(UpdatableInputs):
    """How many sandboxes there are, what they are made from, and what can be changed in place."""

    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_one_of(*SOURCE_FIELDS),
        less_than("rootfs_disk_gb", "disk_gb"),
        also_requires("command", "image"),
        Rule(("source_sandbox_id", *BUILD_FIELDS), _check_fork_inputs),
        Rule(
            ("max_unavailable", "max_surge"),
            lambda values: None if None in values.values() else _check_rollout_can_progress(values),
        ),
    )

    name: Annotated[Annotated[Name, AfterValidator(_validate_pool_name)] | None, Replace(), Computed(), AutoName()] = (
        None
    )
    """How its members' names begin: a DNS label of at most 51 characters, unique among the project's pools.

    Members are called `NAME-GENERATION-INDEX`; others that are called alike are left alone. Unset: made from the
    resource's name.
    """
    replicas: Annotated[Annotated[Integer, Field(ge=0, le=MAX_REPLICAS)], Update()]
    """How many members there are. Fewer: those with the highest index go."""
    template_id: Annotated[TemplateId | None, Update(), Removable()] = None
    """Template of the catalogue, such as `sb-ubuntu-26-04-minimal`. Without a source: the platform's default.

    A change of this, of another source, or of `region`, `env`, `command`, `diskGb` or `rootfsDiskGb` makes the members
    anew, a few at a time.
    """
    image: Annotated[Image | None, Update(), Removable()] = None
    """Public OCI image with its registry's path and a tag or digest. Instead of `templateId`."""
    snapshot_id: Annotated[str | None, Update(), Removable()] = None
    """Snapshot that each member starts from. Instead of `templateId` and `image`."""
    source_sandbox_id: Annotated[str | None, Update(), Removable()] = None
    """Sandbox that each member is a fork of, by id, as it is when the member is made. Instead of the other sources."""
    region: Annotated[str | None, Update(), Removable()] = None
    """Where the members run. Unset: the provider's region, else the platform's."""
    env: Annotated[dict[str, str] | None, Update(), Removable(), Secret()] = None
    """Environment variables of every process. The API never answers them."""
    command: Annotated[list[str] | None, Update(), Removable()] = None
    """The container's command, only with `image`. Unset: `sleep infinity`."""
    disk_gb: Annotated[DiskGb | None, Update(), Removable()] = None
    """Disk of each in GB, 10 to 100 in steps of 10."""
    rootfs_disk_gb: Annotated[RootfsDiskGb | None, Update(), Removable()] = None
    """The part of the disk for the container's own file system, in GB, below `diskGb`. Unset: a fifth, at least 4."""
    egress: Annotated[Egress | None, Update(), Computed(), ResetsTo(Egress(), only_on_removal=True)] = None
    """What each member may reach. Unset: nothing, or what the source of a fork may; taken out later: nothing."""
    max_concurrency: Annotated[Annotated[Integer, Field(ge=1)] | None, Update(), Removable()] = None
    """Members that are being made at the same time, at most. Unset: all of them; the API's own limits are kept to."""
    max_unavailable: Annotated[Annotated[Integer, Field(ge=0)] | None, Update(), Removable()] = None
    """Members, out of `replicas`, that may be out of service because of a change, at most. Unset: a quarter of them.

    It bounds how many are made anew at a time, and how many that run are changed in place at a time (at least one).
    Pausing takes them out of service as asked, so it is done at once.
    """
    max_surge: Annotated[Annotated[Integer, Field(ge=0)] | None, Update(), Removable()] = None
    """Members beyond `replicas` that there may be while they are made anew, at most. Unset: a quarter of them."""


class PoolMember(Model):
    """One sandbox of a pool."""

    name: str
    """Its name: that of the pool, the generation and the index."""
    id: str | None = None
    """Its id; absent where it is missing."""
    phase: str
    """The phase it was seen in last; `Missing` where there is none."""
    connect_url: str | None = None
    """Where its commands and files are served; useless without an API key."""
    problem: str | None = None
    """What is wrong with it, where something is: the next update puts it right."""


class SandboxPoolOutputs(Outputs):
    """What there is of a pool."""

    members: list[PoolMember]
    """The members by index, then those that are left over."""
    ready_replicas: int
    """How many of `replicas` are Ready and reachable."""
    template_hash: str
    """The part of the members' names that stands for what they are made from."""
    template_digest: str
    """What tells whether the program still says the same source."""
    uid: str | None = None
    """What tells the pool from any other of its name: the generations in its members' names are made with it."""


def template_inputs(inputs: SandboxPoolInputs) -> dict[str, Any]:
    """Return the inputs that say what a member is made from, as far as they are set."""
    return inputs.model_dump(mode="json", include=set(TEMPLATE_FIELDS), exclude_none=True)


def template_digest(inputs: SandboxPoolInputs) -> str:
    """Six digits that stand for what members are made from.

    They are short and slow to compute, since names are public and the environment is secret.
    """
    text = json.dumps(template_inputs(inputs), sort_keys=True).encode()
    return hashlib.scrypt(text, salt=(inputs.name or "").encode(), n=2**14, r=8, p=1, dklen=3).hex()
