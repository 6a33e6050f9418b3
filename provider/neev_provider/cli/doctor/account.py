"""Whether the platform answers, and to whom."""

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
"""Seconds by which two clocks may differ without that being worth a word."""


def check_settings(stack_config: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Finding]:
    """Where each setting that is needed comes from."""
    for name in REQUIRED:
        if stack_config.get(f"{PACKAGE}:{name}"):
            yield ok(f"{PACKAGE}:{name} is in the stack's configuration")
        elif read_environment(name, environ):
            variable = next(each for each in environment_variables(name) if environ.get(each))
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
    """What the stack's configuration says in vain, and what it should not say in clear.

    A project that is called like the package has keys of its own there, so nothing is known of them.
    """
    known = (*ProviderConfig.properties, *ENGINE_KEYS)
    for name in config_entries:
        package, _, setting = name.partition(":")
        if package == PACKAGE != project_name and setting not in known:
            meant = "".join(
                f"Did you mean `{PACKAGE}:{each}`? " for each in find_similar(setting, known, max_matches=1)
            )
            yield fail(
                f"{name} is in the stack's configuration, and is no setting of the provider",
                f"{meant}`pulumi config rm {name}` takes it out.",
            )
    key = config_entries.get(f"{PACKAGE}:apiKey")
    if key is not None and not key.get("secret"):
        yield warn(
            f"{PACKAGE}:apiKey is in the stack's configuration as plain text",
            f"`pulumi config set --secret {PACKAGE}:apiKey` encrypts it. Revoke the key where others could read it.",
        )


async def check_account(api: Api) -> list[Finding]:
    """The key is accepted: what is used of the quota, and whether the clocks agree."""
    sandboxes, agents = len(await api.sandboxes.list()), len(await api.agents.list())
    ahead = api.transport.server_clock.now() - api.clock.now()
    return [
        ok(f"{api.settings.base_url} answers, and accepts the key"),
        check_quota(sandboxes, agents),
        check_clock_skew(ahead),
    ]


def check_quota(sandboxes: int, agents: int) -> Finding:
    """What the project holds; the API tells no limit before one is reached."""
    return ok(
        f"of the quota are used: {sandboxes} sandboxes, {agents} agents; how many are allowed, "
        "the API says only when one too many is asked for"
    )


def check_clock_skew(skew_seconds: float) -> Finding:
    """Whether this machine's clock is the platform's."""
    if abs(skew_seconds) <= MAX_CLOCK_SKEW:
        return ok("this machine's clock agrees with the platform's")
    behind = "behind" if skew_seconds > 0 else "ahead of"
    return warn(
        f"this machine's clock is {abs(skew_seconds):.0f} s {behind} the platform's",
        "Set it, by NTP say: times in a state and in the platform's answers cannot be compared.",
    )
