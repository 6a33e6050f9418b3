"""Python's names of properties and functions, in texts that contain the state's names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pulumi.dynamic import CheckFailure
from pydantic.alias_generators import to_snake

from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.model import Model
from neev_provider.core.redaction import redact
from neev_provider.core.validation import ValidationFailure

_COMMON_NAME: Final = re.compile(r"customTimeouts|get[A-Z]\w+")
# not a setting (neev:orgId), not a part of an address or of a hyphenated name
_CAMEL_CASE_WORD: Final = re.compile(r"(?<![:/\w-])[a-z]+[A-Z]\w*")


def resource_names(resource: AnyResource) -> Mapping[str, str]:
    """Return Python's names by the state's, of everything that a text about the resource may mention."""
    return {**dict(_names(resource.outputs)), **dict(_names(resource.inputs))}


def argument_names(model: type[Model]) -> Mapping[str, str]:
    """Return Python's names by the state's, of everything that a text about a function's arguments may mention."""
    return dict(_names(model))


def to_python_names(text: str, names: Mapping[str, str]) -> str:
    """Return the text with Python's names, also of functions and of ``customTimeouts``."""
    return _CAMEL_CASE_WORD.sub(
        lambda word: to_snake(word[0]) if _COMMON_NAME.fullmatch(word[0]) else names.get(word[0], word[0]), text
    )


def to_check_failures(failures: Iterable[ValidationFailure], names: Mapping[str, str]) -> list[CheckFailure]:
    """Return the failures of a check with Python's names and redacted secrets, in the host's form."""
    return [_to_check_failure(failure, names) for failure in failures]


def _to_check_failure(failure: ValidationFailure, names: Mapping[str, str]) -> CheckFailure:
    path, reason = to_python_names(redact(failure.path), names), to_python_names(redact(failure.reason), names)
    # the engine shows the value at the path, but does not find it under Python's name
    return CheckFailure(path, reason) if path == failure.path else CheckFailure("", f"{path}: {reason}")


def _names(model: type[Model]) -> Iterator[tuple[str, str]]:
    for name, prop in model.properties.items():
        yield name, prop.field
        inner = prop.model or prop.item_model
        if inner is not None:
            yield from _names(inner)
