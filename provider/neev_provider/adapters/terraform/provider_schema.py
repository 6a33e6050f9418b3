"""The schemas of everything that the provider has.

They are built from the declarations and their sources, which takes long. So they are built beforehand, into a file of
the package, and a process reads that file.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import Any, Final

from google.protobuf import json_format

from neev_provider.actions import ACTIONS
from neev_provider.adapters.shared.config import ProviderConfig
from neev_provider.adapters.shared.descriptions import description
from neev_provider.adapters.shared.snake_case import type_name
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.attributes import (
    argument_attributes,
    data_source_attributes,
    ephemeral_attributes,
    is_ephemeral,
    resource_attributes,
    setting_attributes,
)
from neev_provider.adapters.terraform.provider_functions import function_signatures
from neev_provider.adapters.terraform.schema import build_schema
from neev_provider.core.action import Action
from neev_provider.core.function import Function
from neev_provider.core.lifecycle import AnyResource
from neev_provider.functions import FUNCTIONS, find_list_function
from neev_provider.resources import RESOURCES

PROVIDER_DESCRIPTION: Final = (
    "Settings of the provider. A setting that the block leaves out is read from its environment variable."
)
FILE: Final = "schema.json"


def load_provider_schema() -> pb.GetProviderSchema.Response:
    """Return the response of `GetProviderSchema` from the file of the package."""
    text = files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    return json_format.Parse(text, pb.GetProviderSchema.Response())


def render_provider_schema() -> str:
    """Return the content of the file."""
    return json_format.MessageToJson(build_provider_schema(), sort_keys=True) + "\n"


def build_provider_schema() -> pb.GetProviderSchema.Response:
    """Return the response of `GetProviderSchema` from the declarations."""
    ephemeral = [function for function in FUNCTIONS if is_ephemeral(function)]
    data_sources = [function for function in FUNCTIONS if not is_ephemeral(function)]
    return pb.GetProviderSchema.Response(
        provider=build_schema(setting_attributes(ProviderConfig), PROVIDER_DESCRIPTION),
        resource_schemas={type_name(resource.name): _resource(resource) for resource in RESOURCES},
        data_source_schemas={type_name(function.name): _data_source(function) for function in data_sources},
        ephemeral_resource_schemas={type_name(function.name): _ephemeral(function) for function in ephemeral},
        action_schemas={type_name(action.name): _action(action) for action in ACTIONS},
        list_resource_schemas=_list_resources(),
        functions=function_signatures(),
        # the engine asks the first process only, which saves the others the time
        server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True),
    )


def _resource(resource: AnyResource) -> pb.Schema:
    attributes = resource_attributes(resource)
    return build_schema(attributes, description(type(resource)), timeouts=resource.timeouts)


def _data_source(function: Function[Any, Any]) -> pb.Schema:
    models = (function.arguments, function.result)
    return build_schema(data_source_attributes(*models), description(type(function)))


def _ephemeral(function: Function[Any, Any]) -> pb.Schema:
    models = (function.arguments, function.result)
    return build_schema(ephemeral_attributes(*models), description(type(function)))


def _action(action: Action[Any]) -> pb.ActionSchema:
    schema = build_schema(argument_attributes(action.arguments), description(type(action)))
    return pb.ActionSchema(schema=schema)


def _list_resources() -> dict[str, pb.Schema]:
    functions = {type_name(resource.name): find_list_function(resource.name) for resource in RESOURCES}
    return {
        name: build_schema(argument_attributes(function.arguments), description(type(function)))
        for name, function in functions.items()
        if function is not None
    }


if __name__ == "__main__":
    sys.stdout.write(render_provider_schema())
