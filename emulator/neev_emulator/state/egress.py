"""Egress policies, and edits of them."""

import ipaddress
import re
from collections.abc import Sequence
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
    return _parse_network(host) is not None


def _parse_network(host: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(host, strict=False)
    except ValueError:
        return None


class AllowRule(FrozenModel):
    """One destination that is allowed."""

    host: Annotated[str, AfterValidator(_validate_destination)]
    ports: list[Annotated[int, Field(ge=1, le=65535)]] | None = None
    protocol: Literal["TCP", "UDP"] | None = None

    def includes_name(self, name: str) -> bool:
        """Return whether the host is this domain name, a wildcard for it, or everything."""
        host = self.host.lower()
        return host in {"*", name} or (host.startswith("*.") and name.endswith(host[1:]))

    def includes_address(self, address: str) -> bool:
        """Return whether the host is this address or a block with it."""
        network = _parse_network(self.host)
        return network is not None and ipaddress.ip_address(address) in network

    @property
    def is_narrow(self) -> bool:
        """Return whether the host is an address, or a block of fewer than all addresses."""
        network = _parse_network(self.host)
        return network is not None and network.prefixlen > 0


class AllowListEdit(FrozenModel):
    """Destinations to add to, or remove from, an allow-list."""

    allow: Annotated[list[AllowRule], Field(min_length=1)]


class Policy(FrozenModel):
    """A complete policy; the default denies everything."""

    mode: Literal["deny_all", "allow_list"] = "deny_all"
    allow_internet: bool = False
    allow: list[AllowRule] = Field(default=[])

    def can_resolve(self, host: str, port: int) -> bool:
        """Return whether some address of the host may be allowed over TCP."""
        rules = self._select_rules(port)
        return self._allows_all or any(rule.includes_name(host.lower()) or _is_address(rule.host) for rule in rules)

    def select_allowed(self, host: str, port: int, addresses: Sequence[str]) -> list[str]:
        """Return the addresses of the host that are allowed over TCP.

        Loopback, link-local and unspecified addresses are allowed only by a rule for the address or its block.
        """
        rules = self._select_rules(port)
        by_name = self._allows_all or any(rule.includes_name(host.lower()) for rule in rules)
        return [
            address
            for address in addresses
            if any(rule.is_narrow and rule.includes_address(address) for rule in rules)
            or (not _is_local(address) and (by_name or any(rule.includes_address(address) for rule in rules)))
        ]

    @property
    def _allows_all(self) -> bool:
        return self.mode == "allow_list" and self.allow_internet

    def _select_rules(self, port: int) -> list[AllowRule]:
        """Return the rules for the port over TCP."""
        rules = self.allow if self.mode == "allow_list" else []
        return [rule for rule in rules if rule.protocol != "UDP" and (not rule.ports or port in rule.ports)]


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


def _is_local(text: str) -> bool:
    """Return whether the address is a loopback, link-local (as those of a cloud's metadata) or unspecified one."""
    address = ipaddress.ip_address(text)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_link_local or address.is_unspecified
