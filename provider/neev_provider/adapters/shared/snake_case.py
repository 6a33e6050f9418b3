"""The names of properties and types as an engine with snake_case writes them, in texts that have the declared names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from pydantic.alias_generators import to_snake

from neev_provider.adapters.shared.config import PACKAGE, ProviderConfig
from neev_provider.core.model import Model
from neev_provider.functions import find_function
from neev_provider.resources import find_resource

# not a setting (neev:orgId), not a part of an address or of a hyphenated name
_CAMEL_CASE_WORD: Final = re.compile(r"(?<![:/\w-])[a-z][a-z0-9]*[A-Z]\w*")
_TYPE: Final = re.compile(r"`((?:get)?[A-Z]\w*)`")


def replace_names(text: str, models: Iterable[type[Model]]) -> str:
    """Return the text with the snake_case names of the settings, the models' properties and the types in backticks."""
    text = replace_property_names(text, snake_case_names(ProviderConfig, *models))
    return _TYPE.sub(lambda word: f"`{type_name(word[1])}`" if _is_declared(word[1]) else word[0], text)


@cache
def snake_case_names(*models: type[Model]) -> Mapping[str, str]:
    """Return the snake_case names by the declared ones, of the models' properties at any depth."""
    return dict(names for model in models for names in _iter_names(model))


def replace_property_names(text: str, names: Mapping[str, str]) -> str:
    """Return the text with the snake_case names of properties; other words in camelCase stay as they are."""
    return _CAMEL_CASE_WORD.sub(lambda word: names.get(word[0], word[0]), text)


def type_name(name: str) -> str:
    """Return ``neev_sandbox_pool`` for the resource `SandboxPool`, and ``neev_sandboxes`` for `getSandboxes`."""
    return f"{PACKAGE}_{to_snake(name.removeprefix('get'))}"


def _iter_names(model: type[Model]) -> Iterator[tuple[str, str]]:
    for name, prop in model.properties.items():
        yield name, prop.field
        inner = prop.model or prop.item_model
        if inner is not None:
            yield from _iter_names(inner)


def _is_declared(name: str) -> bool:
    return (find_function(name) or find_resource(name)) is not None
