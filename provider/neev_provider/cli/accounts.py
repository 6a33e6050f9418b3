"""Whose account a stack's resources are in: what its configuration, its state and the environment say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from neev_provider.adapters.pulumi.checkpoint import decode_state
from neev_provider.adapters.pulumi.marshal import reveal
from neev_provider.adapters.pulumi.plugin.config import SCOPE_SETTINGS, coerce_settings
from neev_provider.adapters.shared import config
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.client import Settings
from neev_provider.core import redaction

PROVIDER_TYPE = f"pulumi:providers:{PACKAGE}"
DEFAULT_PROVIDER_PREFIX = "::default"
Values = Mapping[str, Any]


def resolve_stack_settings(stack_config: Values, environ: Mapping[str, str]) -> Settings:
    """The account of the stack's configuration, else of the environment."""
    return _redact_api_key(config.parse_settings(coerce_settings(_package_settings(stack_config)), environ))


def resolve_resource_settings(
    resource: Values, resources: Sequence[Values], stack_config: Values, environ: Mapping[str, str]
) -> Settings:
    """The account of the provider that serves the resource, as the state knows that provider.

    One that the program made has its settings there. The default one has those of its last update, which are older
    than the configuration, and its key is older than that of the environment too.
    """
    return _resolve_provider_settings(resource, resources, stack_config, environ, prefer_environment=("apiKey",))


def resolve_current_settings(
    resource: Values, resources: Sequence[Values], stack_config: Values, environ: Mapping[str, str]
) -> Settings:
    """Return the account in which the next update looks for the resource: the environment is newer than the state."""
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
    """Return the settings of the resource's provider; what the environment says of the newer ones wins."""
    urn = str(resource.get("provider") or "").rpartition("::")[0]
    provider = next((each for each in resources if each["urn"] == urn and not each.get("delete")), None)
    if provider is None or provider["type"] != PROVIDER_TYPE:
        return resolve_stack_settings(stack_config, environ)
    stored = reveal(decode_state(provider.get("inputs") or {}))
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
