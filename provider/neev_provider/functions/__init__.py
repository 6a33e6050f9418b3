"""The data functions: every class below this package that declares one."""

from functools import cache
from typing import Any

from neev_provider.core.function import Function
from neev_provider.core.registry import Registry

FUNCTIONS: Registry[Function[Any, Any]] = Registry(__name__, Function)

find_function = cache(FUNCTIONS.find)


def find_lookup_function(resource_name: str) -> Function[Any, Any] | None:
    """Return the function that returns an existing object of the resource, or ``None``."""
    return next((function for function in FUNCTIONS if resource_name in function.looks_up), None)


def find_list_function(resource_name: str) -> Function[Any, Any] | None:
    """Return the function that returns the existing objects of the resource, or ``None``."""
    return next((function for function in FUNCTIONS if resource_name in function.lists), None)
