"""The actions: every class below this package that declares one."""

from functools import cache
from typing import Any

from neev_provider.core.action import Action
from neev_provider.core.registry import Registry

ACTIONS: Registry[Action[Any]] = Registry(__name__, Action)

find_action = cache(ACTIONS.find)
