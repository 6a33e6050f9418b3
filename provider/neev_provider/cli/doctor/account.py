"""Checks of the settings, the API key, the quota and the clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from neev_provider.adapters.shared.config import (
    ENGINE_KEYS,
    PACKAGE,
    REQUIRED,
    ProviderConfig,
    environment_variables,
    read_environment,
)
from neev_provider.cli.doctor.findings import Finding, fail, ok, warn
from neev_provider.client import Api
from neev_provider.core.suggestions import find_similar

MAX_CLOCK_SKEW = 30
"""Seconds by which two clocks may differ without a warning."""


def check_settings(stack_config: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Finding]:
    """Report the source of each required setting."""
    for name in REQUIRED:
        if stack_config.get(f"{PACKAGE}:{name}"):
            yield ok(f"{PACKAGE}:{name} is in the stack's configuration")
        elif read_environment(name, environ):
            variable = next(item for item in environment_variables(name) if environ.get(item))
            yield ok(f"{PACKAGE}:{name} comes from {variable}")
        else:
            secret = " --secret" if name == "apiKey" else ""
            yield fail(
                f"{PACKAGE}:{name} is not set",
                f"`pulumi config set{secret} {PACKAGE}:{name} …`, or set {environment_variables(name)[0]}.",
            )


def check_config_entries(
    config_entries: Mapping[str, Mapping[str, Any]], project_name: str | None
) -> Iterator[Finding]:
    """Report settings that have no effect, and an API key in plain text.

    A project with the name of the package has configuration keys of its own under that name, so all keys are allowed.
    """
    known = (*ProviderConfig.properties, *ENGINE_KEYS)
    for name in config_entries:
        package, _, setting = name.partition(":")
        if package == PACKAGE != project_name and setting not in known:
            suggestion = "".join(
                f"Did you mean `{PACKAGE}:{item}`? " for item in find_similar(setting, known, max_matches=1)
            )
            yield fail(
                f"{name} is in the stack's configuration, but the provider has no such setting",
                f"{suggestion}Remove it with `pulumi config rm {name}`.",
            )
    key = config_entries.get(f"{PACKAGE}:apiKey")
    if key is not None and not key.get("secret"):
        yield warn(
            f"{PACKAGE}:apiKey is in the stack's configuration as plain text",
            f"`pulumi config set --secret {PACKAGE}:apiKey` encrypts it. Revoke the key where others could read it.",
        )


async def check_account(api: Api) -> list[Finding]:
    """Check that the API accepts the key, and report the quota and the clock skew."""
    sandboxes, agents = len(await api.sandboxes.list()), len(await api.agents.list())
    skew_seconds = api.transport.server_clock.now() - api.clock.now()
    return [
        ok(f"{api.settings.base_url} accepts the API key"),
        check_quota(sandboxes, agents),
        check_clock_skew(skew_seconds),
    ]


def check_quota(sandboxes: int, agents: int) -> Finding:
    """Report what the project uses. The API reports a limit only when it is exceeded."""
    return ok(
        f"quota in use: {sandboxes} sandboxes, {agents} agents. "
        "The API reports the limits only when a request exceeds one"
    )


def check_clock_skew(skew_seconds: float) -> Finding:
    """Compare this machine's clock with the API's."""
    if abs(skew_seconds) <= MAX_CLOCK_SKEW:
        return ok("this machine's clock agrees with the API's")
    behind = "behind" if skew_seconds > 0 else "ahead of"
    return warn(
        f"this machine's clock is {abs(skew_seconds):.0f} s {behind} the API's",
        "Synchronize it, for example with NTP: times in states and in responses of the API cannot be compared.",
    )
