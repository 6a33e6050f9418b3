"""The account of a resource: a project of an organization, at an address of the API.

Every state records it, so that a command with other settings cannot mistake a response from another account for the
resource's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol
from urllib.parse import quote, unquote, urlsplit

from neev_provider.core.errors import ConfigError

ACCOUNT_KEY: Final = "__account"
"""Hidden output: the account in which the resource was created or last read.

It is one text, `BASE_URL/orgs/ORG_ID/projects/PROJECT_ID`, because an engine writes every state at each of its steps.
"""
RECORD_PATTERN: Final = re.compile(r"(?P<baseUrl>.+)/orgs/(?P<orgId>[^/]+)/projects/(?P<projectId>[^/]+)")
ACCOUNT_SETTINGS: Final = ("orgId", "projectId", "baseUrl")
"""The settings that name an account."""
DEFAULT_PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}


class WrongAccount(ConfigError):
    """The settings name another project, organization or address than the one the resource is in.

    Raised before anything is sent. `differences` has the recorded and the current value of each setting.
    """

    def __init__(self, differences: Mapping[str, tuple[str, str]]) -> None:
        self.differences = differences
        message = "; ".join(
            f"the state records {name} {then}, and the setting `{name}` is {now}"
            for name, (then, now) in differences.items()
        )
        super().__init__(f"It is in another account: {message}", hint=_account_hint(differences))


@dataclass(frozen=True, slots=True)
class Account:
    """A project, its organization, and the address of the API that serves both."""

    org_id: str
    project_id: str
    base_url: str
    previous_base_url: str | None = None
    """Another address of the same API, which states may still record."""

    def to_properties(self) -> dict[str, str]:
        """Return the settings that name the account."""
        return {"orgId": self.org_id, "projectId": self.project_id, "baseUrl": self.base_url}

    def to_record(self) -> str:
        """Return the text by which a state records the account."""
        return f"{self.base_url}/orgs/{quote(self.org_id, '')}/projects/{quote(self.project_id, '')}"

    def find_differences(self, recorded: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
        """Return the recorded and the current value of each setting that names another account.

        A setting that is not recorded does not differ.
        """
        pairs = {name: (recorded.get(name), value) for name, value in self.to_properties().items()}
        return {
            name: (then, now)
            for name, (then, now) in pairs.items()
            if isinstance(then, str) and not self._is_same(name, then, now)
        }

    def require_same(self, state: Mapping[str, Any]) -> None:
        """Raise an error if the state records another account.

        Raises:
            WrongAccount: the state records another account; the error names both.
        """
        if differences := self.find_differences(recorded_settings(state)):
            raise WrongAccount(differences)

    def _is_same(self, name: str, recorded: str, current: str) -> bool:
        if name != "baseUrl":
            return recorded == current
        return _canonicalize_url(recorded) in (
            _canonicalize_url(current),
            _canonicalize_url(self.previous_base_url or current),
        )


def recorded_settings(state: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that name the account of the state; none if it records no account."""
    found = RECORD_PATTERN.fullmatch(str(state.get(ACCOUNT_KEY)))
    if found is None:
        return {}
    return {"baseUrl": found["baseUrl"], "orgId": unquote(found["orgId"]), "projectId": unquote(found["projectId"])}


@cache
def _canonicalize_url(url: str) -> str:
    """Return the address without insignificant differences of spelling; a text that is no address stays unchanged."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.hostname}:{port}{parts.path.rstrip('/')}"


def _account_hint(differences: Mapping[str, tuple[str, str]]) -> str:
    """Return a hint that says how to run the command in the account of the resource."""
    back = " and ".join(f"the setting `{name}` to {then}" for name, (then, _) in differences.items())
    hint = f"Nothing was done. To work on it where it is, set {back}."
    if set(differences) != {"baseUrl"}:
        return hint
    then, _ = differences["baseUrl"]
    moved = f"set the setting `previousBaseUrl` to {then}"
    return f"{hint} If the same service has moved, {moved}."


class ApiClient(Protocol):
    """The part of an API client that every resource needs."""

    @property
    def account(self) -> Account:
        """Return the account whose resources the client reads and changes."""
