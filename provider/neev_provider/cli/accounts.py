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
DEFAULT = "::default"
Values = Mapping[str, Any]


def of_stack(configured: Values, environ: Mapping[str, str]) -> Settings:
    """The account of the stack's configuration, else of the environment."""
    return _with_a_key_unsaid(config.parse_settings(coerce_settings(_ours(configured)), environ))


def of_resource(
    resource: Values, resources: Sequence[Values], configured: Values, environ: Mapping[str, str]
) -> Settings:
    """The account of the provider that serves the resource, as the state knows that provider.

    One that the program made has its settings there. The default one has those of its last update, which are older
    than the configuration, and its key is older than that of the environment too.
    """
    return _of_provider(resource, resources, configured, environ, newer=("apiKey",))


def in_use(resource: Values, resources: Sequence[Values], configured: Values, environ: Mapping[str, str]) -> Settings:
    """Return the account in which the next update looks for the resource: the environment is newer than the state."""
    return _of_provider(resource, resources, configured, environ, newer=("apiKey", *SCOPE_SETTINGS))


def _of_provider(
    resource: Values,
    resources: Sequence[Values],
    configured: Values,
    environ: Mapping[str, str],
    *,
    newer: Iterable[str],
) -> Settings:
    """Return the settings of the resource's provider; what the environment says of the newer ones wins."""
    urn = str(resource.get("provider") or "").rpartition("::")[0]
    provider = next((each for each in resources if each["urn"] == urn and not each.get("delete")), None)
    if provider is None or provider["type"] != PROVIDER_TYPE:
        return of_stack(configured, environ)
    stored = reveal(decode_state(provider.get("inputs") or {}))
    if DEFAULT in urn:
        stored = {name: value for name, value in stored.items() if name not in newer or not _said(name, environ)}
        stored |= _ours(configured)
    return _with_a_key_unsaid(config.parse_settings(coerce_settings(stored), environ))


def _said(name: str, environ: Mapping[str, str]) -> bool:
    return config.read_environment(name, environ) is not None


def _with_a_key_unsaid(settings: Settings) -> Settings:
    redaction.add_secrets(settings.api_key)
    return settings


def _ours(configured: Values) -> dict[str, Any]:
    prefix = f"{PACKAGE}:"
    return {name.removeprefix(prefix): value for name, value in configured.items() if name.startswith(prefix)}
