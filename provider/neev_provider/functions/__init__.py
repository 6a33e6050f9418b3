"""The data functions: every class below this package that declares one."""

from functools import cache
from typing import Any

from neev_provider.core.function import Function
from neev_provider.core.registry import Registry

FUNCTIONS: Registry[Function[Any, Any]] = Registry(__name__, Function)

find_function = cache(FUNCTIONS.find)
