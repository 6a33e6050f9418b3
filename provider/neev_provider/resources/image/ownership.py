"""Ownership of builders and snapshots by an image. Another image may have the same name."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.labels import Owner, is_foreign
from neev_provider.resources.image.steps import DIGEST_LENGTH
from neev_provider.resources.lookups import none_if_not_found
from neev_provider.resources.snapshot import SnapshotStatus


@dataclass(frozen=True, slots=True)
class ImageVersion:
    """A builder, the digest of its recipe, and its snapshot, if there is one."""

    recipe_digest: str
    builder: Sandbox
    snapshot: Snapshot | None

    @property
    def is_ready(self) -> bool:
        """Return whether the image can be used."""
        return self.snapshot is not None and self.snapshot.status == SnapshotStatus.READY


@dataclass(frozen=True, slots=True)
class ImageOwnership:
    """Proof that a builder belongs to the image: its id in the state, or a name derived from the image's uid."""

    image: str
    uid: str
    builder_ids: frozenset[str]

    @classmethod
    def from_state(cls, image: str, state: Mapping[str, Any]) -> ImageOwnership:
        """Return the ownership that the state records. Generate a uid if the state has none."""
        images = [version for version in state.get("images") or () if isinstance(version, Mapping)]
        ids = [state.get("builderId"), *(version.get("builderId") for version in images), *state.get("builderIds", ())]
        return cls(image, state.get("uid") or secrets.token_hex(8), frozenset(filter(_is_id, ids)))

    def builder_name(self, recipe_digest: str) -> str:
        """Return the name of the builder of this recipe."""
        return f"{self.image}-{hashlib.sha256(f'{self.uid} {recipe_digest}'.encode()).hexdigest()[:DIGEST_LENGTH]}"

    def snapshot_name(self, recipe_digest: str) -> str:
        """Return the name of the snapshot of this recipe. It contains the recipe's digest."""
        return f"{self.image}-{recipe_digest}"

    def split(self, builders: Iterable[Sandbox], recipe_digest: str) -> tuple[list[Sandbox], list[Sandbox]]:
        """Return the image's own builders, and other sandboxes with similar names."""
        own: list[Sandbox] = []
        others: list[Sandbox] = []
        for builder in builders:
            (
                own if builder.id in self.builder_ids or builder.name == self.builder_name(recipe_digest) else others
            ).append(builder)
        return own, others


async def list_builders(api: Api, image: str, owner: Owner | None = None) -> list[Sandbox]:
    """Return the sandboxes whose names have the form of the image's builders, without those of another owner."""
    return [
        sandbox
        for sandbox in await api.sandboxes.list(name=f"{image}-")
        if _parse_digest(image, sandbox.name) and not is_foreign(sandbox.labels, owner)
    ]


async def list_versions(
    api: Api, ownership: ImageOwnership, builders: Iterable[Sandbox], recipe_digest: str = ""
) -> list[ImageVersion]:
    """Return the versions of the builders, newest first. `recipe_digest` is the digest of the desired recipe."""

    async def read_version(builder: Sandbox) -> ImageVersion:
        # a builder is captured once, after its last step, so a snapshot proves that all steps ran
        snapshots = [
            item
            for item in await none_if_not_found(api.snapshots.list(builder.id)) or ()
            if _parse_digest(ownership.image, item.name)
        ]
        if snapshots:
            return ImageVersion(_parse_digest(ownership.image, snapshots[0].name), builder, snapshots[0])
        digest = (
            recipe_digest
            if builder.name == ownership.builder_name(recipe_digest)
            else _parse_digest(ownership.image, builder.name)
        )
        return ImageVersion(digest, builder, None)

    versions = await asyncio.gather(*map(read_version, builders))
    return sorted(versions, key=lambda version: version.builder.created_at or "", reverse=True)


def foreign_builders_message(image: str, others: Collection[Sandbox]) -> str:
    """Return the log message about sandboxes named like builders that the image does not own."""
    names = ", ".join(f"{builder.name} ({builder.id})" for builder in others)
    return (
        f"{names}: called like builders of the image {image}, but not recorded as its own, so left alone. "
        "The provider's `sweep` command lists what no state refers to."
    )


def _parse_digest(image: str, name: str | None) -> str:
    """Return the digest in the name of a builder or snapshot, or an empty string for any other name."""
    match = re.fullmatch(re.escape(image) + rf"-([0-9a-f]{{{DIGEST_LENGTH}}})", name or "")
    return match[1] if match else ""


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
