"""Whether the platform answers, and to whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from neev_provider.adapters.shared.config import (
    ENGINE_KEYS,
    PACKAGE,
    REQUIRED,
    ProviderConfig,
    read_environment,
    environment_variables,
)
from neev_provider.cli.doctor.findings import Finding, bad, ok, warn
from neev_provider.client import Api
from neev_provider.core.suggestions import find_similar

SKEW = 30
"""Seconds by which two clocks may differ without that being worth a word."""


def settings(configured: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Finding]:
    """Where each setting that is needed comes from."""
    for name in REQUIRED:
        if configured.get(f"{PACKAGE}:{name}"):
            yield ok(f"{PACKAGE}:{name} is in the stack's configuration")
        elif read_environment(name, environ):
            variable = next(each for each in environment_variables(name) if environ.get(each))
            yield ok(f"{PACKAGE}:{name} comes from {variable}")
        else:
            secret = " --secret" if name == "apiKey" else ""
            yield bad(
                f"{PACKAGE}:{name} is not set",
                f"`pulumi config set{secret} {PACKAGE}:{name} …`, or set {environment_variables(name)[0]}.",
            )


def entries(configured: Mapping[str, Mapping[str, Any]], project: str | None) -> Iterator[Finding]:
    """What the stack's configuration says in vain, and what it should not say in clear.

    A project that is called like the package has keys of its own there, so nothing is known of them.
    """
    known = (*ProviderConfig.properties, *ENGINE_KEYS)
    for name in configured:
        package, _, setting = name.partition(":")
        if package == PACKAGE != project and setting not in known:
            meant = "".join(
                f"Did you mean `{PACKAGE}:{each}`? " for each in find_similar(setting, known, max_matches=1)
            )
            yield bad(
                f"{name} is in the stack's configuration, and is no setting of the provider",
                f"{meant}`pulumi config rm {name}` takes it out.",
            )
    key = configured.get(f"{PACKAGE}:apiKey")
    if key is not None and not key.get("secret"):
        yield warn(
            f"{PACKAGE}:apiKey is in the stack's configuration as plain text",
            f"`pulumi config set --secret {PACKAGE}:apiKey` encrypts it. Revoke the key where others could read it.",
        )


async def account(api: Api) -> list[Finding]:
    """The key is accepted: what is used of the quota, and whether the clocks agree."""
    sandboxes, agents = len(await api.sandboxes.list()), len(await api.agents.list())
    ahead = api.transport.server_clock.now() - api.clock.now()
    return [ok(f"{api.settings.base_url} answers, and accepts the key"), quota(sandboxes, agents), skew(ahead)]


def quota(sandboxes: int, agents: int) -> Finding:
    """What the project holds; the API tells no limit before one is reached."""
    return ok(
        f"of the quota are used: {sandboxes} sandboxes, {agents} agents; how many are allowed, "
        "the API says only when one too many is asked for"
    )


def skew(seconds: float) -> Finding:
    """Whether this machine's clock is the platform's."""
    if abs(seconds) <= SKEW:
        return ok("this machine's clock agrees with the platform's")
    behind = "behind" if seconds > 0 else "ahead of"
    return warn(
        f"this machine's clock is {abs(seconds):.0f} s {behind} the platform's",
        "Set it, by NTP say: times in a state and in the platform's answers cannot be compared.",
    )
