"""What a Python program writes: resource classes over the declarations, with its own names in snake_case.

The typed classes that users see are in ``pulumi_neev.sdk``; each of them ends here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, get_type_hints

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
        cls.__eq__ = dict.__eq__  # type: ignore[method-assign]  # Pulumi would have it differ from every plain map

    def _translate_property(self, name: str) -> str:
        """Keep the state's names, in which Pulumi exports a map, serialises it and hands it to other stacks."""
        return name


class DynamicResource(dynamic.Resource):
    """A resource of a Python program, served by Pulumi's dynamic host."""

    def __init_subclass__(cls, module: str = "", name: str = "Resource", **kwargs: Any) -> None:
        inherited = cls._resource_type_name
        super().__init_subclass__(module=module, name=name, **kwargs)
        if not module:
            cls._resource_type_name = inherited  # a program's own class over one of ours is the same kind of resource
        for each in vars(cls).values() if module == PACKAGE else ():
            if isinstance(each, property) and each.fget is not None:
                # in a class of the program's own, Pulumi would look the names up in the program first
                each.fget.__annotations__ = get_type_hints(each.fget)

    def __init__(
        self,
        provider: DynamicProvider,
        resource_name: str,
        arguments: Mapping[str, object],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the resource.

        Args:
            provider: the provider that the host calls.
            resource_name: what the program calls it; unique in the stack for its kind.
            arguments: the inputs by their camelCase names; ``None`` is unset.
            opts: Pulumi's own options; ``custom_timeouts`` and ``replace_on_changes`` reach the host as hidden inputs.

        Raises:
            pulumi.RunError: an option would have no effect, or a setting is unknown.
        """
        settings.require_known_settings()
        try:
            understood = resource_options.resolve_options(provider.resource, opts)
        except resource_options.OptionError as error:
            raise pulumi.RunError(f"{provider.resource.name} {resource_name}: {error}") from None
        declared = provider.resource.inputs.properties
        outputs = provider.resource.outputs.properties
        props: dict[str, Any] = dict.fromkeys(outputs)
        props |= {name: _to_input(declared[name], value) for name, value in arguments.items()}
        props[SECRET_NAMES] = find_secret_names({name: props[name] for name in arguments})
        props[RESOURCE_NAME] = resource_name
        if timeouts := resource_options.timeout_seconds(understood):
            props[TIMEOUTS] = timeouts
        if settings.should_check_on_preview():
            props[CHECK_ON_PREVIEW] = True
        if understood.replace_on_changes:
            props[REPLACE_ON_CHANGES] = understood.replace_on_changes
        secret = [name for name, each in {**outputs, **declared}.items() if each.is_secret(arguments)]
        understood.additional_secret_outputs = [*(understood.additional_secret_outputs or ()), *secret]
        super().__init__(provider, resource_name, props, understood)

    def _output(self, name: str) -> pulumi.Output[Any]:
        """Return the property by the state's name; Pulumi makes an object of it where the getter's type is one."""
        value: pulumi.Output[Any] = pulumi.get(self, name)
        return value

    @classmethod
    def get(cls, resource_name: str, *_: Any, **__: Any) -> NoReturn:
        """Refuse, as Pulumi's host cannot read a dynamic resource; the error says what to use instead."""
        kind = cls._resource_type_name.rpartition(":")[2]
        raise pulumi.RunError(f"{kind} {resource_name}: {resource_options.unsupported_read_hint(kind)}")


def _to_input(prop: Property, value: Any) -> Any:
    outside = _to_external(prop, value)
    return pulumi.Output.secret(outside) if prop.has(Secret) and outside is not None else outside


def _to_external(prop: Property, value: Any) -> Any:
    """The value with the names of nested properties as the state has them."""
    if isinstance(value, pulumi.Output):
        return value.apply(lambda known: _to_external(prop, known))
    if isinstance(value, pulumi.Asset | pulumi.Archive):
        return assets.asset_to_map(_to_asset(value))
    if prop.model and isinstance(value, Mapping):
        return _to_external_object(prop.model, value)
    item = prop.item_model
    if isinstance(value, list | tuple):
        return [
            _to_external_object(item, each) if item and isinstance(each, Mapping) else _to_external(prop, each)
            for each in value
        ]
    return value


def _to_asset(value: pulumi.Asset | pulumi.Archive) -> AssetOrArchive:
    """Pulumi's own asset or archive as ours."""
    if isinstance(value, pulumi.AssetArchive):
        return Archive(assets={name: _to_asset(each) for name, each in value.assets.items()})
    path, uri = getattr(value, "path", None), getattr(value, "uri", None)
    if isinstance(value, pulumi.Archive):
        return Archive(path=path, uri=uri)
    return Asset(path=path, uri=uri, text=getattr(value, "text", None))


def _to_external_object(model: type[Model], value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        to_camel(key): _to_external(model.properties[to_camel(key)], each)
        if to_camel(key) in model.properties
        else each
        for key, each in value.items()
    }
