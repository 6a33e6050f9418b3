"""Pulumi's package schema, derived from the declarations, from which the SDKs of all languages are generated."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from pydantic.alias_generators import to_pascal

from neev_provider.adapters.pulumi.stack_config import PROVIDER_DESCRIPTION, describe_setting
from neev_provider.adapters.shared import examples
from neev_provider.adapters.shared.config import PACKAGE, ProviderConfig, environment_variables
from neev_provider.adapters.shared.descriptions import description
from neev_provider.adapters.shared.schema_types import (
    PRIMITIVE_NAMES,
    NestedType,
    PrimitiveType,
    TypeVisitor,
    enum_values,
    is_always_present,
    nested_types,
    type_of,
)
from neev_provider.core.assets import Archive
from neev_provider.core.function import Function
from neev_provider.core.markers import Replace, Secret
from neev_provider.core.model import Model, Property
from neev_provider.core.resource import Resource
from neev_provider.functions import FUNCTIONS, find_list_function
from neev_provider.resources import RESOURCES

Spec = dict[str, Any]

_REPOSITORY = "neevcloud/pulumi-neev"

_METADATA: Final[Mapping[str, Any]] = {
    "name": PACKAGE,
    "displayName": "NeevAI",
    "description": "Create, pause, resize, snapshot, fork and roll back NeevAI sandboxes.",
    "keywords": ["pulumi", "neev", "neevai", "sandbox", "agents", "category/cloud", "kind/native"],
    "homepage": "https://www.neevcloud.com",
    "repository": f"https://github.com/{_REPOSITORY}",
    "license": "Apache-2.0",
    "publisher": "NeevCloud",
    "logoUrl": f"https://raw.githubusercontent.com/{_REPOSITORY}/main/docs/logo.png",
    # the engine downloads the plugin of an SDK's version from the release of that version
    "pluginDownloadURL": f"github://api.github.com/{_REPOSITORY}",
}

_LANGUAGES: Final[Mapping[str, Any]] = {
    "python": {
        # not pulumi_neev: the package with the dynamic resources has that name, and both can be installed
        "packageName": "pulumi_neev_sdk",
        "requires": {"pulumi": ">=3.165.0,<4.0.0"},
        "pyproject": {"enabled": True},
        "inputTypes": "classes-and-dicts",
        "respectSchemaVersion": True,
    },
    "nodejs": {
        "packageName": "@neevcloud/pulumi-neev",
        "dependencies": {"@pulumi/pulumi": "^3.142.0"},
        "devDependencies": {"@types/node": "^20", "typescript": "^5"},
        "respectSchemaVersion": True,
    },
    "go": {
        "importBasePath": "github.com/neevcloud/pulumi-neev/sdk/go/neev",
        "generateResourceContainerTypes": True,
        "respectSchemaVersion": True,
    },
    "csharp": {
        "rootNamespace": "NeevCloud",
        "namespaces": {PACKAGE: "Neev"},
        "packageReferences": {"Pulumi": "3.*"},
        "respectSchemaVersion": True,
    },
    "java": {
        "basePackage": "com.neevcloud",
        "buildFiles": "gradle",
        "dependencies": {"com.pulumi:pulumi": "1.16.3", "com.google.code.findbugs:jsr305": "3.0.2"},
    },
}


def package_schema() -> Spec:
    """Return the schema of the package without a version, which the server or the build adds."""
    return {
        **_METADATA,
        "language": dict(_LANGUAGES),
        "config": {"variables": _config_variables()},
        "provider": _provider(),
        "types": _types(),
        "resources": {token(resource.name): _resource(resource) for resource in RESOURCES},
        "functions": {token(function.name): _function(function) for function in FUNCTIONS},
    }


def token(name: str) -> str:
    """Return the engine's name of a resource, function or type."""
    return f"{PACKAGE}:index:{name}"


def render() -> str:
    """Return the text of the committed schema."""
    return json.dumps(package_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _config_variables() -> Spec:
    """Return the settings. SDKs read a variable as it is, so the plugin reads those of a map."""
    specs = {name: _setting_spec(declared) for name, declared in ProviderConfig.properties.items()}
    return {
        name: spec
        if spec.get("type") == "object"
        else spec | {"defaultInfo": {"environment": list(environment_variables(name))}}
        for name, spec in specs.items()
    }


def _provider() -> Spec:
    texts = {
        declared.name: _setting_spec(declared)
        for declared in ProviderConfig.properties.values()
        if type_of(declared) == PrimitiveType(str)  # a provider's output can have no other type
    }
    settings = {
        name: setting | _input_spec(ProviderConfig.properties[name]) for name, setting in _config_variables().items()
    }
    return {
        "description": PROVIDER_DESCRIPTION,
        "type": "object",
        "inputProperties": settings,
        "properties": texts,
    }


def _resource(resource: Resource[Any, Any, Any]) -> Spec:
    inputs, outputs = resource.inputs, resource.outputs
    stated = [*inputs.properties.values(), *outputs.properties.values()]
    spec = {
        "description": examples.description_with_examples(description(type(resource)), resource.name),
        "type": "object",
        "inputProperties": _properties(inputs, extra=_input_spec),
        "requiredInputs": _property_names(inputs, lambda declared: declared.required),
        "properties": _properties(inputs) | _properties(outputs),
        "required": sorted(declared.name for declared in stated if is_always_present(declared)),
    }
    if function := find_list_function(resource.name):
        spec["listInputs"] = _object(function.arguments)
    return spec


def _function(function: Function[Any, Any]) -> Spec:
    return {
        "description": examples.description_with_examples(description(type(function)), function.name),
        "inputs": _object(function.arguments),
        "outputs": _object(function.result),
    }


def _object(model: type[Model]) -> Spec:
    return {
        "description": description(model),
        "type": "object",
        "properties": _properties(model, extra=_default_spec),
        "required": _property_names(model, lambda declared: declared.required),
    }


def _types() -> Spec:
    return {
        token(type_.__name__): _enum(type_) if issubclass(type_, StrEnum) else _object(type_)
        for type_ in shared_types()
    }


def shared_types() -> list[NestedType]:
    """Return the models and enums in the properties, by name."""
    roots: list[type[Model]] = [ProviderConfig]
    roots += [model for resource in RESOURCES for model in (resource.inputs, resource.outputs)]
    roots += [model for function in FUNCTIONS for model in (function.arguments, function.result)]
    return sorted(nested_types(roots), key=lambda nested: nested.__name__)


def _enum(enum: type[StrEnum]) -> Spec:
    values = [
        {
            "name": value.name if value.name == value.value else to_pascal(value.name.lower()),
            "value": value.value,
            "description": value.description,
        }
        for value in enum_values(enum)
    ]
    return {"description": description(enum), "type": "string", "enum": values}


def _property_names(model: type[Model], predicate: Callable[[Property], bool]) -> list[str]:
    return sorted(declared.name for declared in model.properties.values() if predicate(declared))


def _properties(model: type[Model], extra: Callable[[Property], Spec] = lambda _: {}) -> Spec:
    return {name: _property_spec(declared) | extra(declared) for name, declared in model.properties.items()}


def _property_spec(prop: Property) -> Spec:
    spec = _TYPE_SPECS.visit(type_of(prop)) | {"description": prop.description}
    return spec | {"secret": True} if prop.has(Secret) else spec


def _setting_spec(setting: Property) -> Spec:
    return _property_spec(setting) | {"description": describe_setting(setting)}


def _input_spec(prop: Property) -> Spec:
    # willReplaceOnChanges only documents; with replaceOnChanges the SDKs would replace where our Diff says update
    return _default_spec(prop) | ({"willReplaceOnChanges": True} if prop.has(Replace) else {})


def _default_spec(prop: Property) -> Spec:
    return {"default": prop.default} if isinstance(prop.default, str | bool | int | float) else {}


_TYPE_SPECS: Final = TypeVisitor[Spec](
    primitive=lambda type_spec: {"type": PRIMITIVE_NAMES[type_spec.type]},
    any={"$ref": "pulumi.json#/Any"},
    enum=lambda enum: {"$ref": f"#/types/{token(enum.__name__)}"},
    object=lambda model: {"$ref": f"#/types/{token(model.__name__)}"},
    array=lambda item: {"type": "array", "items": item},
    map=lambda value: {"type": "object", "additionalProperties": value},
    # every SDK takes an archive too where an asset is asked for
    asset=lambda asset_class: {"$ref": f"pulumi.json#/{'Archive' if asset_class is Archive else 'Asset'}"},
)


if __name__ == "__main__":
    sys.stdout.write(render())
