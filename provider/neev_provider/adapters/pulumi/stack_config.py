"""The provider's settings as keys of a stack's configuration, with Pulumi's commands in their descriptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from neev_provider.adapters.shared import config
from neev_provider.adapters.shared.config import PACKAGE, ProviderConfig
from neev_provider.core import suggestions
from neev_provider.core.errors import ConfigError
from neev_provider.core.model import Property

ENGINE_KEYS: Final = ("version", "pluginDownloadURL", "pluginChecksums", "__internal")
"""Inputs of every provider that only the engine uses."""
PROVIDER_DESCRIPTION: Final = """\
Settings of the provider: API key, organization, project and connection.

Each setting is read from the stack's configuration (for example `neev:apiKey`). If it is not set there, the
provider reads the environment variables `NEEV_…` and then `NEEVCLOUD_…`. An explicit provider (`new neev.Provider`,
in YAML `pulumi:providers:neev`) reads its arguments instead of the stack's configuration. Pass `apiKey` to it, or
set the variable.

The state records organization, project and base URL with the resources. The provider rejects operations if they
change. To create the resources in another account, destroy the stack first, or use another stack or another
provider.

A `destroy` or `refresh` that does not run the program uses the key from the stack's state. If that key is no longer
valid, add `--run-program`."""
_SETTING_NOTES: Final[Mapping[str, str]] = {
    "apiKey": "Set it with `pulumi config set --secret neev:apiKey`, which encrypts it.",
    "previousBaseUrl": "That is, after `pulumi up` and then `pulumi refresh`.",
    "requestTimeoutSeconds": "To limit that, use `customTimeouts`.",
}


def describe_setting(setting: Property) -> str:
    """Return the description of a setting, with what only Pulumi's users have to know."""
    note = _SETTING_NOTES.get(setting.name)
    return setting.description if note is None else f"{setting.description}\n\n{note}"


def coerce_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with their declared types, without the engine's keys.

    The engine and the SDKs pass numbers and booleans as text.
    """
    return config.coerce_settings({name: value for name, value in values.items() if name not in ENGINE_KEYS})


def require_known_settings(configured_keys: Iterable[str], project_name: str) -> None:
    """Raise an error unless every key of the package in a stack's configuration (`neev:apiKey`) is a setting.

    A project with the name of the package has its own keys there, so its keys are not checked.

    Raises:
        ConfigError: a key is not a setting.
    """
    prefix = f"{PACKAGE}:"
    names = (key.removeprefix(prefix) for key in configured_keys if key.startswith(prefix))
    unknown = next((name for name in names if name not in (*ProviderConfig.properties, *ENGINE_KEYS)), None)
    if unknown is not None and project_name != PACKAGE:
        settings = ", ".join(f"{prefix}{name}" for name in ProviderConfig.properties)
        hint = suggestions.format_suggestion(unknown, ProviderConfig.properties, prefix) or f"; there are {settings}"
        raise ConfigError(f"{prefix}{unknown} is not a setting of the provider{hint}")
