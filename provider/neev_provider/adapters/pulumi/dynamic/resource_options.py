"""Pulumi's options of a dynamic resource: converted to the state's names, and rejected if they would have no effect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import pulumi
from pydantic.alias_generators import to_snake

from neev_provider.adapters.pulumi.property_paths import PathError, resolve_property_name, translate_path
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.core.durations import parse_duration
from neev_provider.core.lifecycle import AnyResource
from neev_provider.functions import find_lookup_function

SINGLE_ACCOUNT_REASON = (
    "a dynamic resource works in the account of the stack's configuration. "
    "For another account, use another stack, or the plugin's classes (pulumi_neev_sdk), which take a provider"
)
NO_PLUGIN_REASON = "a dynamic resource has no plugin of its own: its version is that of the package pulumi-neev"


class OptionError(ValueError):
    """An error for an option that a dynamic resource cannot have."""


def resolve_options(resource: AnyResource, opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Return a copy of the options with the state's property names.

    Raises:
        OptionError: an option would have no effect, or names no property.
    """
    given = pulumi.ResourceOptions.merge(None, opts)
    for option, reason in _unsupported_resource_options(resource, opts or given):
        raise OptionError(f"{option}: {reason}")
    inputs, outputs = resource.inputs, resource.outputs
    for option in ("ignore_changes", "replace_on_changes", "hide_diffs"):
        _translate_option(given, option, lambda path: translate_path(path, inputs))
    # the engine accepts property names here, but no paths
    _translate_option(
        given,
        "additional_secret_outputs",
        lambda name: resolve_property_name(name, {**outputs.properties, **inputs.properties}),
    )
    return given


def unsupported_read_hint(kind: str) -> str:
    """Return the hint that says how to use an existing resource of this type."""
    function = find_lookup_function(kind)
    look_up = f"use `{to_snake(function.name)}` to look it up, or " if function else "use "
    return f"Pulumi's host cannot read a dynamic resource: {look_up}the plugin's class `pulumi_neev_sdk.{kind}`"


def timeout_seconds(opts: pulumi.ResourceOptions) -> dict[str, float]:
    """Return the timeouts of the options in seconds, by operation."""
    given = opts.custom_timeouts
    if given is None:
        return {}
    texts = {"create": given.create, "update": given.update, "delete": given.delete}
    return {verb: parse_duration(text) for verb, text in texts.items() if text}


def unsupported_options(
    opts: pulumi.ResourceOptions | pulumi.InvokeOptions | pulumi.InvokeOutputOptions,
) -> Iterator[tuple[str, str]]:
    """Return the options that neither a dynamic resource nor its function can have, each with the reason."""
    if opts.provider is not None:
        yield "provider", SINGLE_ACCOUNT_REASON
    if opts.parent is not None and opts.parent.get_provider(f"{PACKAGE}:index:") is not None:
        yield "parent", f"it has a provider of the package {PACKAGE}, and {SINGLE_ACCOUNT_REASON}"
    if opts.version:
        yield "version", NO_PLUGIN_REASON
    if opts.plugin_download_url:
        yield "plugin_download_url", NO_PLUGIN_REASON


def _unsupported_resource_options(resource: AnyResource, opts: pulumi.ResourceOptions) -> Iterator[tuple[str, str]]:
    yield from unsupported_options(opts)
    if _has_own_provider(opts.providers):
        yield "providers", SINGLE_ACCOUNT_REASON
    try:
        timeout_seconds(opts)
    except ValueError as error:
        yield "custom_timeouts", str(error)
    if opts.import_ is not None:
        yield "import_", "Pulumi's host cannot import a dynamic resource: use the plugin (pulumi_neev_sdk)"
    if opts.id is not None:
        yield "id", unsupported_read_hint(resource.name)


def _has_own_provider(
    providers: Mapping[str, pulumi.ProviderResource] | Iterable[pulumi.ProviderResource] | None,
) -> bool:
    given = providers.values() if isinstance(providers, Mapping) else providers or ()
    return any(item.package == PACKAGE for item in given)


def _translate_option(opts: pulumi.ResourceOptions, option: str, translate: Callable[[str], str]) -> None:
    given = getattr(opts, option)
    try:
        setattr(opts, option, given and [translate(item) for item in given])
    except PathError as error:
        raise OptionError(f"{option}: {error}") from None
