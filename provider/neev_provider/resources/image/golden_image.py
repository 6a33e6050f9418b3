"""A golden image, built once for each recipe, and the earlier images that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core import lifecycle
from neev_provider.core.content_resource import ContentResource
from neev_provider.core.errors import Conflict, InputError, InvalidRequest, NeevError, NotFound, OperationFailed
from neev_provider.core.hints import Hint
from neev_provider.core.labels import Owner
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Timeouts
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import ValidationFailure, WarningHandler, ignore, parse
from neev_provider.resources.image.builder import BUILDER_SANDBOX, IMAGE_SNAPSHOT, build
from neev_provider.resources.image.inputs import (
    MAX_NAME_LENGTH,
    BuiltImage,
    GoldenImageInputs,
    GoldenImageOutputs,
    compute_recipe_digest,
)
from neev_provider.resources.image.ownership import (
    ImageOwnership,
    ImageVersion,
    foreign_builders_message,
    list_builders,
    list_versions,
)
from neev_provider.resources.image.recipe import RECIPE_PROPERTIES, plan_recipe
from neev_provider.resources.image.steps import compute_step_digests, validate_steps
from neev_provider.resources.pausable import PAUSED
from neev_provider.resources.references import require_snapshot, require_template
from neev_provider.resources.snapshot import SnapshotInputs, SnapshotStatus


class GoldenImageResource(ContentResource[Api, GoldenImageInputs, GoldenImageOutputs]):
    """A snapshot with software and files, from which any number of sandboxes can be created.

    The recipe (source, size, egress policy and steps) identifies the image. An update with the same recipe builds
    nothing. If the recipe changes, the new image is built first. Then `snapshotId` changes, and earlier images beyond
    `historyLimit` are deleted. A recipe whose earlier image still exists is reused without a build.
    """

    name = "GoldenImage"
    inputs = GoldenImageInputs
    outputs = GoldenImageOutputs
    api_field_names = MappingProxyType({"template_id": "sandbox_template_id", "source_snapshot_id": "restore"})
    references = MappingProxyType({"template_id": require_template, "source_snapshot_id": require_snapshot})
    timeouts = Timeouts(create=3600, update=3600)
    max_name_length = MAX_NAME_LENGTH
    content_inputs = RECIPE_PROPERTIES
    unstored_inputs = ("steps",)
    digest_output = "recipeDigest"
    digested_outputs = ("snapshotId", "builderId", "sizeBytes", "effectiveLabels", "stepDigests")

    @override
    def find_failures(self, raw_inputs: Mapping[str, Any], warn: WarningHandler) -> Iterable[ValidationFailure]:
        return validate_steps(raw_inputs.get("steps"), warn)

    @override
    def planned_digests(
        self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]
    ) -> Mapping[str, str] | None:
        try:
            return _recipe_digests(*plan_recipe(new_inputs, old_inputs, state))
        except InputError:
            return None
        except ValueError:
            return {}  # a value is unknown or invalid

    @override
    def stored_digests(self, state: Mapping[str, Any], planned: Mapping[str, str]) -> Mapping[str, str]:
        # an import has no digests of the steps
        if planned["recipeDigest"] == state["recipeDigest"]:
            return planned
        return _recipe_digests(state["recipeDigest"], state.get("stepDigests") or [])

    @override
    async def create(self, inputs: GoldenImageInputs, context: OperationContext) -> Observation[GoldenImageOutputs]:
        name = inputs.name or ""
        if there := await list_builders(self.api, name):
            taken = f"there are sandboxes that are called like its builders, such as {there[0].name} (of {len(there)})"
            raise OperationFailed(taken, action=f"the image {name}", hint=Hint.IMAGE_NAME_TAKEN)
        return Observation(name, {}, GoldenImageOutputs(uid=ImageOwnership.from_state(name, {}).uid))

    @override
    async def reconcile(
        self, id: str, inputs: GoldenImageInputs, context: OperationContext
    ) -> Observation[GoldenImageOutputs]:
        known = await run_in_thread(compute_step_digests, inputs.steps or ())
        recipe, owner = compute_recipe_digest(inputs, known), ImageOwnership.from_state(id, context.state)

        # `create` has just checked that no sandbox has a builder's name
        there = [] if context.just_created else await _list_own_versions(self.api, owner, recipe, context.log)
        if not any(item.recipe_digest == recipe and item.is_ready for item in there):
            pending = next((item for item in there if item.recipe_digest == recipe), None)
            if pending is None or not await _resume_build(self.api, pending, context):
                await self._build(owner, inputs, known, context)
            there = await _list_own_versions(self.api, owner, recipe)
        try:
            await _ensure_paused(
                self.api, next(item for item in there if item.recipe_digest == recipe).builder, context
            )
            kept = await _prune(self.api, recipe, there, inputs.history_limit, context)
        except NeevError as error:
            raise PartialFailure(
                _to_observation(owner, recipe, known, await _list_own_versions(self.api, owner, recipe))
            ) from error
        return _to_observation(owner, recipe, known, kept)

    async def _build(
        self,
        ownership: ImageOwnership,
        inputs: GoldenImageInputs,
        step_digests: list[str],
        context: OperationContext,
    ) -> None:
        recipe = compute_recipe_digest(inputs, step_digests)
        names = {"builder": ownership.builder_name(recipe), "snapshot": ownership.snapshot_name(recipe)}
        try:
            await build(self.api, inputs, step_digests, context, **names)
        except (InvalidRequest, NotFound) as error:
            created = await list_builders(self.api, ownership.image)
            raise (
                None if created else await lifecycle.find_rejected_input(self, inputs.to_properties())
            ) or error from error

    @override
    async def read(self, id: str, inputs: GoldenImageInputs | None) -> Observation[GoldenImageOutputs] | None:
        owner = ImageOwnership.from_state(id, {})
        images = _ready_versions(await list_versions(self.api, owner, await list_builders(self.api, id)))
        return _to_observation(owner, images[0].recipe_digest, (), images) if images else None

    @override
    async def refresh(
        self, id: str, inputs: GoldenImageInputs, state: Mapping[str, Any]
    ) -> Observation[GoldenImageOutputs] | None:
        was = parse(GoldenImageOutputs, {name: value for name, value in state.items() if name != "images"})
        owner = ImageOwnership.from_state(id, state)
        created = await _list_own_versions(self.api, owner, was.recipe_digest)
        return _to_observation(owner, was.recipe_digest, was.step_digests, created) if created else None

    @override
    async def find_created(
        self, inputs: GoldenImageInputs, owner: Owner | None = None
    ) -> Observation[GoldenImageOutputs] | None:
        builders = await list_builders(self.api, inputs.name or "", owner)
        if len(builders) != 1:
            return None  # a create makes one builder; of several, the right one is unknown
        ownership = ImageOwnership.from_state(inputs.name or "", {})
        known = await run_in_thread(compute_step_digests, inputs.steps or ())
        versions = await list_versions(self.api, ownership, builders)
        return _to_observation(ownership, compute_recipe_digest(inputs, known), known, versions)

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        owner = ImageOwnership.from_state(id, context.state)
        own, others = owner.split(await list_builders(self.api, id), str(context.state.get("recipeDigest")))
        if others:
            context.log(foreign_builders_message(id, others))
        for builder in sorted({*owner.builder_ids, *(item.id for item in own)}):
            await BUILDER_SANDBOX.connect(self.api).delete(builder, context)


async def _list_own_versions(
    api: Api, ownership: ImageOwnership, recipe_digest: str, log: Callable[[str], None] = ignore
) -> list[ImageVersion]:
    """Return the image's own versions, newest first. Log other sandboxes with similar names."""
    own, others = ownership.split(await list_builders(api, ownership.image), recipe_digest)
    if others:
        log(foreign_builders_message(ownership.image, others))
    return await list_versions(api, ownership, own, recipe_digest)


async def _resume_build(api: Api, version: ImageVersion, context: OperationContext) -> bool:
    """Return whether the pending version becomes an image. Wait for its capture, or delete a failed version."""
    if version.snapshot is not None and version.snapshot.status != SnapshotStatus.FAILED:
        await IMAGE_SNAPSHOT.connect(api).reconcile(
            version.snapshot.id, SnapshotInputs(sandbox_id=version.builder.id), context
        )
        return True
    await BUILDER_SANDBOX.connect(api).delete(version.builder.id, context)
    return False


async def _ensure_paused(api: Api, builder: Sandbox, context: OperationContext) -> None:
    if builder.phase != PAUSED:
        context.deadline.on_progress("pausing the builder")
        await api.sandboxes.pause(builder.id)
        await BUILDER_SANDBOX.connect(api).wait_for_phase(builder.id, context, target_phases=(PAUSED,))


async def _prune(
    api: Api, recipe_digest: str, versions: Iterable[ImageVersion], history_limit: int, context: OperationContext
) -> list[ImageVersion]:
    """Delete earlier images beyond the limit. Return the rest, including images whose deletion conflicts."""
    earlier = [version for version in versions if version.recipe_digest != recipe_digest]
    kept = [version for version in versions if version.recipe_digest == recipe_digest] + _ready_versions(earlier)[
        :history_limit
    ]
    for item in earlier:
        if item not in kept:
            try:
                await BUILDER_SANDBOX.connect(api).delete(item.builder.id, context)
            except Conflict as error:
                context.log(f"{item.builder.name} is not deleted yet: {error.summary} The next change tries again.")
                kept.append(item)
    return kept


def _ready_versions(versions: Iterable[ImageVersion]) -> list[ImageVersion]:
    return [version for version in versions if version.is_ready]


def _to_observation(
    ownership: ImageOwnership, recipe_digest: str, step_digests: Iterable[str], versions: Iterable[ImageVersion]
) -> Observation[GoldenImageOutputs]:
    """Return an observation of the image. Without a ready snapshot for the recipe, it has no `recipeDigest`."""
    own = list(versions)
    ready = sorted(_ready_versions(own), key=lambda version: version.recipe_digest != recipe_digest)
    id, known = ownership.image, {"builder_ids": [item.builder.id for item in own], "uid": ownership.uid}
    images = [
        BuiltImage(
            recipe_digest=item.recipe_digest,
            snapshot_id=item.snapshot.id,
            builder_id=item.builder.id,
            created_at=item.snapshot.created_at,
        )
        for item in ready
        if item.snapshot is not None
    ]
    if not images or images[0].recipe_digest != recipe_digest:
        return Observation(id, {"name": id}, GoldenImageOutputs(images=images, **known))
    current, labels = ready[0].snapshot, ready[0].builder.labels
    outputs = GoldenImageOutputs(
        snapshot_id=images[0].snapshot_id,
        builder_id=images[0].builder_id,
        recipe_digest=recipe_digest,
        size_bytes=current.size_bytes if current else None,
        effective_labels=None if labels is None else dict(labels),
        step_digests=list(step_digests),
        images=images,
        **known,
    )
    return Observation(id, {"name": id}, outputs)


def _recipe_digests(recipe_digest: str, step_digests: Iterable[str]) -> dict[str, str]:
    steps = {f"steps[{number}]": digest for number, digest in enumerate(step_digests)}
    return {**steps, "recipeDigest": recipe_digest}
