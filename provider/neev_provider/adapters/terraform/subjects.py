"""What a call is about: the declaration behind the type that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from neev_provider.adapters.shared.config import ProviderConfig
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.attributes import (
    ID,
    Attributes,
    argument_attributes,
    data_source_attributes,
    resource_attributes,
    setting_attributes,
)
from neev_provider.adapters.terraform.names import action_of, function_of, list_function_of, resource_of
from neev_provider.adapters.terraform.values import decode
from neev_provider.core.model import Model

VERBS: Final[Mapping[str, str]] = {
    "ConfigureProvider": "configure the provider",
    "ApplyResourceChange": "apply",
    "ImportResourceState": "import",
    "InvokeAction": "invoke",
    "ListResource": "list",
    "OpenEphemeralResource": "open",
    "PlanResourceChange": "plan",
    "ReadDataSource": "read",
    "ReadResource": "read",
    "UpgradeResourceState": "read the state of",
}
"""What the engine was doing, for the summary of an error; in all other calls it validates."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The type that a call names, and its declaration."""

    type_name: str
    """Empty for a call about the provider itself."""
    models: tuple[type[Model], ...]
    """The models whose properties a text may name: first the one that the configuration sets."""
    attributes: Attributes


def subject_of(request: Any) -> Subject:
    """Return what the call is about."""
    type_name = getattr(request, "type_name", "") or getattr(request, "action_type", "")
    if not type_name:
        return Subject("", (ProviderConfig,), setting_attributes(ProviderConfig))
    call = _call_name(request)
    if "Action" in call:
        arguments = action_of(type_name).arguments
        return Subject(type_name, (arguments,), argument_attributes(arguments))
    if "ListResource" in call:
        arguments = list_function_of(type_name).arguments
        return Subject(type_name, (arguments,), argument_attributes(arguments))
    if "Data" in call or "Ephemeral" in call:
        function = function_of(type_name)
        models = (function.arguments, function.result)
        return Subject(type_name, models, data_source_attributes(*models))
    resource = resource_of(type_name)
    return Subject(type_name, (resource.inputs, resource.outputs), resource_attributes(resource))


def describe(request: Any) -> str:
    """Return what the engine was doing, such as "update neev_sandbox box".

    The engine shows no address with an error of a resource that is deleted, because no configuration has it.
    """
    action = VERBS.get(_call_name(request), "validate")
    state = _stored_values(request)
    if isinstance(request, pb.ApplyResourceChange.Request):
        action = "create" if not state else "delete" if decode(request.planned_state) is None else "update"
    name = state.get("name") or state.get(ID) or ""
    return " ".join(filter(None, (action, subject_of(request).type_name, name)))


def _stored_values(request: Any) -> Mapping[str, Any]:
    """Return the state that the engine sent; empty if there is none."""
    stored = {"ApplyResourceChange": "prior_state", "ReadResource": "current_state"}.get(_call_name(request))
    return decode(getattr(request, stored)) or {} if stored else {}


def _call_name(request: Any) -> str:
    return str(request.DESCRIPTOR.containing_type.name)
