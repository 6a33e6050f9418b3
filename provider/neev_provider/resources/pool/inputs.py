"""Inputs and outputs of a pool and its members."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field
from pydantic.alias_generators import to_camel

from neev_provider.core.labels import LABELS_RULE, NO_LABELS
from neev_provider.core.markers import AutoName, Computed, Derived, Replace, ResetsTo, Secret, Update
from neev_provider.core.model import Integer, Model, Outputs, Rule
from neev_provider.core.names import MAX_LENGTH, validate_name
from neev_provider.core.validation import also_requires, at_most_one_of, less_than
from neev_provider.resources.egress import DENY_ALL, Egress
from neev_provider.resources.formats import Image, TemplateId
from neev_provider.resources.sandbox.base import UpdatableInputs
from neev_provider.resources.sandbox.sandbox import DiskGb, RootfsDiskGb

MAX_REPLICAS = 9999
"""Maximum number of members of a pool."""
TEMPLATE_HASH_LENGTH = 6
"""Number of hexadecimal digits of a template hash."""
MAX_NAME_LENGTH = MAX_LENGTH - len(f"-{'0' * TEMPLATE_HASH_LENGTH}-{MAX_REPLICAS}")
"""Maximum length of a pool's name. A member's name appends the template hash and the index."""
SOURCE_FIELDS = ("template_id", "image", "snapshot_id", "source_sandbox_id")
BUILD_FIELDS = ("region", "labels", "env", "command", "disk_gb", "rootfs_disk_gb")
TEMPLATE_FIELDS = (*SOURCE_FIELDS, *BUILD_FIELDS)
"""Inputs that define a member's template. A change of one of them replaces every member."""
TEMPLATE_INPUTS = frozenset(map(to_camel, TEMPLATE_FIELDS))
"""The same inputs in camelCase."""


def _validate_pool_name(name: str) -> str:
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(f"must have at most {MAX_NAME_LENGTH} characters, because the members' names start with it")
    validate_name(name, MAX_NAME_LENGTH)
    for digits in range(1, len(str(MAX_REPLICAS)) + 1):
        validate_name(f"{name}-{'0' * TEMPLATE_HASH_LENGTH}-{'0' * digits}")
    return name


def _check_fork_inputs(values: Mapping[str, Any]) -> str | None:
    source, *built = values
    message = [name for name in built if values[name] is not None]
    if values[source] is None or not message:
        return None
    return f"conflicts with {', '.join(message)}: a fork inherits them from its source"


def _check_rollout_can_progress(values: Mapping[str, Any]) -> str | None:
    return (
        "must be at least 1 if maxSurge is 0; otherwise no member could be replaced"
        if not any(values.values())
        else None
    )


class SandboxPoolInputs(UpdatableInputs):
    """Inputs of a pool."""

    rules: ClassVar[tuple[Rule, ...]] = (
        at_most_one_of(*SOURCE_FIELDS),
        less_than("rootfs_disk_gb", "disk_gb"),
        also_requires("command", "image"),
        LABELS_RULE,
        Rule(("source_sandbox_id", *BUILD_FIELDS), _check_fork_inputs),
        Rule(
            ("max_unavailable", "max_surge"),
            lambda values: None if None in values.values() else _check_rollout_can_progress(values),
        ),
    )

    name: Annotated[Annotated[str, AfterValidator(_validate_pool_name)] | None, Replace(), Computed(), AutoName()] = (
        None
    )
    """Prefix of the members' names: a DNS label of at most 51 characters, unique among the pools of the project.

    Members have names of the form `NAME-HASH-INDEX`. Sandboxes with similar names that do not belong to the pool are
    not changed. Defaults to a generated name.
    """
    replicas: Annotated[Annotated[Integer, Field(ge=0, le=MAX_REPLICAS)], Update()]
    """Number of members. Scaling in deletes the members with the highest index."""
    template_id: Annotated[TemplateId | None, Update(on_removal=True)] = None
    """Id of the sandbox template, such as `sb-ubuntu-26-04-minimal`.

    If no source is set, the API's default template is used. If this, another source, `region`, `labels`, `env`,
    `command`, `diskGb` or `rootfsDiskGb` changes, the members are replaced a few at a time. Conflicts with `image`,
    `snapshotId` and `sourceSandboxId`.
    """
    image: Annotated[Image | None, Update(on_removal=True)] = None
    """Public OCI image, with registry path and a tag or digest. Conflicts with the other sources."""
    snapshot_id: Annotated[str | None, Update(on_removal=True)] = None
    """Id of the snapshot that each member starts from. Conflicts with the other sources."""
    source_sandbox_id: Annotated[str | None, Update(on_removal=True)] = None
    """Id of the sandbox that each member is forked from, in its state at that time. Conflicts with the other sources.
    """
    region: Annotated[str | None, Update(on_removal=True)] = None
    """Region of the members. Defaults to the provider's region, then to the API's default region."""
    labels: Annotated[dict[str, str] | None, Update(on_removal=True), NO_LABELS] = None
    """Labels of the members, as for a sandbox. A change replaces the members a few at a time.

    Conflicts with `sourceSandboxId`: forks inherit the labels of their source.
    """
    env: Annotated[dict[str, str] | None, Update(on_removal=True), Secret(is_compared=True)] = None
    """Environment variables of all processes. The API never returns them. Secret."""
    command: Annotated[list[str] | None, Update(on_removal=True)] = None
    """Command to run in the container. Requires `image`. Defaults to `sleep infinity`."""
    disk_gb: Annotated[DiskGb | None, Update(on_removal=True)] = None
    """Disk size of each member in GB. Allowed: `10` to `100` in steps of `10`."""
    rootfs_disk_gb: Annotated[RootfsDiskGb | None, Update(on_removal=True)] = None
    """Part of the disk for the container's root file system, in GB. Must be less than `diskGb`.

    Defaults to a fifth of `diskGb`, at least `4`.
    """
    egress: Annotated[Egress | None, Update(), Computed(), ResetsTo(DENY_ALL, only_on_removal=True)] = None
    """Egress policy of each member. Removing the policy denies all outbound traffic.

    Defaults to denying all outbound traffic. Members that are forks default to the policy of their source.
    """
    max_concurrency: Annotated[Annotated[Integer, Field(ge=1)] | None, Update(on_removal=True)] = None
    """Maximum number of members that are created at the same time. Defaults to no limit.

    The API's rate limits always apply.
    """
    max_unavailable: Annotated[Annotated[Integer, Field(ge=0)] | None, Update(on_removal=True)] = None
    """Maximum number of members that are out of service during an update. Defaults to a quarter of `replicas`.

    It limits how many members are replaced at a time, and how many running members are updated in place at a time (at
    least one). It does not limit pausing.
    """
    max_surge: Annotated[Annotated[Integer, Field(ge=0)] | None, Update(on_removal=True)] = None
    """Maximum number of members beyond `replicas` during a replacement. Defaults to a quarter of `replicas`."""


class PoolMember(Model):
    """One sandbox of a pool."""

    name: str
    """Name of the member, of the form `NAME-HASH-INDEX`."""
    id: str | None = None
    """Id of the sandbox. Absent if the member is missing."""
    phase: str
    """Phase at the last observation. `Missing` if the sandbox does not exist."""
    connect_url: str | None = None
    """Base URL for commands and files. Access requires an API key."""
    problem: str | None = None
    """Problem of the member, if it has one. The next update corrects it."""


class SandboxPoolOutputs(Outputs):
    """Outputs of a pool."""

    members: list[PoolMember]
    """Members ordered by index, followed by those that still have to be deleted."""
    ready_replicas: int
    """Number of members that are `Ready` and reachable."""
    effective_labels: Annotated[dict[str, str] | None, Derived(frozenset({"labels"}))] = None
    """Labels that all members have, also the default labels and those that name the owner.

    Absent without members, if the members are forks, and if the API has no labels.
    """
    template_hash: str
    """Hash of the members' template, part of their names."""
    template_digest: str
    """Digest of the inputs that `templateHash` was computed from."""
    uid: str | None = None
    """Unique id of the resource.

    Part of `templateHash`, which tells its members from those of other pools with this name.
    """


def template_inputs(inputs: SandboxPoolInputs) -> dict[str, Any]:
    """Return the template inputs that are set."""
    values = inputs.model_dump(mode="json", include=set(TEMPLATE_FIELDS), exclude_none=True)
    return {name: value for name, value in values.items() if (name, value) != ("labels", {})}


def template_digest(inputs: SandboxPoolInputs) -> str:
    """Return six hexadecimal digits that identify the template of the members.

    The digest is short and slow to compute, because the pool's name is public and the environment is secret.
    """
    text = json.dumps(template_inputs(inputs), sort_keys=True).encode()
    return hashlib.scrypt(text, salt=(inputs.name or "").encode(), n=2**14, r=8, p=1, dklen=3).hex()
