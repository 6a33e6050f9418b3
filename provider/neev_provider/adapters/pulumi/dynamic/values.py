"""Values as Pulumi's dynamic host hands them over, and as it takes them."""

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
    """Return the values with our marks for what is unknown and for assets, at any depth, and without the provider."""
    return dict(_map_leaves({key: value for key, value in values.items() if key != PROVIDER_KEY}, _value_from_host))


def to_host(values: Mapping[str, Any]) -> Values:
    """Return the values with the host's marks."""
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
