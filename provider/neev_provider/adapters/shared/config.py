"""The provider's settings: from the engine's configuration, else from the environment."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from neev_provider.client.settings import DEFAULT_BASE_URL, DEFAULT_REQUEST_TIMEOUT, Settings
from neev_provider.core.account import ACCOUNT_SETTINGS
from neev_provider.core.coercion import coerce_properties
from neev_provider.core.errors import ConfigError
from neev_provider.core.hints import Hint
from neev_provider.core.labels import LabelPolicy, explain_invalid
from neev_provider.core.markers import Secret, Update
from neev_provider.core.model import Boolean, Inputs, Number, Property, Rule

PACKAGE = "neev"


class ProviderConfig(Inputs):
    """Settings of the provider: API key, organization, project and connection.

    A setting that is not configured is read from the environment: from the variable `NEEV_…`, then from `NEEVCLOUD_…`.

    The state records organization, project and base URL with the resources. The provider rejects operations if they
    change.
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("default_labels", "ownership_labels"),
            lambda values: _explain_default_labels(values["defaultLabels"], values["ownershipLabels"]),
        ),
    )

    api_key: Annotated[str | None, Update(), Secret()] = None
    """API key. Environment variable: `NEEV_API_KEY`. Secret."""
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
    """Whether new sandboxes get labels that name their owner: the manager, and a digest of the resource's address.

    Defaults to `true`. Environment variable: `NEEV_OWNERSHIP_LABELS`.
    """
    base_url: Annotated[str | None, Update()] = None
    """Base URL of the API. Defaults to the NeevAI production service. Environment variable: `NEEV_BASE_URL`."""
    previous_base_url: Annotated[str | None, Update()] = None
    """Earlier base URL of the same API. Environment variable: `NEEV_PREVIOUS_BASE_URL`.

    Set this if the API moved to another host name. Resources that the state records at this URL count as being at
    `baseUrl`. Remove this setting when an update and a refresh have recorded the new URL.
    """
    check_on_preview: Annotated[Boolean | None, Update()] = None
    """Whether a plan or preview verifies the key, the project and referenced objects. Defaults to `false`.

    Environment variable: `NEEV_CHECK_ON_PREVIEW`. If false, only a plan that sends requests for other reasons, such as
    a lookup, verifies them.
    """
    ca_bundle: Annotated[str | None, Update()] = None
    """Path of a file with CA certificates, used instead of the system's. Environment variable: `NEEV_CA_BUNDLE`."""
    allow_insecure: Annotated[Boolean | None, Update()] = None
    """Whether plain HTTP is allowed to hosts other than localhost. Defaults to `false`.

    Environment variable: `NEEV_ALLOW_INSECURE`.
    """
    request_timeout_seconds: Annotated[Number | None, Field(gt=0), Update()] = None
    """Read timeout of one request, in seconds. Defaults to `30`.

    Environment variable: `NEEV_REQUEST_TIMEOUT_SECONDS`. It does not limit the duration of a whole operation.
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
        message = "; ".join(f"the setting `{name}`" for name in missing)
        super().__init__(f"the NeevAI provider is not configured: it lacks {message}", hint=Hint.CONFIGURE)


def coerce_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with their declared types."""
    settings = dict(values)
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


def is_preview_check_enabled(config: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    """Return whether the settings enable requests in a plan."""
    return _parse_boolean("checkOnPreview", _find_value(ProviderConfig.properties["checkOnPreview"], config, environ))


def _parse_boolean(name: str, raw_value: str | None) -> bool:
    text = (raw_value or "false").lower()
    if text not in ("true", "1", "false", "0"):
        raise ConfigError(f"the setting `{name}` must be true or false, not {raw_value}")
    return text in ("true", "1")


def _parse_seconds(name: str, raw_value: str | None, *, default: float) -> float:
    try:
        return float(raw_value) if raw_value else default
    except ValueError:
        raise ConfigError(f"the setting `{name}` is not a number of seconds: {raw_value}") from None


def _parse_label_policy(default_labels: str | None, ownership_labels: str | None) -> LabelPolicy:
    labels = _parse_labels(default_labels or "")
    names_owner = _parse_boolean("ownershipLabels", ownership_labels or "true")
    reason = "must be a map, or a text such as a=b,c=d"
    if isinstance(labels, str):
        reason = _explain_repeated_key(labels) or reason
    elif all(isinstance(value, str) for value in labels.values()):
        reason = _explain_default_labels(labels, names_owner) or ""
    if reason:
        raise ConfigError(f"the setting `defaultLabels`: {reason}")
    return LabelPolicy(dict(labels), names_owner=names_owner)


def _parse_labels(text: str) -> Any:
    """Return the labels of a JSON object, as the engine has them, or of `a=b,c=d`; any other text unchanged."""
    if text.startswith("{"):
        with contextlib.suppress(ValueError):
            return coerce_properties(ProviderConfig.properties, {"defaultLabels": json.loads(text)})["defaultLabels"]
        return text
    pairs = _split_labels(text)
    is_valid = all(separator for _, separator, _ in pairs) and _explain_repeated_key(text) is None
    return {key: value for key, _, value in pairs} if is_valid else text


def _split_labels(text: str) -> list[tuple[str, str, str]]:
    return [part.strip().partition("=") for part in text.split(",") if part.strip()]


def _explain_repeated_key(text: str) -> str | None:
    keys = [key for key, _, _ in _split_labels(text)]
    return next((f"the key {key!r} is set more than once" for key in keys if keys.count(key) > 1), None)


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
