"""Egress policies: which destinations a sandbox may reach, and the edits of a policy."""

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from neev_emulator.settings import FrozenModel

_DOMAIN = re.compile(
    r"(\*\.)?([a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?\.)*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.IGNORECASE
)
_MAX_DOMAIN_LENGTH = 253


def _validate_destination(host: str) -> str:
    if host == "*" or _is_address(host) or (len(host) <= _MAX_DOMAIN_LENGTH and _DOMAIN.fullmatch(host)):
        return host
    raise ValueError("must be an IP address, a CIDR block or a domain name")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_network(host, strict=False)
    except ValueError:
        return False
    return True


class AllowRule(FrozenModel):
    """One destination that is allowed."""

    host: Annotated[str, AfterValidator(_validate_destination)]
    ports: list[Annotated[int, Field(ge=1, le=65535)]] | None = None
    protocol: Literal["TCP", "UDP"] | None = None


class AllowListEdit(FrozenModel):
    """Destinations to add to, or to remove from, an allow-list."""

    allow: Annotated[list[AllowRule], Field(min_length=1)]


class Policy(FrozenModel):
    """A whole policy; without one nothing may be reached."""

    mode: Literal["deny_all", "allow_list"] = "deny_all"
    allow_internet: bool = False
    allow: list[AllowRule] = Field(default=[])


class PolicyUpdate(FrozenModel):
    """A policy as clients send it, where null stands for the default."""

    mode: Literal["deny_all", "allow_list"] | None = None
    allow_internet: bool | None = None
    allow: list[AllowRule] | None = None

    def with_defaults(self) -> Policy:
        """The same policy with its defaults filled in."""
        return Policy(mode=self.mode or "deny_all", allow_internet=self.allow_internet or False, allow=self.allow or [])


def apply_edits(policy: Policy, *, add: AllowListEdit | None, remove: AllowListEdit | None) -> Policy:
    """The policy after its removals and then its additions; a host that is there already is replaced."""
    dropped = {rule.host.lower() for rule in remove.allow} if remove else set()
    added = {rule.host.lower(): rule for rule in add.allow} if add else {}
    kept = [added.pop(rule.host.lower(), rule) for rule in policy.allow if rule.host.lower() not in dropped]
    return policy.model_copy(update={"allow": [*kept, *added.values()]})
