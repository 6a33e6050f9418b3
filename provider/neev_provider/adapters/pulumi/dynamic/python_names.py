"""Python's names of properties and functions, in texts that contain the state's names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from pulumi.dynamic import CheckFailure
from pydantic.alias_generators import to_snake

from neev_provider.adapters.shared.snake_case import replace_property_names, snake_case_names
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.redaction import redact
from neev_provider.core.validation import ValidationFailure

_COMMON_NAME: Final = re.compile(r"(?<![:/\w-])(?:customTimeouts|get[A-Z]\w+)")


def resource_names(resource: AnyResource) -> Mapping[str, str]:
    """Return Python's names by the state's, of everything that a text about the resource may mention."""
    return snake_case_names(resource.outputs, resource.inputs)


def to_python_names(text: str, names: Mapping[str, str]) -> str:
    """Return the text with Python's names, also of functions and of ``customTimeouts``."""
    return _COMMON_NAME.sub(lambda word: to_snake(word[0]), replace_property_names(text, names))


def to_check_failures(failures: Iterable[ValidationFailure], names: Mapping[str, str]) -> list[CheckFailure]:
    """Return the failures of a check with Python's names and redacted secrets, in the host's form."""
    return [_to_check_failure(failure, names) for failure in failures]


def _to_check_failure(failure: ValidationFailure, names: Mapping[str, str]) -> CheckFailure:
    path, reason = to_python_names(redact(failure.path), names), to_python_names(redact(failure.reason), names)
    # the engine shows the value at the path, but does not find it under Python's name
    return CheckFailure(path, reason) if path == failure.path else CheckFailure("", f"{path}: {reason}")
