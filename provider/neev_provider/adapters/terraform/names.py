"""Names of this engine for resources and functions, and the declarations behind them."""

from __future__ import annotations

from typing import Any, Final

from pydantic.alias_generators import to_camel, to_pascal

from neev_provider.actions import find_action
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.core.action import Action
from neev_provider.core.errors import InputError
from neev_provider.core.function import Function
from neev_provider.core.lifecycle import AnyResource
from neev_provider.functions import find_function, find_list_function
from neev_provider.resources import find_resource

PREFIX: Final = f"{PACKAGE}_"


def resource_of(type_name: str) -> AnyResource:
    """Return the resource of the type."""
    resource = find_resource(to_pascal(type_name.removeprefix(PREFIX)))
    if resource is None:
        raise InputError("type", f"this version of the provider has no resource {type_name}")
    return resource


def function_of(type_name: str) -> Function[Any, Any]:
    """Return the function behind the data source or ephemeral resource."""
    function = find_function(f"get{to_pascal(type_name.removeprefix(PREFIX))}")
    if function is None:
        raise InputError("type", f"this version of the provider has no data source {type_name}")
    return function


def action_of(type_name: str) -> Action[Any]:
    """Return the action of the type."""
    action = find_action(to_camel(type_name.removeprefix(PREFIX)))
    if action is None:
        raise InputError("type", f"this version of the provider has no action {type_name}")
    return action


def list_function_of(type_name: str) -> Function[Any, Any]:
    """Return the function that lists the objects of the resource of the type."""
    function = find_list_function(resource_of(type_name).name)
    if function is None:
        raise InputError("type", f"this version of the provider cannot list {type_name}")
    return function
