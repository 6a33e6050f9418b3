"""Inputs of the provider itself: check, diff and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2

from neev_provider.adapters.pulumi.marshal import marshal, unmarshal, unsupported_values
from neev_provider.adapters.pulumi.plugin.grpc_errors import missing_keys_error
from neev_provider.adapters.pulumi.plugin.plan import diff_response, marshal_failures
from neev_provider.adapters.pulumi.property_map import PropertyMap
from neev_provider.adapters.pulumi.stack_config import coerce_settings, describe_setting
from neev_provider.adapters.shared import config
from neev_provider.adapters.shared.config import PACKAGE, SCOPE_SETTINGS, ProviderConfig
from neev_provider.adapters.shared.hints import PULUMI, render, render_text
from neev_provider.client import Settings
from neev_provider.core.account import ACCOUNT_SETTINGS, Account, WrongAccount
from neev_provider.core.diff import Change, ChangeKind, Diff
from neev_provider.core.errors import ConfigError
from neev_provider.core.model import UNKNOWN
from neev_provider.core.validation import ValidationFailure, validate

DEFAULT_PROVIDER_PREFIX = "default"
"""Prefix of the names of the engine's own providers, which read the configuration of the stack."""
OTHER_ACCOUNT_HINT = (
    "To create everything in the other account, destroy the stack first, or use another stack or provider."
)


def check(request: provider_pb2.CheckRequest, environ: Mapping[str, str]) -> provider_pb2.CheckResponse:
    """Return the configuration to store and its failures."""
    news = unmarshal(request.news)
    values = dict(news.values)
    for name in SCOPE_SETTINGS:
        default = config.read_environment(name, environ) or config.DEFAULTS.get(name)
        if values.get(name) in (None, "") and default:
            values[name] = default
    settings = coerce_settings(values)
    failures = unsupported_values(values, ProviderConfig.properties) or validate(ProviderConfig, settings)
    failures = failures or _account_failures(unmarshal(request.olds).values, settings)
    inputs = marshal(PropertyMap(values, news.secrets))
    return provider_pb2.CheckResponse(inputs=inputs, failures=marshal_failures(failures))


def diff(request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
    """Return what differs. Nothing requires replacement: a resource in another account is rejected on its own."""
    olds = request.old_inputs if request.HasField("old_inputs") else request.olds
    old, new = (coerce_settings(unmarshal(struct).values) for struct in (olds, request.news))
    if old.get("baseUrl") is None:
        old["baseUrl"] = new.get("baseUrl")  # states of earlier versions lack it
    changes = tuple(
        Change(name, _change_kind(old.get(name), new.get(name)), requires_replacement=False)
        for name in ProviderConfig.properties
        if _effective_value(old.get(name)) != _effective_value(new.get(name))
    )
    return diff_response(Diff(changes), inputs=frozenset(ProviderConfig.properties))


def parse_settings(request: provider_pb2.ConfigureRequest, environ: Mapping[str, str]) -> Settings:
    """Return the settings; raise the error that makes the engine ask for what is missing."""
    try:
        return config.parse_settings(coerce_settings(unmarshal(request.args).values), environ)
    except config.MissingConfigError as error:
        name = request.name or request.urn.rpartition("::")[2]
        if name and not name.startswith(DEFAULT_PROVIDER_PREFIX):
            raise _missing_arguments_error(name, error.missing) from error
        properties = ProviderConfig.properties
        missing = [(f"{PACKAGE}:{name}", describe_setting(properties[name])) for name in error.missing]
        raise missing_keys_error(render(error, PULUMI), missing) from error


def _missing_arguments_error(provider_name: str, missing: list[str]) -> ConfigError:
    """Return the error of a provider that the program creates, which the engine would explain as the default's."""
    settings = " and ".join(f"`{name}` (or the variable {config.environment_variables(name)[0]})" for name in missing)
    return ConfigError(
        f"the provider {provider_name!r} of the program is not configured: it lacks {settings}",
        hint=f"It reads its arguments and the environment, and not the configuration of the stack ({PACKAGE}:…): "
        f"give it {' and '.join(f'`{name}`' for name in missing)}.",
    )


def _effective_value(value: Any) -> Any:
    return value.rstrip("/") or None if isinstance(value, str) else value


def _account_failures(old_inputs: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> list[ValidationFailure]:
    """Return a failure for each setting that names another account than that of the provider's resources."""
    known = {name: old_inputs.get(name) for name in ACCOUNT_SETTINGS if new_inputs.get(name) not in (None, UNKNOWN)}
    account = Account(
        org_id=str(new_inputs.get("orgId")),
        project_id=str(new_inputs.get("projectId")),
        base_url=str(new_inputs.get("baseUrl")),
        previous_base_url=new_inputs.get("previousBaseUrl"),
    )
    differences = account.find_differences(known)
    if not differences:
        return []
    hint = f"{render_text(WrongAccount(differences).hint, PULUMI)} {OTHER_ACCOUNT_HINT}"
    return [
        ValidationFailure(name, f"the settings say {now}, and the state records {then}. {hint}")
        for name, (then, now) in differences.items()
    ]


def _change_kind(old: Any, new: Any) -> ChangeKind:
    return ChangeKind.ADD if old is None else ChangeKind.DELETE if new is None else ChangeKind.UPDATE
