"""Validation of inputs: one failure for each property path. Unknown values are skipped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from neev_provider.core.coercion import coerce_properties
from neev_provider.core.errors import InputError
from neev_provider.core.hints import Hint
from neev_provider.core.markers import Secret
from neev_provider.core.model import UNKNOWN, Model, Rule
from neev_provider.core.validation_messages import explain_error

ModelT = TypeVar("ModelT", bound=Model)

INTERNAL_PREFIX = "__"
"""Prefix of the keys of an adapter, which are preserved and never compared."""

WarningHandler = Callable[[str], None]
"""Called with a warning: an input that is valid and probably not intended."""


@dataclass(frozen=True, slots=True)
class ValidationFailure:
    """An invalid property: its path as the user writes it (``egress.allow[1].host``) and what is allowed.

    The engine shows the value at the path; a secret's path is therefore empty, and its reason begins with it.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class OneRequired(Rule):
    """The rule that exactly one of the properties is set."""


def ignore(_text: str) -> None:
    """Ignore the text."""


def user_properties(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the user's own keys, without the nulls that an engine sends, at any depth."""
    return {key: drop_nulls(value) for key, value in raw.items() if value is not None and not is_internal(key)}


def is_internal(key: str) -> bool:
    """Return whether the key belongs to an adapter."""
    return key.startswith(INTERNAL_PREFIX)


def parse(model: type[ModelT], raw: Mapping[str, Any]) -> ModelT:
    """Return the values as a typed model; none of them may be unknown.

    Raises:
        InputError: the values are invalid, as in a state that another tool or version has written.
    """
    try:
        return model.model_validate(coerce_properties(model.properties, user_properties(raw)))
    except ValidationError as error:
        path, why, _ = _describe_error(model, error.errors()[0])
    raise InputError(path, why, hint=Hint.CORRECT_INPUT)


def parse_valid(model: type[ModelT], raw: Mapping[str, Any]) -> ModelT:
    """Return the values as a typed model, validated by the model's rules, too.

    Raises:
        InputError: as in ``parse``, or if the values break a rule.
    """
    values = parse(model, raw)
    for broken in _rule_failures(model, coerce_properties(model.properties, user_properties(raw)), ""):
        raise InputError(broken.path, broken.reason, hint=Hint.CORRECT_INPUT)
    return values


def validate(model: type[Model], raw: Mapping[str, Any]) -> list[ValidationFailure]:
    """Return a failure for each invalid property."""
    inputs = coerce_properties(model.properties, user_properties(raw))
    failures: list[ValidationFailure] = []
    try:
        model.model_validate(inputs)
    except ValidationError as error:
        failures = [_build_failure(model, detail) for detail in error.errors() if not _is_unknown(detail)]
    invalid = {failure.path for failure in failures}
    failures.extend(failure for failure in _rule_failures(model, inputs, "") if failure.path not in invalid)
    return failures


def at_most_one_of(*fields: str) -> Rule:
    """Return the rule that at most one of the properties is set."""

    def broken(values: Mapping[str, Any]) -> str | None:
        names = [name for name in values if values[name] is not None]
        return f"at most one of {' and '.join(names)} can be set" if len(names) > 1 else None

    return Rule(fields, broken)


def exactly_one_of(*fields: str) -> Rule:
    """Return the rule that exactly one of the properties is set."""

    def broken(values: Mapping[str, Any]) -> str | None:
        names = [name for name in values if values[name] is not None]
        return None if len(names) == 1 else f"set exactly one of {' and '.join(values)}"

    return OneRequired(fields, broken)


def less_than(small: str, large: str) -> Rule:
    """Return the rule that the first is less than the second if both are set."""

    def broken(values: Mapping[str, Any]) -> str | None:
        (small_name, low), (large_name, high) = values.items()
        if low is None or high is None or low < high:
            return None
        return f"must be less than {large_name} ({high:g}); {small_name} is {low:g}"

    return Rule((small, large), broken)


def also_requires(field: str, required: str) -> Rule:
    """Return the rule that the first is set only if the second is."""

    def broken(values: Mapping[str, Any]) -> str | None:
        (name, value), (needed_name, other) = values.items()
        return f"{name} requires {needed_name}" if value is not None and other is None else None

    return Rule((field, required), broken)


def redact_failure(failure: ValidationFailure, secret_names: Collection[str]) -> ValidationFailure:
    """Return the failure without the value, which the engine and the reason show, where its property is a secret."""
    if not failure.path or top_level_name(failure.path) not in secret_names:
        return failure
    reason = failure.reason.partition(" (is ")[0]  # the first: a secret may hold the same words
    return ValidationFailure("", f"{failure.path}: {reason}")


def top_level_name(path: str) -> str:
    """Return the name of the property that the path begins with."""
    if path.startswith('["'):
        return path[2:].partition('"]')[0]
    return path.partition(".")[0].partition("[")[0]


def format_path(location: Sequence[str | int]) -> str:
    """Return ``egress.allow[1].host`` for ``("egress", "allow", 1, "host")``."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.isidentifier():
            path += f".{part}" if path else part
        else:
            path += f'["{part}"]'
    return path


def drop_nulls(value: Any) -> Any:
    """Return the value without nulls at any depth."""
    if isinstance(value, str | int | float):
        return value  # most values are: the tests below take longer
    if isinstance(value, Mapping):
        return {key: drop_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [drop_nulls(item) for item in value]
    return value


def contains_unknown(value: Any) -> bool:
    """Return whether the value, or a part of it at any depth, is known only after the update."""
    if isinstance(value, Mapping):
        return any(map(contains_unknown, value.values()))
    return any(map(contains_unknown, value)) if isinstance(value, list) else value is UNKNOWN


def _is_unknown(error: ErrorDetails) -> bool:
    return error["input"] is UNKNOWN


def _build_failure(model: type[Model], error: ErrorDetails) -> ValidationFailure:
    path, why, secret = _describe_error(model, error)
    return ValidationFailure("", f"{path}: {why}") if secret else ValidationFailure(path, why)


def _describe_error(model: type[Model], error: ErrorDetails) -> tuple[str, str, bool]:
    """Return the path and the reason of a pydantic error, and whether the value is, or may be, a secret."""
    location = error["loc"]
    declared = model.properties.get(str(location[0]))
    # an undeclared name may be a misspelled secret: `evn` may hold the value of `env`
    secret = declared is None or declared.has(Secret)
    return format_path(location), explain_error(model, error, secret=secret), secret


def _rule_failures(model: type[Model], raw: Mapping[str, Any], path: str) -> Iterator[ValidationFailure]:
    names = {declared.field: declared.name for declared in model.properties.values()}
    for rule in model.rules:
        values = {names[field]: raw.get(names[field]) for field in rule.fields}
        if any(value is UNKNOWN for value in values.values()):
            continue
        broken = _check_rule(rule, values)
        if broken:
            yield ValidationFailure(path + names[rule.fields[0]], broken)
    for declared in model.properties.values():
        value = raw.get(declared.name)
        if declared.model and isinstance(value, Mapping):
            yield from _rule_failures(declared.model, value, f"{path}{declared.name}.")
        elif declared.item_model and isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, Mapping):
                    yield from _rule_failures(declared.item_model, item, f"{path}{declared.name}[{index}].")


def _check_rule(rule: Rule, values: Mapping[str, Any]) -> str | None:
    try:
        return rule.check(values)
    except (TypeError, ValueError):
        return None  # a value of the wrong type has its own failure already
