"""Secrets of dynamic resources: Pulumi's host passes every value in clear, and shows every error unredacted."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar

import pulumi

from neev_provider.adapters.pulumi.dynamic.values import Values, from_host
from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE
from neev_provider.adapters.pulumi.property_map import PropertyMap
from neev_provider.adapters.pulumi.state import mark_state_secrets
from neev_provider.adapters.shared.hints import PULUMI, render
from neev_provider.core.errors import NeevError
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.markers import Derived
from neev_provider.core.redaction import Redactor, redact, use_redactor
from neev_provider.core.validation import INTERNAL_PREFIX

SECRET_NAMES: Final = f"{INTERNAL_PREFIX}secrets"
"""Hidden input: the properties that are secret by the program."""

T = TypeVar("T")


def find_secret_names(inputs: Mapping[str, Any]) -> pulumi.Output[list[str] | None]:
    """Return the names of the inputs that contain a secret."""

    async def found() -> list[str] | None:
        known = {name: pulumi.Output.from_input(value) for name, value in inputs.items() if value is not None}
        return [name for name, value in known.items() if await value.is_secret()] or None

    return pulumi.Output.from_input(found())


def mark_host_secrets(resource: AnyResource, values: Mapping[str, Any]) -> PropertyMap:
    """Return the host's values with the secrets marked, by the program or by their declaration."""
    known = from_host(values)
    secrets = frozenset((name,) for name in values.get(SECRET_NAMES) or () if name in known)
    return mark_state_secrets(resource, known, PropertyMap(known, secrets))


def secret_inputs(resource: AnyResource, values: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the inputs that are secret."""
    inputs = resource.inputs.properties
    return mark_host_secrets(resource, values).secret_names(inputs) & inputs.keys()


def mark_secret_outputs(resource: AnyResource, outputs: Values, *raw_inputs: Mapping[str, Any]) -> Values:
    """Return the outputs with those marked, in the engine's form, that result from secret inputs.

    The program and the engine already mark the secrets of the declaration and of inputs with the same name.
    """
    secrets = {name for input_ in raw_inputs for name in secret_inputs(resource, input_)}
    derived = resource.outputs.properties_with(Derived)
    hidden = {prop.name for prop in derived if prop.markers[Derived].is_secret(secrets)}
    return {name: {SIGNATURE: SECRET, "value": value} if name in hidden else value for name, value in outputs.items()}


def redact_errors(verb: Callable[..., T]) -> Callable[..., T]:
    """Return the operation of a provider with every secret of its values redacted in the errors that it raises."""

    @wraps(verb)
    def call(provider: Any, *arguments: Any) -> T:
        given = [argument for argument in arguments if isinstance(argument, Mapping)]

        def collect() -> list[Any]:
            settings = getattr(provider, "_settings", None)
            return [
                settings and settings.api_key,
                *(mark_host_secrets(provider.resource, item).secret_values() for item in given),
            ]

        with use_redactor(Redactor(collect)):
            try:
                return verb(provider, *arguments)
            except NeevError as error:
                raise NeevError(redact(render(error, PULUMI)), hint="") from None
            except Exception:  # noqa: BLE001  a bug: the host would show its message and those of its causes
                raise NeevError(redact(traceback.format_exc()), hint="") from None

    return call
