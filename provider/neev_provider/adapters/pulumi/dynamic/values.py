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
    return dict(_mapped({key: value for key, value in values.items() if key != PROVIDER_KEY}, _ours))


def to_host(values: Mapping[str, Any]) -> Values:
    """Return the values with the host's marks."""
    return dict(_mapped(values, _theirs))


def _ours(value: Any) -> Any:
    if isinstance(value, Mapping):
        return assets.from_map(value)
    return UNKNOWN if isinstance(value, pulumi.output.Unknown) else value


def _theirs(value: Any) -> Any:
    if isinstance(value, AssetOrArchive):
        return assets.as_map(value)
    return HOST_UNKNOWN if value is UNKNOWN else value


def _mapped(value: Any, leaf: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping) and assets.MARK not in value:
        return {key: _mapped(each, leaf) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(each, leaf) for each in value]
    return leaf(value)
