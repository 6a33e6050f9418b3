"""The provider objects that a dynamic program passes to Pulumi's dynamic host."""

from neev_provider.adapters.pulumi.dynamic.provider import DynamicProvider
from neev_provider.resources import RESOURCES
from pulumi_neev import dynamic_providers

PROVIDERS: dict[str, type[DynamicProvider]] = {
    resource.name: getattr(dynamic_providers, f"{resource.name}Provider") for resource in RESOURCES
}
"""The class of each resource, by the resource's name."""
