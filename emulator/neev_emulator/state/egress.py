"""Egress policies: which destinations a sandbox may reach, and the edits of a policy."""

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from neev_emulator.settings import Frozen

_DOMAIN = re.compile(
    r"(\*\.)?([a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?\.)*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.IGNORECASE
)
_LONGEST_DOMAIN = 253


def _destination(host: str) -> str:
    if host == "*" or _is_address(host) or (len(host) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(host)):
        return host
    raise ValueError("must be an IP address, a CIDR block or a domain name")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_network(host, strict=False)
    except ValueError:
        return False
    return True


class Rule(Frozen):
    """One destination that is allowed."""

    host: Annotated[str, AfterValidator(_destination)]
    ports: list[Annotated[int, Field(ge=1, le=65535)]] | None = None
    protocol: Literal["TCP", "UDP"] | None = None


class Rules(Frozen):
    """Destinations to add to, or to remove from, an allow-list."""

    allow: Annotated[list[Rule], Field(min_length=1)]


class Policy(Frozen):
    """A whole policy; without one nothing may be reached."""

    mode: Literal["deny_all", "allow_list"] = "deny_all"
    allow_internet: bool = False
    allow: list[Rule] = Field(default=[])


class GivenPolicy(Frozen):
    """A policy as clients send it, where null stands for the default."""

    mode: Literal["deny_all", "allow_list"] | None = None
    allow_internet: bool | None = None
    allow: list[Rule] | None = None

    def settled(self) -> Policy:
        """The same policy with its defaults filled in."""
        return Policy(mode=self.mode or "deny_all", allow_internet=self.allow_internet or False, allow=self.allow or [])


def edited(policy: Policy, *, add: Rules | None, remove: Rules | None) -> Policy:
    """The policy after its removals and then its additions; a host that is there already is replaced."""
    dropped = {rule.host.lower() for rule in remove.allow} if remove else set()
    added = {rule.host.lower(): rule for rule in add.allow} if add else {}
    kept = [added.pop(rule.host.lower(), rule) for rule in policy.allow if rule.host.lower() not in dropped]
    return policy.model_copy(update={"allow": [*kept, *added.values()]})
