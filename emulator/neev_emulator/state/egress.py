"""Egress policies, and edits of them."""

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from neev_emulator.settings import FrozenModel, Settings

_DOMAIN = re.compile(
    r"(\*\.)?([a-z0-9_]([-a-z0-9_]{0,61}[a-z0-9_])?\.)*[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.IGNORECASE
)
_MAX_DOMAIN_LENGTH = 253


def _validate_destination(host: str, info: ValidationInfo) -> str:
    if "*" in host and isinstance(info.context, Settings) and info.context.reject_egress_wildcards:
        raise ValueError("must be an exact host: wildcards are not supported")
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
    """Destinations to add to, or remove from, an allow-list."""

    allow: Annotated[list[AllowRule], Field(min_length=1)]


class Policy(FrozenModel):
    """A complete policy; the default denies everything."""

    mode: Literal["deny_all", "allow_list"] = "deny_all"
    allow_internet: bool = False
    allow: list[AllowRule] = Field(default=[])


class PolicyUpdate(FrozenModel):
    """A policy of a request; null means the default."""

    mode: Literal["deny_all", "allow_list"] | None = None
    allow_internet: bool | None = None
    allow: list[AllowRule] | None = None

    def with_defaults(self) -> Policy:
        """Return the complete policy."""
        return Policy(mode=self.mode or "deny_all", allow_internet=self.allow_internet or False, allow=self.allow or [])


def apply_edits(policy: Policy, *, add: AllowListEdit | None, remove: AllowListEdit | None) -> Policy:
    """Return the policy after the removals and then the additions; an existing host is replaced."""
    removed = {rule.host.lower() for rule in remove.allow} if remove else set()
    added_rules = {rule.host.lower(): rule for rule in add.allow} if add else {}
    rules = [added_rules.pop(rule.host.lower(), rule) for rule in policy.allow if rule.host.lower() not in removed]
    return policy.model_copy(update={"allow": [*rules, *added_rules.values()]})
