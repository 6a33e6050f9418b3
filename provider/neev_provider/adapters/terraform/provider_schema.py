"""The schemas of everything that the provider has."""

from __future__ import annotations

from neev_provider.adapters.shared.config import ProviderConfig
from neev_provider.adapters.shared.descriptions import description
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.attributes import (
    data_source_attributes,
    ephemeral_attributes,
    is_ephemeral,
    resource_attributes,
    setting_attributes,
)
from neev_provider.adapters.terraform.names import function_type, resource_type
from neev_provider.adapters.terraform.schema import build_schema
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

PROVIDER_DESCRIPTION = (
    "Settings of the provider. Each is read from its environment variable if the block does not set it."
)


def build_provider_schema() -> pb.GetProviderSchema.Response:
    """Return the response of `GetProviderSchema`."""
    return pb.GetProviderSchema.Response(
        provider=build_schema(setting_attributes(ProviderConfig), PROVIDER_DESCRIPTION),
        resource_schemas={
            resource_type(resource.name): build_schema(
                resource_attributes(resource), description(type(resource)), timeouts=resource.timeouts
            )
            for resource in RESOURCES
        },
        data_source_schemas={
            function_type(function.name): build_schema(
                data_source_attributes(function.arguments, function.result), description(type(function))
            )
            for function in FUNCTIONS
            if not is_ephemeral(function)
        },
        ephemeral_resource_schemas={
            function_type(function.name): build_schema(
                ephemeral_attributes(function.arguments, function.result), description(type(function))
            )
            for function in FUNCTIONS
            if is_ephemeral(function)
        },
        # the engine asks the first process only, which saves the others the time
        server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True),
    )
