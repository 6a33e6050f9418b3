"""The provider's settings: from Pulumi's configuration, else from the environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from neev_provider.client.settings import DEFAULT_BASE_URL, DEFAULT_REQUEST_TIMEOUT, Settings
from neev_provider.core import suggestions
from neev_provider.core.errors import ConfigError
from neev_provider.core.markers import Secret, Update
from neev_provider.core.model import Boolean, Inputs, Number, Property

PACKAGE = "neev"
ENGINES = ("version", "pluginDownloadURL", "pluginChecksums", "__internal")
"""Inputs of every provider that are between the engine and itself."""


class ProviderConfig(Inputs):
    """Which account and project the provider works in, and with which key.

    Each setting is read from the stack's configuration (`neev:apiKey`), else from the environment: `NEEV_API_KEY`,
    else `NEEVCLOUD_API_KEY`, and so for the others. A provider of the program's own (`new neev.Provider`, and in YAML
    `pulumi:providers:neev`) reads its arguments instead of the stack's configuration: give it `apiKey`, or set the
    variable.

    Organization, project and base URL are kept in the state, with the resources: a command with other ones is refused.
    To create everything in another account, destroy the stack first, or use another stack or another provider.

    Without its program, a `destroy` or `refresh` uses the key that the stack's state holds, as the last update had it.
    Where that one is no longer valid, add `--run-program`.
    """

    api_key: Annotated[str | None, Update(), Secret()] = None
    """The API key. Set it with `pulumi config set --secret neev:apiKey`, or in `NEEV_API_KEY`."""
    org_id: Annotated[str | None, Update()] = None
    """The organisation's id; or `NEEV_ORG_ID`."""
    project_id: Annotated[str | None, Update()] = None
    """The project's id; or `NEEV_PROJECT_ID`."""
    region: Annotated[str | None, Update()] = None
    """The region of sandboxes that name none; or `NEEV_REGION`. Unset: the platform's default."""
    base_url: Annotated[str | None, Update()] = None
    """Where the API is; or `NEEV_BASE_URL`. Unset: NeevAI's production service."""
    previous_base_url: Annotated[str | None, Update()] = None
    """Another address of the same API that the state still records; or `NEEV_PREVIOUS_BASE_URL`.

    Set it when the service has moved to another host name: resources recorded there count as being at `baseUrl`. Run
    `pulumi up` and then `pulumi refresh`, which records the new address, and remove the setting.
    """
    check_on_preview: Annotated[Boolean | None, Update()] = None
    """Whether a preview asks the API if key, project, and what inputs name are there; or `NEEV_CHECK_ON_PREVIEW=true`.

    Unset: only a preview that asks the API anyway, because of a look-up, finds that out before anything is made.
    """
    ca_bundle: Annotated[str | None, Update()] = None
    """File with the certificates to trust instead of the system's; or `NEEV_CA_BUNDLE`."""
    allow_insecure: Annotated[Boolean | None, Update()] = None
    """Whether plain http is allowed to hosts other than this machine; or `NEEV_ALLOW_INSECURE=true`."""
    request_timeout_seconds: Annotated[Number | None, Field(gt=0), Update()] = None
    """Seconds without a sign of life from the API after which a request is given up; or `NEEV_REQUEST_TIMEOUT_SECONDS`.

    Unset: 30. It bounds one request, not how long a resource may take; that is `customTimeouts`.
    """


REQUIRED = ("apiKey", "orgId", "projectId")
DEFAULTS = {"baseUrl": DEFAULT_BASE_URL}


def settings(config: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    """The settings as one value; raises ``ConfigError`` that names every missing key and its variable."""
    values = {name: _value(declared, config, environ) for name, declared in ProviderConfig.properties.items()}
    missing = [name for name in REQUIRED if not values[name]]
    if missing:
        raise MissingConfig(missing)
    return Settings(
        base_url=values["baseUrl"] or DEFAULTS["baseUrl"],
        api_key=values["apiKey"] or "",
        org_id=values["orgId"] or "",
        project_id=values["projectId"] or "",
        region=values["region"] or None,
        previous_base_url=values["previousBaseUrl"] or None,
        ca_bundle=values["caBundle"] or None,
        allow_insecure=_flag("allowInsecure", values["allowInsecure"]),
        check_on_preview=checks_on_preview(config, environ),
        timeout=_seconds("requestTimeoutSeconds", values["requestTimeoutSeconds"], unset=DEFAULT_REQUEST_TIMEOUT),
    )


class MissingConfig(ConfigError):
    """Settings without which nothing can be asked of the API; ``missing`` names them (``apiKey``)."""

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        said = "; ".join(f"{PACKAGE}:{name} (or the variable {variables(name)[0]})" for name in missing)
        super().__init__(
            f"the NeevAI provider is not configured: missing {said}",
            hint="Set it with `pulumi config set`, the key with `--secret`, or in the environment.",
        )


def variables(name: str) -> tuple[str, str]:
    """The environment variables of a setting, the one that wins first."""
    field = ProviderConfig.properties[name].field.upper()
    return f"NEEV_{field}", f"NEEVCLOUD_{field}"


def from_environment(name: str, environ: Mapping[str, str]) -> str | None:
    """What the environment says of a setting."""
    return next((environ[variable] for variable in variables(name) if environ.get(variable)), None)


def require_known(configured: Iterable[str], project: str) -> None:
    """Return only where every key of the package in a stack's configuration (`neev:apiKey`) is a setting.

    A project that is called like the package has its own keys there, so nothing is known of them.

    Raises:
        ConfigError: a key is none.
    """
    prefix = f"{PACKAGE}:"
    names = (key.removeprefix(prefix) for key in configured if key.startswith(prefix))
    unknown = next((name for name in names if name not in (*ProviderConfig.properties, *ENGINES)), None)
    if unknown is not None and project != PACKAGE:
        hint = suggestions.format_suggestion(unknown, ProviderConfig.properties, prefix)
        raise ConfigError(f"{prefix}{unknown} is not a setting of the provider{hint or f'; there are {_listed()}'}")


def checks_on_preview(config: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    """Return whether a preview is to ask the API, as far as the settings say."""
    return _flag("checkOnPreview", _value(ProviderConfig.properties["checkOnPreview"], config, environ))


def _listed() -> str:
    return ", ".join(f"{PACKAGE}:{name}" for name in ProviderConfig.properties)


def _flag(name: str, said: str | None) -> bool:
    text = (said or "false").lower()
    if text not in ("true", "1", "false", "0"):
        raise ConfigError(f"{PACKAGE}:{name} (or {variables(name)[0]}) must be true or false, not {said}")
    return text in ("true", "1")


def _seconds(name: str, said: str | None, *, unset: float) -> float:
    try:
        return float(said) if said else unset
    except ValueError:
        raise ConfigError(f"{PACKAGE}:{name} is not a number of seconds: {said}") from None


def _value(declared: Property, config: Mapping[str, object], environ: Mapping[str, str]) -> str | None:
    configured = config.get(declared.name)
    if configured is not None and configured != "":
        return str(configured)
    return from_environment(declared.name, environ)
