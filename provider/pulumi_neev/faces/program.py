"""What a Python program writes: resource classes and look-ups over the declarations, with its own names in snake_case.

The typed classes and functions that users see are in ``pulumi_neev.typed``; each of them ends here.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi import dynamic
from pulumi.runtime.config import get_config
from pydantic.alias_generators import to_camel

from pulumi_neev.client.settings import Settings
from pulumi_neev.core.assets import Archive, Asset, Blob
from pulumi_neev.core.checking import failures, parse, visible
from pulumi_neev.core.errors import InputError, NeevError
from pulumi_neev.core.function import Function
from pulumi_neev.core.marks import Secret
from pulumi_neev.core.model import Model, Property
from pulumi_neev.faces import background, blobs, config
from pulumi_neev.faces.dynamic import LABEL, PROVIDERS, TIMEOUTS
from pulumi_neev.functions import FUNCTIONS


class DynamicResource(dynamic.Resource):
    """A resource of a Python program, served by Pulumi's dynamic host."""

    def __init__(
        self,
        kind: str,
        resource_name: str,
        arguments: Mapping[str, object],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the resource.

        Args:
            kind: the declaration's name, such as ``Sandbox``.
            resource_name: what the program calls it; unique in the stack for its kind.
            arguments: the inputs by their camelCase names; ``None`` is unset.
            opts: Pulumi's own options; ``custom_timeouts`` reach every wait.
        """
        provider = PROVIDERS[kind]()
        declared = provider.resource.inputs.properties
        outputs = provider.resource.outputs.properties
        everything = {**outputs, **declared}
        self._nested = {name: each for name, each in everything.items() if each.model or each.item_model}
        props: dict[str, Any] = dict.fromkeys(outputs)
        props |= {name: _input(declared[name], value) for name, value in arguments.items()}
        props[LABEL] = resource_name
        if timeouts := _timeouts(opts):
            props[TIMEOUTS] = timeouts
        secret = [name for name, each in everything.items() if each.is_secret(arguments)]
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=secret))
        super().__init__(provider, resource_name, props, merged)

    def _output(self, name: str) -> pulumi.Output[Any]:
        """The property by its camelCase name; nested ones as the declared models."""
        value: pulumi.Output[Any] = pulumi.get(self, name)
        declared = self._nested.get(name)
        return value if declared is None else value.apply(lambda each: _modelled(declared, each))


def invoke(function_name: str, arguments: Mapping[str, object]) -> Any:
    """The answer of a data function; raises ``pulumi.RunError``, which ends a program without a traceback."""
    return background.run(_answer(function_name, arguments))


def invoke_output(function_name: str, arguments: Mapping[str, Any]) -> pulumi.Output[Any]:
    """The answer of a data function, asked once everything it depends on is known."""

    def ask(known: Mapping[str, Any]) -> Any:
        return asyncio.wrap_future(background.start(_answer(function_name, known)))

    return pulumi.Output.all(**arguments).apply(ask)


async def _answer(function_name: str, arguments: Mapping[str, object]) -> Any:
    function = _FUNCTIONS[function_name]
    asked = visible(arguments)
    try:
        for failure in failures(function.arguments, asked):
            raise InputError(failure.path, failure.reason)
        return await function.call(background.connected(_settings()), parse(function.arguments, asked))
    except NeevError as error:
        raise pulumi.RunError(error.about(function_name)) from None


_FUNCTIONS: Mapping[str, Function[Any, Any]] = {function.name: function for function in FUNCTIONS}


def _settings() -> Settings:
    configured = {name: get_config(f"{config.PACKAGE}:{name}") for name in config.ProviderConfig.properties}
    return config.settings(configured, os.environ)


def _timeouts(opts: pulumi.ResourceOptions | None) -> dict[str, float]:
    given = opts.custom_timeouts if opts else None
    if given is None:
        return {}
    texts = {"create": given.create, "update": given.update, "delete": given.delete}
    return {verb: _seconds(text) for verb, text in texts.items() if text}


_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def _seconds(duration: str) -> float:
    """Pulumi's durations (``1h30m``) in seconds; the engine itself refuses what is none."""
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9.]+)(ms|h|m|s)", duration))


def _input(declared: Property, value: Any) -> Any:
    outside = _outside(declared, value)
    return pulumi.Output.secret(outside) if declared.has(Secret) and outside is not None else outside


def _outside(declared: Property, value: Any) -> Any:
    """The value with the names of nested properties as the state has them."""
    if isinstance(value, pulumi.Output):
        return value.apply(lambda known: _outside(declared, known))
    if isinstance(value, Model):
        return value.wire()
    if isinstance(value, pulumi.Asset | pulumi.Archive):
        return blobs.as_map(_blob(value))
    if declared.model and isinstance(value, Mapping):
        return _nested(declared.model, value)
    item = declared.item_model
    if isinstance(value, list | tuple):
        return [
            _nested(item, each) if item and isinstance(each, Mapping) else _outside(declared, each) for each in value
        ]
    return value


def _modelled(declared: Property, value: Any) -> Any:
    """What the state holds of a property as the declared models."""
    if declared.model:
        return value and declared.model.model_validate(value)
    item = declared.item_model
    return [item.model_validate(each) for each in value] if item and value else value


def _blob(value: pulumi.Asset | pulumi.Archive) -> Blob:
    """Pulumi's own asset or archive as ours."""
    if isinstance(value, pulumi.AssetArchive):
        return Archive(assets={name: _blob(each) for name, each in value.assets.items()})
    path, uri = getattr(value, "path", None), getattr(value, "uri", None)
    if isinstance(value, pulumi.Archive):
        return Archive(path=path, uri=uri)
    return Asset(path=path, uri=uri, text=getattr(value, "text", None))


def _nested(model: type[Model], value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        to_camel(key): _outside(model.properties[to_camel(key)], each) if to_camel(key) in model.properties else each
        for key, each in value.items()
    }
