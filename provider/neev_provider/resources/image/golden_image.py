"""A golden image: built once for each recipe, and kept with some of the earlier ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic.alias_generators import to_camel
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox as Builder
from neev_provider.core import lifecycle
from neev_provider.core.diff import Change, Diff, ChangeKind
from neev_provider.core.errors import Conflict, OperationFailed, InputError, InvalidRequest, NeevError, NotFound
from neev_provider.core.model import UNKNOWN
from neev_provider.core.resource import OperationContext, PartialFailure, Observation, Resource, Timeouts
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import ValidationFailure, WarningHandler, parse, ignore, user_properties
from neev_provider.resources.image.builder import BUILDER, CAPTURE, build
from neev_provider.resources.image.inputs import (
    RECIPE,
    BuiltImage,
    GoldenImageInputs,
    GoldenImageOutputs,
    recipe_of,
    shortened,
)
from neev_provider.resources.image.ownership import Made, Owner, builders_of, look, others_left_alone
from neev_provider.resources.image.steps import digests, misread
from neev_provider.resources.references import require_snapshot, require_template
from neev_provider.resources.sandbox.base import PAUSED, steady
from neev_provider.resources.snapshot import SnapshotInputs, SnapshotStatus

MADE_BY = tuple(map(to_camel, RECIPE))
KNOWN = ("snapshotId", "builderId", "recipe", "sizeBytes", "stepDigests")
"""The outputs that stay where the recipe does."""
TAKEN = (
    "They may belong to another stack, so they are left alone. Choose another name. What an interrupted create left is "
    "brought into the state by `pulumi-neev recover`; what no stack holds can be deleted, or imported by the image's "
    "name once its snapshot is ready. Where it is the image itself that is replaced, set its option "
    "`deleteBeforeReplace` (`delete_before_replace` in Python)."
)


class GoldenImage(Resource[GoldenImageInputs, GoldenImageOutputs]):
    """A snapshot with software and files in it, for any number of sandboxes to be made from.

    It is known by the digest of its recipe: the same recipe builds nothing. Another one is built first, beside the
    image that there is; then `snapshotId` is the new one's, and the earlier images beyond `keep` are deleted. An
    earlier recipe whose image is still kept is taken up again without a build.
    """

    name = "GoldenImage"
    inputs = GoldenImageInputs
    outputs = GoldenImageOutputs
    api_field_names = MappingProxyType({"template_id": "sandbox_template_id", "source_snapshot_id": "restore"})
    references = MappingProxyType({"template_id": require_template, "source_snapshot_id": require_snapshot})
    timeouts = Timeouts(create=3600, update=3600)
    is_slow = True

    @override
    def check(
        self,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        generate_name: Callable[[], str],
        warn: WarningHandler = ignore,
    ) -> tuple[dict[str, Any], list[ValidationFailure]]:
        checked, failed = super().check(old, new, lambda: shortened(generate_name()), warn)
        return checked, [*failed, *misread(checked.get("steps"), warn)]

    @override
    def diff(self, old: Mapping[str, Any], state: Mapping[str, Any], new: Mapping[str, Any]) -> Diff:
        plain = super().diff(old, state, new)
        if state.get("recipe") is None:
            return plain  # nothing is known of it
        others = tuple(each for each in plain.changes if each.property_name not in MADE_BY)
        try:
            recipe, now = _planned(new, old, state)
        except ValueError:
            return plain  # not known yet, or no recipe
        except InputError:
            return Diff(
                (*plain.changes, Change("steps", ChangeKind.UPDATE, requires_replacement=False)),
                plain.delete_before_replace,
            )
        if recipe == state.get("recipe"):
            return Diff(others, plain.delete_before_replace)
        told = (each for each in plain.changes if each.property_name in MADE_BY and each.property_name != "steps")
        changes = (*others, *told, *_steps(state.get("stepDigests") or [], now))
        return Diff(
            (*changes, Change("recipe", ChangeKind.UPDATE, requires_replacement=False)), plain.delete_before_replace
        )

    @override
    def build_state(self, asked: Mapping[str, Any], live: Observation[GoldenImageOutputs]) -> dict[str, Any]:
        return _without_steps(super().build_state(asked, live))

    @override
    def preview_create(self, new: Mapping[str, Any]) -> dict[str, Any]:
        return _without_steps(super().preview_create(new))

    @override
    def preview_update(self, state: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        shown = _without_steps(super().preview_update(state, new))
        try:
            recipe, _ = _planned(new, {}, state)
        except (InputError, ValueError):
            return shown
        kept = {name: state[name] for name in KNOWN if name in state}
        return {**shown, **kept} if recipe == state.get("recipe") else shown

    @override
    async def create(
        self, api: Api, inputs: GoldenImageInputs, call: OperationContext
    ) -> Observation[GoldenImageOutputs]:
        name = inputs.name or ""
        if there := await builders_of(api, name):
            taken = f"there are sandboxes that are called like its builders, such as {there[0].name} (of {len(there)})"
            raise OperationFailed(taken, action=f"the image {name}", hint=TAKEN)
        return Observation(name, {}, GoldenImageOutputs(uid=Owner.of(name, {}).uid))

    @override
    async def reconcile(
        self, api: Api, id: str, inputs: GoldenImageInputs, call: OperationContext
    ) -> Observation[GoldenImageOutputs]:
        known = await run_in_thread(digests, inputs.steps or ())
        recipe, owner = recipe_of(inputs, known), Owner.of(id, call.state)

        # nothing had a builder's name when the image was created, just now
        there = [] if call.just_created else await _own(api, owner, recipe, call.log)
        if not any(each.recipe == recipe and each.is_ready for each in there):
            begun = next((each for each in there if each.recipe == recipe), None)
            if begun is None or not await _comes(api, begun, call):
                await self._built(api, owner, inputs, known, call)
            there = await _own(api, owner, recipe)
        try:
            await _asleep(api, next(each for each in there if each.recipe == recipe).builder, call)
            kept = await _retire(api, recipe, there, inputs.keep, call)
        except NeevError as error:
            raise PartialFailure(_live(owner, recipe, known, await _own(api, owner, recipe)), error) from error
        return _live(owner, recipe, known, kept)

    async def _built(
        self, api: Api, owner: Owner, inputs: GoldenImageInputs, known: list[str], call: OperationContext
    ) -> None:
        recipe = recipe_of(inputs, known)
        names = {"builder": owner.builder(recipe), "snapshot": owner.snapshot(recipe)}
        try:
            await build(api, inputs, known, call, **names)
        except (InvalidRequest, NotFound) as error:
            made = await builders_of(api, owner.image)
            raise (
                None if made else await lifecycle.find_missing_reference(self, api, inputs.to_properties())
            ) or error from error

    @override
    async def read(self, api: Api, id: str, inputs: GoldenImageInputs | None) -> Observation[GoldenImageOutputs] | None:
        owner = Owner.of(id, {})
        images = _ready(await look(api, owner, await builders_of(api, id)))
        return _live(owner, images[0].recipe, (), images) if images else None

    @override
    async def refresh(
        self, api: Api, id: str, inputs: GoldenImageInputs, state: Mapping[str, Any]
    ) -> Observation[GoldenImageOutputs] | None:
        was = parse(GoldenImageOutputs, {name: value for name, value in state.items() if name != "images"})
        owner = Owner.of(id, state)
        made = await _own(api, owner, was.recipe)
        return _live(owner, was.recipe, was.step_digests, made) if made else None

    @override
    async def find_created(self, api: Api, inputs: GoldenImageInputs) -> Observation[GoldenImageOutputs] | None:
        builders = await builders_of(api, inputs.name or "")
        if len(builders) != 1:
            return None  # nothing is there, or several are: a create makes one, and nobody can tell which it is
        owner = Owner.of(inputs.name or "", {})
        known = await run_in_thread(digests, inputs.steps or ())
        return _live(owner, recipe_of(inputs, known), known, await look(api, owner, builders))

    @override
    async def delete(self, api: Api, id: str, call: OperationContext) -> None:
        owner = Owner.of(id, call.state)
        own, others = owner.split(await builders_of(api, id), str(call.state.get("recipe")))
        if others:
            call.log(others_left_alone(id, others))
        for builder in sorted({*owner.ids, *(each.id for each in own)}):
            await BUILDER.delete(api, builder, call)


async def _own(api: Api, owner: Owner, recipe: str, log: Callable[[str], None] = ignore) -> list[Made]:
    """What there is of the image's own, the newest first; the log is told of others that are called alike."""
    own, others = owner.split(await builders_of(api, owner.image), recipe)
    if others:
        log(others_left_alone(owner.image, others))
    return await look(api, owner, own, recipe)


async def _comes(api: Api, made: Made, call: OperationContext) -> bool:
    """Whether what was begun is an image after a wait; what can never be one is deleted."""
    if made.snapshot is not None and made.snapshot.status != SnapshotStatus.FAILED:
        await CAPTURE.reconcile(api, made.snapshot.id, SnapshotInputs(sandbox_id=made.builder.id), call)
        return True
    await BUILDER.delete(api, made.builder.id, call)
    return False


async def _asleep(api: Api, builder: Builder, call: OperationContext) -> None:
    if builder.phase != PAUSED:
        call.deadline.on_progress("pausing the builder")
        await api.sandboxes.pause(builder.id)
        await steady(api, builder.id, call, wanted=(PAUSED,))


async def _retire(api: Api, recipe: str, made: Iterable[Made], keep: int, call: OperationContext) -> list[Made]:
    """The images that are left: the current one, some earlier ones, and what something else holds fast."""
    earlier = [each for each in made if each.recipe != recipe]
    kept = [each for each in made if each.recipe == recipe] + _ready(earlier)[:keep]
    for each in earlier:
        if each not in kept:
            try:
                await BUILDER.delete(api, each.builder.id, call)
            except Conflict as error:
                call.log(f"{each.builder.name} is not deleted yet: {error.summary} The next change tries again.")
                kept.append(each)
    return kept


def _ready(made: Iterable[Made]) -> list[Made]:
    return [each for each in made if each.is_ready]


def _live(owner: Owner, recipe: str, digests: Iterable[str], made: Iterable[Made]) -> Observation[GoldenImageOutputs]:
    """The image as far as it is there; one that is gone, or has no snapshot that can be used, is built again."""
    own = list(made)
    ready = sorted(_ready(own), key=lambda each: each.recipe != recipe)
    id, known = owner.image, {"builder_ids": [each.builder.id for each in own], "uid": owner.uid}
    images = [
        BuiltImage(
            recipe=each.recipe,
            snapshot_id=each.snapshot.id,
            builder_id=each.builder.id,
            created_at=each.snapshot.created_at,
        )
        for each in ready
        if each.snapshot is not None
    ]
    if not images or images[0].recipe != recipe:
        return Observation(id, {"name": id}, GoldenImageOutputs(images=images, **known))
    current = ready[0].snapshot
    outputs = GoldenImageOutputs(
        snapshot_id=images[0].snapshot_id,
        builder_id=images[0].builder_id,
        recipe=recipe,
        size_bytes=current.size_bytes if current else None,
        step_digests=list(digests),
        images=images,
        **known,
    )
    return Observation(id, {"name": id}, outputs)


def _planned(new: Mapping[str, Any], old: Mapping[str, Any], state: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The recipe, and the digests of its steps; of a step that is not at hand, where it is the one of before.

    Raises:
        InputError: the content of a file cannot be read.
        ValueError: something of it is not known yet, or cannot be.
    """
    inputs = _recipe(new, (*MADE_BY, "env"))
    try:
        was = _recipe(old, ("steps",)).steps or ()
    except ValueError:
        was = ()
    known = digests(inputs.steps or (), was, state.get("stepDigests") or ())
    return recipe_of(inputs, known), known


def _recipe(values: Mapping[str, Any], names: Iterable[str]) -> GoldenImageInputs:
    said = {name: values[name] for name in names if values.get(name) is not None}
    if _holds_unknown(said):
        raise ValueError("something of it is not known yet")
    return GoldenImageInputs.model_validate(user_properties(said))


def _steps(was: list[str], now: list[str]) -> Iterable[Change]:
    for number in range(max(len(was), len(now))):
        before, after = (each[number] if number < len(each) else None for each in (was, now))
        if before != after:
            kind = ChangeKind.ADD if before is None else ChangeKind.DELETE if after is None else ChangeKind.UPDATE
            yield Change(f"steps[{number}]", kind, requires_replacement=False)


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_unknown, value.values()))
    return any(map(_holds_unknown, value)) if isinstance(value, list) else value is UNKNOWN


def _without_steps(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without the steps, which hold the contents of files."""
    return {name: value for name, value in values.items() if name != "steps"}
