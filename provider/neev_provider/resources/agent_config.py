"""Validation of an agent's config against the schema of its template."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neev_provider.client import Api
from neev_provider.core import suggestions
from neev_provider.core.errors import InputError
from neev_provider.core.validation import ValidationFailure, contains_unknown, format_path

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


RULES_OF_ABSENCE = ("required", "minProperties", "dependentRequired", "dependentSchemas", "oneOf", "not", "if")
"""Rules that a property can violate by its absence.

They are not checked: the API adds the template's own config, and what a preview does not know is not in the config.
"""


@dataclass(frozen=True)
class ConfigCheck:
    """The check of a config for agents of one template, by its name; two checks of one template are equal."""

    template: str

    async def __call__(self, api: Api, path: str, config: str) -> None:
        """Raise ``InputError`` unless the template accepts the config, which is given as JSON.

        A template that the catalog does not have accepts every config, since another check reports it.
        """
        schemas = [item.config_schema for item in await api.agent_templates.list() if item.name == self.template]
        for schema in schemas:
            for failure in config_failures(path, schema or {}, json.loads(config)):
                raise InputError(failure.path, failure.reason)


def known_config(config: Mapping[str, Any]) -> str:
    """Return the known part of a config as JSON, the same for equal configs."""
    return json.dumps({key: value for key, value in config.items() if not contains_unknown(value)}, sort_keys=True)


def config_failures(path: str, schema: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[ValidationFailure]:
    """Yield the failures of a config, without its values. A schema that is no JSON Schema accepts every config."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415  slow to import
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415
    from jsonschema.validators import extend, validator_for  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    validator: Any = extend(  # type: ignore[no-untyped-call]
        validator_for(schema, default=Draft202012Validator), dict.fromkeys(RULES_OF_ABSENCE, _accept)
    )
    try:
        validator.check_schema(schema)
        # with a registry of its own, a reference to another document is not looked up on the network
        errors = sorted(
            validator(schema, registry=Registry()).iter_errors(config), key=lambda error: list(map(str, error.path))
        )
    except (SchemaError, Unresolvable):
        return
    for error in errors:
        yield from _describe_error(path, error)


def _accept(*_: object) -> None:
    """Yield no failure for a rule of a schema."""


def _describe_error(path: str, error: ValidationError) -> Iterator[ValidationFailure]:
    location = [path, *error.absolute_path]
    if error.validator == "additionalProperties" and not error.validator_value:
        schema: Any = error.schema
        instance: Any = error.instance
        known = sorted(schema.get("properties", ()))
        for name in sorted(set(instance) - set(known)):
            hint = suggestions.format_suggestion(name, known)
            yield ValidationFailure(format_path([*location, name]), f"is not a property of the template's config{hint}")
        return
    rule = json.dumps({error.validator: error.validator_value})
    yield ValidationFailure(format_path(location), f"does not satisfy {rule} of the template's config schema")
