"""The client's settings: the address of the API, and the account."""

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from neev_provider.core.account import Account
from neev_provider.core.errors import ConfigError
from neev_provider.core.labels import LabelPolicy

DEFAULT_BASE_URL = "https://api.ai.neevcloud.com/agent"
DEFAULT_REQUEST_TIMEOUT = 30.0


@dataclass(frozen=True)
class Settings:
    """The settings of a client, validated on creation.

    Raises:
        ConfigError: a setting is invalid; the message never contains the key.
    """

    base_url: str
    """The base URL of the API: https, or http to this machine."""
    api_key: str = field(repr=False)
    org_id: str
    project_id: str
    region: str | None = None
    """The region of new sandboxes that set none; None leaves the choice to the API."""
    ca_bundle: str | None = None
    """A file with certificate authorities, which replace the system's."""
    timeout: float = DEFAULT_REQUEST_TIMEOUT
    """Read timeout of a request, in seconds."""
    allow_insecure: bool = False
    """Whether the key may be sent over plain http to other machines."""
    check_on_preview: bool = False
    """Whether a preview verifies with requests that the objects that inputs refer to exist."""
    labels: LabelPolicy = field(default_factory=LabelPolicy)
    """What is added to the labels of new sandboxes."""
    previous_base_url: str | None = None
    """Another base URL of the same API, which states may still record. Nothing is sent there."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _validate_base_url(self.base_url, allow_insecure=self.allow_insecure))
        if self.previous_base_url is not None:
            _validate_base_url(
                self.previous_base_url, allow_insecure=True, name="the setting `previousBaseUrl`"
            )  # nothing is sent there
        # A header contains visible ASCII only; other characters come from a wrong copy, and cannot be sent.
        if not re.fullmatch(r"[!-~]+", self.api_key):
            raise ConfigError("the setting `apiKey` is empty or holds spaces, line ends or letters that no key has")
        for name, value in (("the setting `orgId`", self.org_id), ("the setting `projectId`", self.project_id)):
            if not value.strip():
                raise ConfigError(f"{name} is empty")
        if not self.timeout > 0:
            raise ConfigError(f"the setting `requestTimeoutSeconds` must be more than 0, not {self.timeout:g}")

    @property
    def account(self) -> Account:
        """Return the account that these settings name."""
        return Account(self.org_id, self.project_id, self.base_url, self.previous_base_url)


def mcp_url(base_url: str, region: str) -> str | None:
    """Return the URL of the hosted MCP server of a region, or None if the base URL is not that of the hosted API."""
    host = urlsplit(base_url).hostname or ""
    if host != urlsplit(DEFAULT_BASE_URL).hostname:
        return None
    return f"https://mcp.sandboxes.{region}.{host.removeprefix('api.')}/mcp"


def _validate_base_url(text: str, *, allow_insecure: bool, name: str = "the setting `baseUrl`") -> str:
    """Return the address without a trailing slash; raise an error if the key may not be sent there."""
    try:
        url = urlsplit(text.strip())
        host, _port = url.hostname, url.port
    except ValueError:
        raise ConfigError(f"{name} is not an address", hint=f"Use one like {DEFAULT_BASE_URL}.") from None
    if url.scheme not in ("https", "http") or not host:
        raise ConfigError(f"{name} is not an http or https address", hint=f"Use one like {DEFAULT_BASE_URL}.")
    if url.username or url.password or url.query or url.fragment:
        raise ConfigError(
            f"{name} contains more than scheme, host, port and path", hint=f"Use one like {DEFAULT_BASE_URL}."
        )
    if url.scheme == "http" and not (allow_insecure or is_loopback(host)):
        raise ConfigError(
            f"{name} would send the API key to {host} in clear",
            hint="Use https; plain http is for this machine only, unless the setting `allowInsecure` is true.",
        )
    return text.strip().rstrip("/")


def require_secure_url(address: str, settings: Settings, *, subject: str) -> None:
    """Raise an error unless the key may be sent to the address, which comes from the API.

    Raises:
        ConfigError: the key would be sent in clear to another machine, or to this one by an API on another.
    """
    try:
        url = urlsplit(address)
    except ValueError:
        raise ConfigError(f"{subject} is not an address") from None
    local = all(is_loopback(item.hostname or "") for item in (url, urlsplit(settings.base_url)))
    if url.scheme == "https" or (url.scheme == "http" and (local or settings.allow_insecure)):
        return
    raise ConfigError(f"{subject} would take the API key to {url.hostname} in clear", hint="It has to be https.")


def is_loopback(host: str) -> bool:
    """Return whether the host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
