"""The base of the resource classes of Python programs, with property names in snake_case.

The typed classes of programs are in ``pulumi_neev.sdk``.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn

import pulumi
from pulumi import dynamic
from pydantic.alias_generators import to_camel

from neev_provider.adapters.pulumi import assets
from neev_provider.adapters.pulumi.dynamic import resource_options, settings
from neev_provider.adapters.pulumi.dynamic.provider import (
    CHECK_ON_PREVIEW,
    REPLACE_ON_CHANGES,
    RESOURCE_NAME,
    TIMEOUTS,
    URN,
    DynamicProvider,
)
from neev_provider.adapters.pulumi.dynamic.secrets import SECRET_NAMES, find_secret_names
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.core.assets import Archive, Asset, AssetOrArchive
from neev_provider.core.markers import Secret
from neev_provider.core.model import Model, Property


class OutputObject(dict[str, Any]):
    """An object among outputs: a map with the state's names, whose properties are attributes with Python's names."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__eq__ = dict.__eq__  # type: ignore[method-assign]  # else it would differ from every plain map

    def _translate_property(self, name: str) -> str:
        """Return the state's name unchanged: Pulumi exports and serializes the map with it."""
        return name


class DynamicResource(dynamic.Resource):
    """A resource of a Python program, served by Pulumi's dynamic host."""

    _provider_class: ClassVar[type[DynamicProvider]]

    def __init_subclass__(
        cls, provider: type[DynamicProvider] | None = None, module: str = "", name: str = "Resource", **kwargs: Any
    ) -> None:
        inherited = cls._resource_type_name
        if provider is not None:
            module, name = PACKAGE, provider.resource_name()
        super().__init_subclass__(module=module, name=name, **kwargs)
        if not module:
            cls._resource_type_name = inherited  # a program's subclass has the same resource type
        if provider is not None:
            cls._provider_class = provider
            # for a subclass in the program, Pulumi would look the names up in the program first
            cls.__annotations__ = inspect.get_annotations(cls, eval_str=True)
            for field, output_type in cls.__annotations__.items():
                setattr(cls, field, _output_property(to_camel(field), output_type))

    def __init__(
        self, resource_name: str, arguments: Mapping[str, object], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the resource.

        Args:
            resource_name: the name in the program; unique in the stack among the resources of this type.
            arguments: the inputs by their camelCase names; ``None`` is unset.
            opts: Pulumi's own options; ``custom_timeouts`` and ``replace_on_changes`` reach the host as hidden inputs.

        Raises:
            pulumi.RunError: an option would have no effect, or a setting is unknown.
        """
        settings.require_known_settings()
        provider = self._provider_class()
        resource = provider.resource
        try:
            options = resource_options.resolve_options(resource, opts)
        except resource_options.OptionError as error:
            raise pulumi.RunError(f"{resource.name} {resource_name}: {error}") from None
        inputs, outputs = resource.inputs.properties, resource.outputs.properties
        props: dict[str, Any] = dict.fromkeys(outputs)
        props |= {name: _to_input(inputs[name], value) for name, value in arguments.items()}
        props[SECRET_NAMES] = find_secret_names({name: props[name] for name in arguments})
        props[RESOURCE_NAME] = resource_name
        urn = pulumi.create_urn(resource_name, f"pulumi-python:{self._resource_type_name}", options.parent)
        # without its dependency on the parent, which would wait for this resource
        props[URN] = pulumi.Output.from_input(urn.future())
        if timeouts := resource_options.timeout_seconds(options):
            props[TIMEOUTS] = timeouts
        if settings.should_check_on_preview():
            props[CHECK_ON_PREVIEW] = True
        if options.replace_on_changes:
            props[REPLACE_ON_CHANGES] = options.replace_on_changes
        secret = [name for name, prop in {**outputs, **inputs}.items() if prop.is_secret(arguments)]
        options.additional_secret_outputs = [*(options.additional_secret_outputs or ()), *secret]
        super().__init__(provider, resource_name, props, options)

    @classmethod
    def get(cls, resource_name: str, *_: Any, **__: Any) -> NoReturn:
        """Raise an error: Pulumi's host cannot read a dynamic resource; the error says what to use instead."""
        resource_type = cls._provider_class.resource_name()
        raise pulumi.RunError(
            f"{resource_type} {resource_name}: {resource_options.unsupported_read_hint(resource_type)}"
        )


def _output_property(name: str, output_type: Any) -> property:
    """Return the property for an output; Pulumi converts the value to an object if the type is an output class."""

    def get_output(self: DynamicResource) -> Any:
        return pulumi.get(self, name)

    get_output.__annotations__["return"] = output_type
    return property(pulumi.getter(name=name)(get_output))


def _to_input(prop: Property, value: Any) -> Any:
    external = _to_external(prop, value)
    return pulumi.Output.secret(external) if prop.has(Secret) and external is not None else external


def _to_external(prop: Property, value: Any) -> Any:
    """Return the value with the state's names of nested properties."""
    if isinstance(value, pulumi.Output):
        return value.apply(lambda known: _to_external(prop, known))
    if isinstance(value, pulumi.Asset | pulumi.Archive):
        return assets.asset_to_map(_to_asset(value))
    if prop.model and isinstance(value, Mapping):
        return _to_external_object(prop.model, value)
    item_model = prop.item_model
    if isinstance(value, list | tuple):
        return [
            _to_external_object(item_model, item)
            if item_model and isinstance(item, Mapping)
            else _to_external(prop, item)
            for item in value
        ]
    return value


def _to_asset(value: pulumi.Asset | pulumi.Archive) -> AssetOrArchive:
    """Return the asset or archive as one of this package."""
    if isinstance(value, pulumi.AssetArchive):
        return Archive(assets={name: _to_asset(asset) for name, asset in value.assets.items()})
    path, uri = getattr(value, "path", None), getattr(value, "uri", None)
    if isinstance(value, pulumi.Archive):
        return Archive(path=path, uri=uri)
    return Asset(path=path, uri=uri, text=getattr(value, "text", None))


def _to_external_object(model: type[Model], value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        to_camel(key): _to_external(model.properties[to_camel(key)], item)
        if to_camel(key) in model.properties
        else item
        for key, item in value.items()
    }
