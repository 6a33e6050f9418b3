"""The account of a stack's resources, from its configuration, its state and the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neev_provider.adapters.pulumi.checkpoint import decode_state
from neev_provider.adapters.pulumi.stack_config import coerce_settings
from neev_provider.adapters.shared import config
from neev_provider.adapters.shared.config import PACKAGE, SCOPE_SETTINGS
from neev_provider.client import Settings
from neev_provider.core import redaction

PROVIDER_TYPE = f"pulumi:providers:{PACKAGE}"
DEFAULT_PROVIDER_PREFIX = "::default"
Values = Mapping[str, Any]


def resolve_stack_settings(stack_config: Values, environ: Mapping[str, str]) -> Settings:
    """Return the settings of the stack's configuration, else of the environment."""
    return _redact_api_key(config.parse_settings(coerce_settings(_package_settings(stack_config)), environ))


def resolve_resource_settings(
    resource: Values, resources: Sequence[Values], stack_config: Values, environ: Mapping[str, str]
) -> Settings:
    """Return the settings of the provider resource that serves the resource.

    An explicit provider has its settings in the state. The default provider has there those of its last update. They
    are older than the stack's configuration, and their key is older than that of the environment.
    """
    return _resolve_provider_settings(resource, resources, stack_config, environ, prefer_environment=("apiKey",))


def resolve_current_settings(
    resource: Values, resources: Sequence[Values], stack_config: Values, environ: Mapping[str, str]
) -> Settings:
    """Return the settings with which the next update reads the resource: the environment is newer than the state."""
    return _resolve_provider_settings(
        resource, resources, stack_config, environ, prefer_environment=("apiKey", *SCOPE_SETTINGS)
    )


def _resolve_provider_settings(
    resource: Values,
    resources: Sequence[Values],
    stack_config: Values,
    environ: Mapping[str, str],
    *,
    prefer_environment: Iterable[str],
) -> Settings:
    """Return the settings of the resource's provider; the environment wins for the settings of `prefer_environment`."""
    urn = str(resource.get("provider") or "").rpartition("::")[0]
    provider = next((item for item in resources if item["urn"] == urn and not item.get("delete")), None)
    if provider is None or provider["type"] != PROVIDER_TYPE:
        return resolve_stack_settings(stack_config, environ)
    stored = decode_state(provider.get("inputs") or {}).values
    if DEFAULT_PROVIDER_PREFIX in urn:
        stored = {
            name: value
            for name, value in stored.items()
            if name not in prefer_environment or not _is_in_environment(name, environ)
        }
        stored |= _package_settings(stack_config)
    return _redact_api_key(config.parse_settings(coerce_settings(stored), environ))


def _is_in_environment(name: str, environ: Mapping[str, str]) -> bool:
    return config.read_environment(name, environ) is not None


def _redact_api_key(settings: Settings) -> Settings:
    redaction.add_secrets(settings.api_key)
    return settings


def _package_settings(stack_config: Values) -> dict[str, Any]:
    prefix = f"{PACKAGE}:"
    return {name.removeprefix(prefix): value for name, value in stack_config.items() if name.startswith(prefix)}
