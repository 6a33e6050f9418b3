"""Data functions of a Python program: the program's process calls the API, or the mocks of a unit test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor
from pydantic.alias_generators import to_snake

from neev_provider.adapters.pulumi.dynamic import event_loop, settings
from neev_provider.adapters.pulumi.dynamic.python_names import to_python_names
from neev_provider.adapters.pulumi.dynamic.resource_options import unsupported_options
from neev_provider.adapters.pulumi.schema import token
from neev_provider.adapters.shared.hints import PULUMI, render
from neev_provider.adapters.shared.schema_types import declares_secret
from neev_provider.adapters.shared.snake_case import snake_case_names
from neev_provider.core.errors import InputError, NeevError
from neev_provider.core.function import Function
from neev_provider.core.redaction import Redactor
from neev_provider.core.validation import parse, user_properties, validate
from neev_provider.functions import find_function

T = TypeVar("T")


def invoke(name: str, arguments: Mapping[str, Any], result: type[T], opts: pulumi.InvokeOptions | None = None) -> T:
    """Return the result of a data function; raise ``pulumi.RunError``, which ends a program without a traceback."""
    _validate_options(name, opts)
    if _is_mocked():
        return cast("T", pulumi.runtime.invoke(token(name), arguments, opts, result).value)
    return event_loop.run(_call_function(name, arguments, result, Redactor.from_values()))


def invoke_output(
    name: str,
    arguments: Mapping[str, Any],
    result: type[T],
    opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None = None,
) -> pulumi.Output[T]:
    """Return the result of a data function, called when all its dependencies exist.

    In a preview, the result is unknown if a resource that it depends on is not created yet.
    """
    _validate_options(name, opts)
    if _is_mocked():
        return pulumi.runtime.invoke_output(token(name), arguments, opts, result)
    known = pulumi.Output.all(**arguments)
    needed = pulumi.Output.from_input(opts.depends_on if isinstance(opts, pulumi.InvokeOutputOptions) else None)

    def call(values: list[Any]) -> Any:
        known_arguments, _, is_secret = values
        redactor = Redactor.from_values(known_arguments if is_secret else ())
        return asyncio.wrap_future(event_loop.submit(_call_function(name, known_arguments, result, redactor)))

    output = pulumi.Output.all(known, _dependency_ids(known, needed), known.is_secret()).apply(call)
    # as in Pulumi's own functions, one secret makes the whole result secret
    return pulumi.Output.secret(output) if declares_secret(_find_function(name).result) else output


async def _dependency_ids(arguments: pulumi.Output[Any], dependencies: pulumi.Output[Any]) -> list[Any]:
    """Return the ids of the resources that a result depends on; the id of a resource to be created is unknown."""
    dependency = await dependencies.future() or []
    resources = {
        *await arguments.resources(),
        *await dependencies.resources(),
        *(dependency if isinstance(dependency, list) else [dependency]),
    }
    # a dependency on a component is one on its children
    expanded = await rpc._expand_dependencies(resources, None)  # noqa: SLF001  as in Pulumi's own functions
    return [vars(resource)["id"] for resource in expanded.values() if "id" in vars(resource)]


async def _call_function(name: str, arguments: Mapping[str, Any], result: type[T], redactor: Redactor) -> T:
    function = _find_function(name)
    raw_arguments = user_properties(arguments)
    try:
        for failure in validate(function.arguments, raw_arguments):
            raise InputError(failure.path, failure.reason)
        api = event_loop.shared_client(settings.load_settings())
        properties = (await function.call(api, parse(function.arguments, raw_arguments))).to_properties()
        await api.require_project()
    except NeevError as error:
        message = to_python_names(f"{name}: {render(error, PULUMI)}", snake_case_names(function.arguments))
        raise pulumi.RunError(redactor.redact(message)) from None
    return cast("T", rpc.translate_output_properties(properties, lambda name: name, result))


def _find_function(name: str) -> Function[Any, Any]:
    function = find_function(name)
    if function is None:
        raise AssertionError(f"there is no function {name}")
    return function


def _validate_options(name: str, opts: pulumi.InvokeOptions | pulumi.InvokeOutputOptions | None) -> None:
    """Raise ``pulumi.RunError`` if an option would have no effect or a setting is unknown."""
    settings.require_known_settings()
    for option, reason in unsupported_options(opts) if opts else ():
        raise pulumi.RunError(f"{to_snake(name)}: {option}: {reason}")


def _is_mocked() -> bool:
    return isinstance(get_monitor(), MockMonitor)
