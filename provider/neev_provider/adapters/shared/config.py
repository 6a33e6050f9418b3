"""The provider's settings: from Pulumi's configuration, else from the environment."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from neev_provider.client.settings import DEFAULT_BASE_URL, DEFAULT_REQUEST_TIMEOUT, Settings
from neev_provider.core import suggestions
from neev_provider.core.account import ACCOUNT_SETTINGS
from neev_provider.core.coercion import coerce_properties
from neev_provider.core.errors import ConfigError
from neev_provider.core.labels import LabelPolicy, explain_invalid
from neev_provider.core.markers import Secret, Update
from neev_provider.core.model import Boolean, Inputs, Number, Property, Rule

PACKAGE = "neev"
ENGINE_KEYS = ("version", "pluginDownloadURL", "pluginChecksums", "__internal")
"""Inputs of every provider that only the engine uses."""


class ProviderConfig(Inputs):
    """Settings of the provider: API key, organization, project and connection.

    Each setting is read from the stack's configuration (for example `neev:apiKey`). If it is not set there, the
    provider reads the environment variables `NEEV_…` and then `NEEVCLOUD_…`. An explicit provider (`new neev.Provider`,
    in YAML `pulumi:providers:neev`) reads its arguments instead of the stack's configuration. Pass `apiKey` to it, or
    set the variable.

    The state records organization, project and base URL with the resources. The provider rejects operations if they
    change. To create the resources in another account, destroy the stack first, or use another stack or another
    provider.

    A `destroy` or `refresh` that does not run the program uses the key from the stack's state. If that key is no longer
    valid, add `--run-program`.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("default_labels", "ownership_labels"),
            lambda values: _explain_default_labels(values["defaultLabels"], values["ownershipLabels"]),
        ),
    )

    api_key: Annotated[str | None, Update(), Secret()] = None
    """API key. Set it with `pulumi config set --secret neev:apiKey` or `NEEV_API_KEY`. Secret."""
    org_id: Annotated[str | None, Update()] = None
    """Id of the organization. Environment variable: `NEEV_ORG_ID`."""
    project_id: Annotated[str | None, Update()] = None
    """Id of the project. Environment variable: `NEEV_PROJECT_ID`."""
    region: Annotated[str | None, Update()] = None
    """Region of resources that set none. Defaults to the API's default region. Environment variable: `NEEV_REGION`."""
    default_labels: Annotated[dict[str, str] | None, Update()] = None
    """Labels of every new sandbox, besides its own. Environment variable: `NEEV_DEFAULT_LABELS`, as `a=b,c=d`.

    A change has no effect on existing sandboxes, because labels are set at creation only.
    """
    ownership_labels: Annotated[Boolean | None, Update()] = None
    """Whether new sandboxes get labels that name their owner: the stack, and a digest of the resource's URN.

    Defaults to `true`. Environment variable: `NEEV_OWNERSHIP_LABELS`.
    """
    base_url: Annotated[str | None, Update()] = None
    """Base URL of the API. Defaults to the NeevAI production service. Environment variable: `NEEV_BASE_URL`."""
    previous_base_url: Annotated[str | None, Update()] = None
    """Earlier base URL of the same API. Environment variable: `NEEV_PREVIOUS_BASE_URL`.

    Set this if the API moved to another host name. Resources that the state records at this URL count as being at
    `baseUrl`. Run `pulumi up` and then `pulumi refresh` to record the new URL. Then remove this setting.
    """
    check_on_preview: Annotated[Boolean | None, Update()] = None
    """Whether a preview verifies the key, the project and referenced objects. Defaults to `false`.

    Environment variable: `NEEV_CHECK_ON_PREVIEW`. If false, only a preview that sends requests for other reasons, such
    as a function call, verifies them.
    """
    ca_bundle: Annotated[str | None, Update()] = None
    """Path of a file with CA certificates, used instead of the system's. Environment variable: `NEEV_CA_BUNDLE`."""
    allow_insecure: Annotated[Boolean | None, Update()] = None
    """Whether plain HTTP is allowed to hosts other than localhost. Defaults to `false`.

    Environment variable: `NEEV_ALLOW_INSECURE`.
    """
    request_timeout_seconds: Annotated[Number | None, Field(gt=0), Update()] = None
    """Read timeout of one request, in seconds. Defaults to `30`.

    Environment variable: `NEEV_REQUEST_TIMEOUT_SECONDS`. To limit the duration of a whole operation, use
    `customTimeouts`.
    """


REQUIRED = ("apiKey", "orgId", "projectId")
DEFAULTS = {"baseUrl": DEFAULT_BASE_URL}
SCOPE_SETTINGS = (*ACCOUNT_SETTINGS, "previousBaseUrl")
"""Where the resources are. The state records them also if they come from the environment, so a change is noticed."""


def parse_settings(config: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    """Return the settings; raise a ``ConfigError`` that names every missing key and its variable."""
    values = {name: _find_value(declared, config, environ) for name, declared in ProviderConfig.properties.items()}
    missing = [name for name in REQUIRED if not values[name]]
    if missing:
        raise MissingConfigError(missing)
    return Settings(
        base_url=values["baseUrl"] or DEFAULTS["baseUrl"],
        api_key=values["apiKey"] or "",
        org_id=values["orgId"] or "",
        project_id=values["projectId"] or "",
        region=values["region"] or None,
        labels=_parse_label_policy(values["defaultLabels"], values["ownershipLabels"]),
        previous_base_url=values["previousBaseUrl"] or None,
        ca_bundle=values["caBundle"] or None,
        allow_insecure=_parse_boolean("allowInsecure", values["allowInsecure"]),
        check_on_preview=is_preview_check_enabled(config, environ),
        timeout=_parse_seconds(
            "requestTimeoutSeconds", values["requestTimeoutSeconds"], default=DEFAULT_REQUEST_TIMEOUT
        ),
    )


class MissingConfigError(ConfigError):
    """The error for missing settings that every request needs; ``missing`` has their names (``apiKey``)."""

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        message = "; ".join(f"{PACKAGE}:{name} (or the variable {environment_variables(name)[0]})" for name in missing)
        super().__init__(
            f"the NeevAI provider is not configured: missing {message}",
            hint="Set it with `pulumi config set`, the key with `--secret`, or in the environment.",
        )


def coerce_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with their declared types: the engine and the SDKs pass numbers and booleans as text."""
    settings = {name: value for name, value in values.items() if name not in ENGINE_KEYS}
    if isinstance(settings.get("defaultLabels"), str):
        settings["defaultLabels"] = _parse_labels(settings["defaultLabels"])
    return coerce_properties(ProviderConfig.properties, settings)


def environment_variables(name: str) -> tuple[str, str]:
    """Return the environment variables of a setting, in the order of precedence."""
    field = ProviderConfig.properties[name].field.upper()
    return f"NEEV_{field}", f"NEEVCLOUD_{field}"


def read_environment(name: str, environ: Mapping[str, str]) -> str | None:
    """Return the value of a setting in the environment."""
    return next((environ[variable] for variable in environment_variables(name) if environ.get(variable)), None)


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
        hint = suggestions.format_suggestion(unknown, ProviderConfig.properties, prefix)
        raise ConfigError(
            f"{prefix}{unknown} is not a setting of the provider{hint or f'; there are {_list_settings()}'}"
        )


def is_preview_check_enabled(config: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    """Return whether the settings enable requests in a preview."""
    return _parse_boolean("checkOnPreview", _find_value(ProviderConfig.properties["checkOnPreview"], config, environ))


def _list_settings() -> str:
    return ", ".join(f"{PACKAGE}:{name}" for name in ProviderConfig.properties)


def _parse_boolean(name: str, raw_value: str | None) -> bool:
    text = (raw_value or "false").lower()
    if text not in ("true", "1", "false", "0"):
        raise ConfigError(
            f"{PACKAGE}:{name} (or {environment_variables(name)[0]}) must be true or false, not {raw_value}"
        )
    return text in ("true", "1")


def _parse_seconds(name: str, raw_value: str | None, *, default: float) -> float:
    try:
        return float(raw_value) if raw_value else default
    except ValueError:
        raise ConfigError(f"{PACKAGE}:{name} is not a number of seconds: {raw_value}") from None


def _parse_label_policy(default_labels: str | None, ownership_labels: str | None) -> LabelPolicy:
    labels = _parse_labels(default_labels or "")
    names_owner = _parse_boolean("ownershipLabels", ownership_labels or "true")
    reason = "must be a map, or a text such as a=b,c=d"
    if isinstance(labels, Mapping) and all(isinstance(value, str) for value in labels.values()):
        reason = _explain_default_labels(labels, names_owner) or ""
    if reason:
        raise ConfigError(f"{PACKAGE}:defaultLabels (or {environment_variables('defaultLabels')[0]}): {reason}")
    return LabelPolicy(dict(labels), names_owner=names_owner)


def _parse_labels(text: str) -> Any:
    """Return the labels of a JSON object, as the engine has them, or of `a=b,c=d`; any other text unchanged."""
    if text.startswith("{"):
        with contextlib.suppress(ValueError):
            return coerce_properties(ProviderConfig.properties, {"defaultLabels": json.loads(text)})["defaultLabels"]
        return text
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    return {key: value for key, _, value in pairs} if all(separator for _, separator, _ in pairs) else text


def _explain_default_labels(labels: Any, ownership_labels: object) -> str | None:
    policy = LabelPolicy(names_owner=ownership_labels is not False)
    return explain_invalid(labels, max_labels=policy.max_labels)


def _find_value(prop: Property, config: Mapping[str, object], environ: Mapping[str, str]) -> str | None:
    configured = config.get(prop.name)
    if isinstance(configured, Mapping):
        return json.dumps(configured, default=str)
    if configured is not None and configured != "":
        return str(configured)
    return read_environment(prop.name, environ)
