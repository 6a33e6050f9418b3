"""The recipe of a golden image during a preview."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from neev_provider.core.validation import contains_unknown, user_properties
from neev_provider.resources.image.inputs import RECIPE_FIELDS, GoldenImageInputs, compute_recipe_digest
from neev_provider.resources.image.steps import compute_step_digests

RECIPE_PROPERTIES = tuple(map(to_camel, RECIPE_FIELDS))


def plan_recipe(
    new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any], state: Mapping[str, Any]
) -> tuple[str, list[str]]:
    """Return the digests of the recipe and its steps. Reuse the old digest of an unchanged step without content.

    Raises:
        InputError: the content of a file cannot be read.
        ValueError: a value of the recipe is unknown or invalid.
    """
    inputs = _parse_recipe(new_inputs, (*RECIPE_PROPERTIES, "env"))
    try:
        was = _parse_recipe(old_inputs, ("steps",)).steps or ()
    except ValueError:
        was = ()
    known = compute_step_digests(inputs.steps or (), was, state.get("stepDigests") or ())
    return compute_recipe_digest(inputs, known), known


def _parse_recipe(raw_inputs: Mapping[str, Any], names: Iterable[str]) -> GoldenImageInputs:
    message = {name: raw_inputs[name] for name in names if raw_inputs.get(name) is not None}
    if contains_unknown(message):
        raise ValueError("something of it is not known yet")
    return GoldenImageInputs.model_validate(user_properties(message))
