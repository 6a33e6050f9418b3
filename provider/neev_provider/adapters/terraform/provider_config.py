"""The provider's block: its settings, their variables, and values that are not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neev_provider.adapters.shared.config import ProviderConfig, coerce_settings, parse_settings
from neev_provider.adapters.terraform.conversion import properties_to_core
from neev_provider.client import Settings
from neev_provider.core.errors import ConfigError
from neev_provider.core.model import UNKNOWN
from neev_provider.core.validation import ValidationFailure, contains_unknown, validate


def read_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the provider's block."""
    return coerce_settings(properties_to_core(ProviderConfig, config))


def config_failures(config: Mapping[str, Any]) -> list[ValidationFailure]:
    """Return the failures of the settings; missing ones may come from the environment."""
    return validate(ProviderConfig, read_config(config))


def unknown_settings(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the settings that are known only after another resource is applied."""
    return sorted(name for name, value in config.items() if contains_unknown(value))


def settings_of(config: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Return the settings.

    Raises:
        ConfigError: a setting is missing, invalid or not known yet.
    """
    if unknown := unknown_settings(config):
        raise ConfigError(
            f"the provider's {' and '.join(unknown)} depends on a resource that is not applied yet",
            hint="Apply that resource first, for example with `-target`, or set the value itself.",
        )
    return parse_settings({name: value for name, value in read_config(config).items() if value is not UNKNOWN}, environ)
