"""Registry of all resource classes in this package."""

from functools import cache

from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.registry import Registry
from neev_provider.core.resource import Resource

RESOURCES: Registry[AnyResource] = Registry(__name__, Resource)

find_resource = cache(RESOURCES.find)
