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
STORED_FIELDS: Final[Mapping[str, str]] = {
    "ApplyResourceChange": "prior_state",
    "PlanResourceChange": "prior_state",
    "ReadResource": "current_state",
}
"""The field of a call that has the stored state."""


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
    if isinstance(request, pb.ApplyResourceChange.Request):
        has_state = bool(_stored_values(request))
        action = "create" if not has_state else "delete" if decode(request.planned_state) is None else "update"
    return f"{action} {name_subject(request)}".rstrip()


def name_subject(request: Any) -> str:
    """Return what the call is about: the type, and the name or the id if it exists, such as "neev_sandbox box"."""
    state = _stored_values(request)
    return " ".join(filter(None, (subject_of(request).type_name, state.get("name") or state.get(ID))))


def _stored_values(request: Any) -> Mapping[str, Any]:
    """Return the state that the engine sent; empty if there is none."""
    stored = STORED_FIELDS.get(_call_name(request))
    return decode(getattr(request, stored)) or {} if stored else {}


def _call_name(request: Any) -> str:
    return str(request.DESCRIPTOR.containing_type.name)
