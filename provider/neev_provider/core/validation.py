"""What is wrong with a set of inputs, said per property path; unknown values are passed over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from neev_provider.core.coercion import taken
from neev_provider.core.errors import InputError
from neev_provider.core.markers import Secret
from neev_provider.core.model import UNKNOWN, Model, Rule
from neev_provider.core.validation_messages import reason

M = TypeVar("M", bound=Model)

HIDDEN = "__"
"""Keys that begin so belong to a face, not to the user; they are carried along and never compared."""

Warn = Callable[[str], None]
"""Told what is no failure and yet worth a look."""

UNCHECKED = "Correct it in the program; where only the state has it so, import the resource anew."
"""What to do about a value that no check has seen."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One property that cannot be: its path as the user knows it (``egress.allow[1].host``) and what is allowed.

    The engine shows the value at the path; a secret's path is therefore empty, and its reason begins with it.
    """

    path: str
    reason: str


def silent(_text: str) -> None:
    """Tell nobody."""


def visible(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The user's own keys, without nulls (the engine sends them) at any depth."""
    return {key: without_nulls(value) for key, value in raw.items() if value is not None and not is_hidden(key)}


def is_hidden(key: str) -> bool:
    """Whether the key is a face's own."""
    return key.startswith(HIDDEN)


def parse(model: type[M], raw: Mapping[str, Any]) -> M:
    """The values as typed ones; nothing in them may be unknown.

    Raises:
        InputError: they have not passed ``failures``, as in a state that another tool or version has written.
    """
    try:
        return model.model_validate(taken(model.properties, visible(raw)))
    except ValidationError as error:
        path, why, _ = _said(model, error.errors()[0])
    raise InputError(path, why, hint=UNCHECKED)


def sound(model: type[M], raw: Mapping[str, Any]) -> M:
    """The values as typed ones that hold to the model's rules, too.

    Raises:
        InputError: as ``parse`` does, or a rule is broken.
    """
    values = parse(model, raw)
    for broken in _broken_rules(model, taken(model.properties, visible(raw)), ""):
        raise InputError(broken.path, broken.reason, hint=UNCHECKED)
    return values


def failures(model: type[Model], raw: Mapping[str, Any]) -> list[Failure]:
    """Every property of ``raw`` that cannot be, best known before anything is sent."""
    known = taken(model.properties, visible(raw))
    found: list[Failure] = []
    try:
        model.model_validate(known)
    except ValidationError as error:
        found = [_failure(model, each) for each in error.errors() if not _is_unknown(each)]
    bad = {failure.path for failure in found}
    found.extend(failure for failure in _broken_rules(model, known, "") if failure.path not in bad)
    return found


def at_most_one(*fields: str) -> Rule:
    """At most one of the properties may be set."""

    def broken(values: Mapping[str, Any]) -> str | None:
        names = [name for name in values if values[name] is not None]
        return f"at most one of {' and '.join(names)} can be set" if len(names) > 1 else None

    return Rule(fields, broken)


def exactly_one(*fields: str) -> Rule:
    """One of the properties must be set, and only one."""

    def broken(values: Mapping[str, Any]) -> str | None:
        names = [name for name in values if values[name] is not None]
        return None if len(names) == 1 else f"set exactly one of {' and '.join(values)}"

    return Rule(fields, broken)


def below(small: str, large: str) -> Rule:
    """Where both are set, the first is less than the second."""

    def broken(values: Mapping[str, Any]) -> str | None:
        (small_name, low), (large_name, high) = values.items()
        if low is None or high is None or low < high:
            return None
        return f"must be less than {large_name} ({high:g}); {small_name} is {low:g}"

    return Rule((small, large), broken)


def only_with(field: str, needed: str) -> Rule:
    """The first is set only where the second is."""

    def broken(values: Mapping[str, Any]) -> str | None:
        (name, value), (needed_name, other) = values.items()
        return f"{name} can be set only together with {needed_name}" if value is not None and other is None else None

    return Rule((field, needed), broken)


def without_value(failure: Failure, secret: Collection[str]) -> Failure:
    """Return the failure without the value, which the engine and the reason show, where its property is a secret."""
    if not failure.path or top(failure.path) not in secret:
        return failure
    reason = failure.reason.partition(" (is ")[0]  # the first: a secret may hold the same words
    return Failure("", f"{failure.path}: {reason}")


def top(path: str) -> str:
    """Return the name of the property that the path begins with."""
    if path.startswith('["'):
        return path[2:].partition('"]')[0]
    return path.partition(".")[0].partition("[")[0]


def path_of(location: Sequence[str | int]) -> str:
    """``("egress", "allow", 1, "host")`` as ``egress.allow[1].host``."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.isidentifier():
            path += f".{part}" if path else part
        else:
            path += f'["{part}"]'
    return path


def without_nulls(value: Any) -> Any:
    """The value without nulls at any depth."""
    if isinstance(value, Mapping):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(each) for each in value]
    return value


def _is_unknown(error: ErrorDetails) -> bool:
    return error["input"] is UNKNOWN


def _failure(model: type[Model], error: ErrorDetails) -> Failure:
    path, why, secret = _said(model, error)
    return Failure("", f"{path}: {why}") if secret else Failure(path, why)


def _said(model: type[Model], error: ErrorDetails) -> tuple[str, str, bool]:
    """Where the error is, what it is, and whether the value there is, or may be, a secret."""
    location = error["loc"]
    declared = model.properties.get(str(location[0]))
    # of a name that nobody declares, nobody knows what it was meant to be: `evn` may hold what `env` would
    secret = declared is None or declared.has(Secret)
    return path_of(location), reason(model, error, secret=secret), secret


def _broken_rules(model: type[Model], raw: Mapping[str, Any], path: str) -> Iterator[Failure]:
    names = {declared.field: declared.name for declared in model.properties.values()}
    for rule in model.rules:
        values = {names[field]: raw.get(names[field]) for field in rule.fields}
        if any(value is UNKNOWN for value in values.values()):
            continue
        broken = _run(rule, values)
        if broken:
            yield Failure(path + names[rule.fields[0]], broken)
    for declared in model.properties.values():
        value = raw.get(declared.name)
        if declared.model and isinstance(value, Mapping):
            yield from _broken_rules(declared.model, value, f"{path}{declared.name}.")
        elif declared.item_model and isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, Mapping):
                    yield from _broken_rules(declared.item_model, item, f"{path}{declared.name}[{index}].")


def _run(rule: Rule, values: Mapping[str, Any]) -> str | None:
    try:
        return rule.broken(values)
    except (TypeError, ValueError):
        return None  # a value of the wrong type has its own failure already
