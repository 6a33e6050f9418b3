"""The provider objects that Pulumi's dynamic host is handed."""

from neev_provider.adapters.pulumi.dynamic.provider import DynamicProvider
from neev_provider.resources import RESOURCES
from pulumi_neev import dynamic_providers

PROVIDERS: dict[str, type[DynamicProvider]] = {
    resource.name: getattr(dynamic_providers, f"{resource.name}Provider") for resource in RESOURCES
}
"""The class of each resource, by the resource's name."""
