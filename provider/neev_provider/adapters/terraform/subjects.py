"""What a call is about: the declaration behind the type that it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neev_provider.adapters.shared.config import ProviderConfig
from neev_provider.adapters.terraform.attributes import (
    Attributes,
    data_source_attributes,
    resource_attributes,
    setting_attributes,
)
from neev_provider.adapters.terraform.names import function_of, resource_of
from neev_provider.core.model import Model


@dataclass(frozen=True, slots=True)
class Subject:
    """The type that a call names, and its declaration."""

    type_name: str
    """Empty for a call about the provider itself."""
    models: tuple[type[Model], ...]
    """The models whose properties a text may name: first the one that the configuration sets."""
    attributes: Attributes


def call_name(request: Any) -> str:
    """Return the name of the call."""
    return str(request.DESCRIPTOR.containing_type.name)


def subject_of(request: Any) -> Subject:
    """Return what the call is about."""
    type_name = getattr(request, "type_name", "")
    if not type_name:
        return Subject("", (ProviderConfig,), setting_attributes(ProviderConfig))
    call = call_name(request)
    if "Data" in call or "Ephemeral" in call:
        function = function_of(type_name)
        models = (function.arguments, function.result)
        return Subject(type_name, models, data_source_attributes(*models))
    resource = resource_of(type_name)
    return Subject(type_name, (resource.inputs, resource.outputs), resource_attributes(resource))
