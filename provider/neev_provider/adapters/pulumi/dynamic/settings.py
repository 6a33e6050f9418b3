"""The settings in the process of a Python program, for its functions and resources."""

from __future__ import annotations

import os

import pulumi
from pulumi.runtime.config import CONFIG, get_config, get_config_env

from neev_provider.adapters.pulumi import stack_config
from neev_provider.adapters.pulumi.dynamic import event_loop
from neev_provider.adapters.shared import config
from neev_provider.adapters.shared.hints import PULUMI, render
from neev_provider.client.settings import Settings
from neev_provider.core.errors import ConfigError


def load_settings() -> Settings:
    """Return the settings; raise ``ConfigError`` if one is missing or invalid."""
    return config.parse_settings(_read_config(), os.environ)


def require_known_settings() -> None:
    """Raise an error unless every key of the package in the stack's configuration is a setting.

    Raises:
        pulumi.RunError: a key is not a setting.
    """
    try:
        stack_config.require_known_settings((*CONFIG.get(), *get_config_env()), pulumi.get_project())
    except ConfigError as error:
        raise pulumi.RunError(render(error, PULUMI)) from None


def should_check_on_preview() -> bool:
    """Return whether this is a preview that sends requests: a setting enables it, or a function has already sent one.

    Raises:
        pulumi.RunError: the setting is neither true nor false.
    """
    try:
        return pulumi.runtime.is_dry_run() and (
            event_loop.has_client() or config.is_preview_check_enabled(_read_config(), os.environ)
        )
    except ConfigError as error:
        raise pulumi.RunError(render(error, PULUMI)) from None


def _read_config() -> dict[str, object]:
    return {name: get_config(f"{config.PACKAGE}:{name}") for name in config.ProviderConfig.properties}
