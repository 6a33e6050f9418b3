"""The account a resource is in: which project of which organization, at which address of the API.

Every state records it, so that a command with other settings cannot take another account's answer for the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from neev_provider.core.errors import ConfigError

ACCOUNT_KEY: Final = "__account"
"""Hidden output: the account in which the resource was created or last read."""
ENVIRONMENT_VARIABLES: Final[Mapping[str, str]] = {
    "orgId": "NEEV_ORG_ID",
    "projectId": "NEEV_PROJECT_ID",
    "baseUrl": "NEEV_BASE_URL",
}
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
        """Return what a state records of the account."""
        return {"orgId": self.org_id, "projectId": self.project_id, "baseUrl": self.base_url}

    def find_differences(self, state: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
        """Return each setting that names another account than the state: its recorded and its current value.

        A state without a record, as earlier versions wrote it, differs in nothing.
        """
        recorded = state.get(ACCOUNT_KEY)
        known = recorded if isinstance(recorded, Mapping) else {}
        pairs = {name: (known.get(name), value) for name, value in self.to_properties().items()}
        return {
            name: (then, now)
            for name, (then, now) in pairs.items()
            if isinstance(then, str) and not self._is_same(name, then, now)
        }

    def require_same(self, state: Mapping[str, Any]) -> None:
        """Return only where the state records this account, or none.

        Raises:
            WrongAccount: it records another one; the error names both.
        """
        if differences := self.find_differences(state):
            raise WrongAccount(differences)

    def _is_same(self, name: str, recorded: str, current: str) -> bool:
        if name != "baseUrl":
            return recorded == current
        return _canonicalize_url(recorded) in (
            _canonicalize_url(current),
            _canonicalize_url(self.previous_base_url or current),
        )


def _canonicalize_url(url: str) -> str:
    """Return the address without the differences of spelling that mean nothing; what is none stays as it is."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.hostname}:{port}{parts.path.rstrip('/')}"


def _account_hint(differences: Mapping[str, tuple[str, str]]) -> str:
    """Return how to run the command where the resource is."""
    back = " and ".join(
        f"the setting `{name}` (or {ENVIRONMENT_VARIABLES[name]}) to {then}" for name, (then, _) in differences.items()
    )
    hint = f"Nothing was done. To work on it where it is, set {back}."
    if set(differences) != {"baseUrl"}:
        return hint
    then, _ = differences["baseUrl"]
    moved = f"set the setting `previousBaseUrl` (or NEEV_PREVIOUS_BASE_URL) to {then}"
    return f"{hint} If the same service has moved, {moved}."
