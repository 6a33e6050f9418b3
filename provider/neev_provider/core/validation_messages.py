"""Reasons why a value is invalid, as sentences about the property."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from neev_provider.core import suggestions
from neev_provider.core.coercion import INEXACT_REASON, MIN_INEXACT_INTEGER, is_whole_number
from neev_provider.core.model import UNKNOWN, Model
from neev_provider.core.plurals import count_noun
from neev_provider.core.redaction import redact

UNKNOWN_REASON = "is not known yet"
QUOTES_HINT = "write it in quotes"
MAX_VALUE_LENGTH = 80
"""Maximum characters of a value in a message."""

_ASSET_NOUNS = {"Asset": "an asset", "Archive": "an archive", "AssetOrArchive": "an asset or an archive"}
_REASONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is required",
    "greater_than": lambda context: f"must be more than {context['gt']:g}",
    "greater_than_equal": lambda context: f"must be at least {context['ge']:g}",
    "less_than_equal": lambda context: f"must be at most {context['le']:g}",
    "multiple_of": lambda context: f"must be a multiple of {context['multiple_of']:g}",
    "enum": lambda context: f"must be one of {context['expected']}",
    "string_too_long": lambda context: f"must have at most {count_noun(context['max_length'], 'character')}",
    "string_too_short": lambda _: "must not be empty",
    "too_short": lambda _: "must not be empty",
    "finite_number": lambda _: "must be a finite number",
    "int_from_float": lambda _: "must be a whole number",
    "int_type": lambda _: "must be a whole number",
    "float_type": lambda _: "must be a number",
    "string_type": lambda _: "must be a string",
    "list_type": lambda _: "must be a list",
    "dict_type": lambda _: "must be a map of strings",
    "model_type": lambda _: "must be an object",
    "model_attributes_type": lambda _: "must be an object",
    "is_instance_of": lambda context: f"must be {_ASSET_NOUNS[context['class']]}",
    "value_error": lambda context: str(context["error"]),
}


def explain_error(model: type[Model], error: ErrorDetails, *, secret: bool) -> str:
    """Return why the value is invalid, with the value itself unless it is secret."""
    value = error["input"]
    if value is UNKNOWN:
        return UNKNOWN_REASON
    if error["type"] == "extra_forbidden":
        return _explain_unknown_property(model, error["loc"])
    why = _explain_constraint(error)
    if secret:
        return why
    if error["type"] == "enum":
        why += suggestions.format_suggestion(str(value), re.findall("'([^']+)'", error["ctx"]["expected"]))
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return why
    return f"{why} (is {_truncate(value)})"


def _explain_constraint(error: ErrorDetails) -> str:
    value = error["input"]
    if error["type"] == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        large = is_whole_number(value) and abs(value) >= MIN_INEXACT_INTEGER
        return (
            f"{INEXACT_REASON}; {QUOTES_HINT}"
            if large
            else f"must be a string; {QUOTES_HINT}: 1.10 and 1.1 are one number"
        )
    say = _REASONS.get(error["type"])
    return say(error.get("ctx", {})) if say else error["msg"]


def _explain_unknown_property(model: type[Model], location: Iterable[str | int]) -> str:
    known: Mapping[str, Any] = {}
    name, inner = "", model
    for part in location:
        if isinstance(part, int):
            continue
        name, known = part, inner.properties
        declared = known.get(name)
        inner = (declared.model or declared.item_model or inner) if declared else inner
    return "is not a property" + (
        suggestions.format_suggestion(name, known) or "; see the reference for valid properties"
    )


def _truncate(value: str | float) -> str:
    text = f"{value:g}" if isinstance(value, float) else redact(repr(value))
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[: MAX_VALUE_LENGTH - 3]}…"
