"""What the calls of every kind have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.attributes import Attributes
from neev_provider.adapters.terraform.conversion import properties_to_core, to_engine
from neev_provider.adapters.terraform.diagnostics import error_diagnostic, failure_diagnostic, warning_diagnostic
from neev_provider.adapters.terraform.provider import TerraformProvider
from neev_provider.adapters.terraform.subjects import describe, name_subject, subject_of
from neev_provider.adapters.terraform.values import decode, encode
from neev_provider.core.function import Function
from neev_provider.core.model import Model
from neev_provider.core.validation import ValidationFailure, validate


class Calls:
    """Some calls of one engine."""

    def __init__(self, provider: TerraformProvider) -> None:
        self._provider = provider


def failure_diagnostics(
    failures: Iterable[ValidationFailure],
    model: type[Model],
    severity: pb.Diagnostic.Severity = pb.Diagnostic.ERROR,
) -> list[pb.Diagnostic]:
    """Return the errors, or the warnings, of invalid properties of the model."""
    diagnostics = [failure_diagnostic(failure, model) for failure in failures]
    for diagnostic in diagnostics:
        diagnostic.severity = severity
    return diagnostics


def warning_diagnostics(request: Any, texts: Iterable[str]) -> list[pb.Diagnostic]:
    """Return warnings about what the call is about."""
    subject = subject_of(request)
    return [warning_diagnostic(name_subject(request), text, subject.models) for text in texts]


def error_of(error: BaseException, request: Any, hint: str = "") -> pb.Diagnostic:
    """Return the diagnostic of an error that ended a call."""
    return error_diagnostic(error, describe(request), subject_of(request).models, hint)


def plain_config(config: pb.DynamicValue) -> Mapping[str, Any]:
    """Return the values of a configuration; a block that is left out has none."""
    return decode(config) or {}


def argument_diagnostics(config: pb.DynamicValue, model: type[Model]) -> list[pb.Diagnostic]:
    """Return the errors of the arguments in a configuration, as far as its values are known."""
    return failure_diagnostics(validate(model, properties_to_core(model, plain_config(config))), model)


async def call_function(
    provider: TerraformProvider, function: Function[Any, Any], attributes: Attributes, config: Mapping[str, Any]
) -> pb.DynamicValue:
    """Return the arguments and what the function returns."""
    result = (await provider.call(function, properties_to_core(function.arguments, config))).to_properties()
    return encode(
        {
            name: config[name]
            if config.get(name) is not None or attribute.prop is None
            else to_engine(attribute.prop, result.get(attribute.prop.name))
            for name, attribute in attributes.items()
        }
    )
