"""Conversion of values from and to the form of Pulumi's dynamic host."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi.dynamic.dynamic import PROVIDER_KEY
from pulumi.runtime.rpc import UNKNOWN as HOST_UNKNOWN

from neev_provider.adapters.pulumi import assets
from neev_provider.core.assets import AssetOrArchive
from neev_provider.core.model import UNKNOWN

Values = dict[str, Any]


def from_host(values: Mapping[str, Any]) -> Values:
    """Return the values without the provider, with this package's unknown values and assets at any depth."""
    return dict(_map_leaves({key: value for key, value in values.items() if key != PROVIDER_KEY}, _value_from_host))


def to_host(values: Mapping[str, Any]) -> Values:
    """Return the values with the host's unknown values and assets."""
    return dict(_map_leaves(values, _value_to_host))


def _value_from_host(value: Any) -> Any:
    if isinstance(value, Mapping):
        return assets.asset_from_map(value)
    return UNKNOWN if isinstance(value, pulumi.output.Unknown) else value


def _value_to_host(value: Any) -> Any:
    if isinstance(value, AssetOrArchive):
        return assets.asset_to_map(value)
    return HOST_UNKNOWN if value is UNKNOWN else value


def _map_leaves(value: Any, convert: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping) and assets.ASSET_KEY not in value:
        return {key: _map_leaves(item, convert) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_map_leaves(item, convert) for item in value]
    return convert(value)
