"""Whose account a stack's resources are in: what its configuration, its state and the environment say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_neev.client import Settings
from pulumi_neev.faces import config
from pulumi_neev.faces.checkpoint import opened
from pulumi_neev.faces.config import PACKAGE
from pulumi_neev.faces.provider_config import typed
from pulumi_neev.faces.values import plain

PROVIDER_TYPE = f"pulumi:providers:{PACKAGE}"
DEFAULT = "::default"


def of_stack(configured: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """The account of the stack's configuration, else of the environment."""
    prefix = f"{PACKAGE}:"
    ours = {name.removeprefix(prefix): value for name, value in configured.items() if name.startswith(prefix)}
    return config.settings(typed(ours), environ)


def of_resource(
    resource: Mapping[str, Any],
    resources: Sequence[Mapping[str, Any]],
    configured: Mapping[str, Any],
    environ: Mapping[str, str],
) -> Settings:
    """The account of the provider that serves the resource; one that the program made has its settings in the state."""
    urn = str(resource.get("provider") or "").rpartition("::")[0]
    provider = next((each for each in resources if each["urn"] == urn and not each.get("delete")), None)
    if provider is None or provider["type"] != PROVIDER_TYPE or DEFAULT in urn:
        return of_stack(configured, environ)
    return config.settings(typed(plain(opened(provider.get("inputs") or {}))), environ)
