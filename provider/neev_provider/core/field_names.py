"""The API's messages about fields of a request, with the names of the inputs instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from neev_provider.core.errors import ApiError, NeevError
from neev_provider.core.model import Model

# requests group the size and the timeouts in objects, and have the environment as a list
_GROUPS = re.compile(r"\b(?:resources|lifecycle)\.(?=\w)")
_VARIABLE = re.compile(r"\benv(?:\[\d+\]|\.\d+)(?:\.(?:name|value))?")
_WORD = re.compile(r"(?<![\w/-])[a-z]+(?:_[a-z]+)*(?P<field>(?=[:'\"`]))?(?![\w/-])")


def reword(error: NeevError, inputs: type[Model], api_field_names: Mapping[str, str]) -> None:
    """Replace the request's field names in the error by the declared names."""
    error.message = replace_field_names(error.message, inputs, api_field_names)
    if isinstance(error, ApiError) and error.details is not None:
        error.details = replace_field_names(error.details, inputs, api_field_names)


def replace_field_names(text: str, inputs: type[Model], api_field_names: Mapping[str, str]) -> str:
    """Return the text with the declared names; `sent_as` has the fields with another name in requests.

    An ordinary English word counts as a field only if a colon or a quotation mark follows it.
    """
    names = {
        **dict(_property_names(inputs)),
        **{theirs: _property_name(inputs, ours) for ours, theirs in api_field_names.items()},
    }

    def declared(word: re.Match[str]) -> str:
        message = word[0]
        return names.get(message, message) if "_" in message or word["field"] is not None else message

    return _WORD.sub(declared, _VARIABLE.sub("env", _GROUPS.sub("", text)))


def _property_name(inputs: type[Model], field: str) -> str:
    return next(name for name, declared in inputs.properties.items() if declared.field == field)


def _property_names(model: type[Model]) -> Iterator[tuple[str, str]]:
    for name, declared in model.properties.items():
        yield declared.field, name
        inner = declared.model or declared.item_model
        if inner is not None:
            yield from _property_names(inner)
