"""The provider's block: its settings, their variables, and values that are not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from neev_provider.adapters.shared.config import ProviderConfig, coerce_settings, parse_settings
from neev_provider.adapters.terraform.conversion import properties_to_core
from neev_provider.client import Settings
from neev_provider.core.errors import ConfigError
from neev_provider.core.validation import ValidationFailure, contains_unknown, validate

LABEL_SETTINGS: Final = frozenset({"default_labels", "ownership_labels"})
LATE_SETTINGS: Final = LABEL_SETTINGS | {"check_on_preview", "region", "request_timeout_seconds"}
"""The settings that no read needs, so that a plan does without them."""


def read_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of the provider's block."""
    return coerce_settings(properties_to_core(ProviderConfig, config))


def config_failures(config: Mapping[str, Any]) -> list[ValidationFailure]:
    """Return the failures of the settings; missing ones may come from the environment."""
    return validate(ProviderConfig, read_config(config))


def unknown_settings(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the settings that are known only after another resource is applied."""
    return frozenset(name for name, value in config.items() if contains_unknown(value))


def require_known(config: Mapping[str, Any], unneeded: frozenset[str] = frozenset()) -> None:
    """Raise an error if a setting is not known yet, except those that are not needed.

    Raises:
        ConfigError: a setting is not known yet.
    """
    if unknown := sorted(unknown_settings(config) - unneeded):
        raise ConfigError(
            f"the provider's {' and '.join(unknown)} depends on a resource that is not applied yet",
            hint="Apply that resource first, for example with `-target`, or set the value itself.",
        )


def settings_of(config: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Return the settings; those that no read needs count as unset until they are known.

    Raises:
        ConfigError: a setting is missing, invalid or not known yet.
    """
    require_known(config, LATE_SETTINGS)
    known = {name: None if contains_unknown(value) else value for name, value in config.items()}
    return parse_settings(read_config(known), environ)
