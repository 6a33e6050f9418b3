"""Checks of the settings, the API key, the quota and the clocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from neev_provider.adapters.pulumi.stack_config import ENGINE_KEYS
from neev_provider.adapters.shared.config import (
    PACKAGE,
    REQUIRED,
    ProviderConfig,
    environment_variables,
    read_environment,
)
from neev_provider.adapters.shared.hints import PULUMI, Vocabulary
from neev_provider.cli.doctor.findings import Finding, fail, from_error, ok, warn
from neev_provider.client import Api, Settings
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.errors import Forbidden, NeevError, Unauthorized
from neev_provider.core.labels import describe_owner
from neev_provider.core.plurals import count_noun
from neev_provider.core.suggestions import find_similar

API_KEY_PREFIX = "sk-nc-"
PERSONAL_ACCESS_PREFIX = "pat-nc-"
MODEL_KEY_HINT = "If its type is Model API, create one of the type Sandboxes: a key for models has the same form."
MAX_CLOCK_SKEW = 30
"""Seconds by which two clocks may differ without a warning."""


def check_settings(
    stack_config: Mapping[str, Any], environ: Mapping[str, str], vocabulary: Vocabulary = PULUMI
) -> Iterator[Finding]:
    """Report the source of each required setting. Of Terraform, only the environment is read."""
    for name in REQUIRED:
        shown = _name_setting(name, vocabulary)
        if stack_config.get(f"{PACKAGE}:{name}"):
            yield ok(f"{shown} is in the stack's configuration")
        elif read_environment(name, environ):
            variable = next(item for item in environment_variables(name) if environ.get(item))
            yield ok(f"{shown} comes from {variable}")
        else:
            secret = " --secret" if name == "apiKey" else ""
            variable = environment_variables(name)[0]
            if vocabulary is PULUMI:
                remedy = f"`pulumi config set{secret} {shown} …`, or set {variable}."
            else:
                remedy = f"Set {variable}: this command does not read the `provider` block."
            yield fail(f"{shown} is not set", remedy)


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


def check_key_type(api_key: str, vocabulary: Vocabulary = PULUMI) -> Iterator[Finding]:
    """Report a personal access token in the place of an API key; the prefix tells them apart."""
    shown = _name_setting("apiKey", vocabulary)
    if api_key.startswith(PERSONAL_ACCESS_PREFIX):
        yield fail(
            f"{shown} is a personal access token ({PERSONAL_ACCESS_PREFIX}…), which the API does not accept",
            f"Create an API key ({API_KEY_PREFIX}…) of the type Sandboxes.",
        )
    elif api_key.startswith(API_KEY_PREFIX):
        yield ok(f"{shown} is an API key ({API_KEY_PREFIX}…)")


def report_rejection(error: NeevError, settings: Settings, vocabulary: Vocabulary = PULUMI) -> Finding:
    """Return the finding of an error of the API. Sandboxes and models have API keys of the same form."""
    finding = from_error(error, settings.base_url, vocabulary)
    is_rejected = isinstance(error, Unauthorized | Forbidden) and settings.api_key.startswith(API_KEY_PREFIX)
    return replace(finding, remedy=f"{finding.remedy} {MODEL_KEY_HINT}") if is_rejected else finding


async def check_account(api: Api) -> list[Finding]:
    """Check that the API accepts the key, and report the quota and the clock skew."""
    sandboxes, agents = await api.sandboxes.list(), await api.agents.list()
    skew_seconds = api.transport.server_clock.now() - api.clock.now()
    return [
        ok(f"{api.settings.base_url} accepts the API key"),
        check_quota(len(sandboxes), len(agents)),
        check_owners(sandboxes),
        check_clock_skew(skew_seconds),
    ]


def check_quota(sandboxes: int, agents: int) -> Finding:
    """Report what the project uses. The API reports a limit only when it is exceeded."""
    return ok(
        f"quota in use: {count_noun(sandboxes, 'sandbox')}, {count_noun(agents, 'agent')}. "
        "The API reports the limits only when a request exceeds one"
    )


def check_owners(sandboxes: Iterable[Sandbox]) -> Finding:
    """Report whose the sandboxes are, by their labels."""
    owners = Counter(describe_owner(item.labels) or "without labels of an owner" for item in sandboxes)
    return ok(f"owners of the sandboxes: {', '.join(f'{count} {name}' for name, count in owners.most_common()) or '-'}")


def check_clock_skew(skew_seconds: float) -> Finding:
    """Compare this machine's clock with the API's."""
    if abs(skew_seconds) <= MAX_CLOCK_SKEW:
        return ok("this machine's clock agrees with the API's")
    behind = "behind" if skew_seconds > 0 else "ahead of"
    return warn(
        f"this machine's clock is {abs(skew_seconds):.0f} s {behind} the API's",
        "Synchronize it, for example with NTP: times in states and in responses of the API cannot be compared.",
    )


def _name_setting(name: str, vocabulary: Vocabulary) -> str:
    """Return the setting as the engine's configuration has it."""
    field = ProviderConfig.properties[name].field if vocabulary.is_snake_case else name
    return vocabulary.setting.format(name=field)
