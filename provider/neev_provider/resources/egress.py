"""The egress policy of a sandbox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field

from neev_provider.client.models import convert_response
from neev_provider.core import diff
from neev_provider.core.markers import Computed, Unordered, Update
from neev_provider.core.model import Boolean, Inputs, Integer, Model, Rule
from neev_provider.core.validation import drop_nulls

MAX_DOMAIN_LENGTH: Final = 253
"""Maximum characters of a domain name."""
_LABEL_PATTERN = r"[a-zA-Z0-9_]([-a-zA-Z0-9_]{0,61}[a-zA-Z0-9_])?"
_DOMAIN_PATTERN = re.compile(rf"(\*\.)?({_LABEL_PATTERN}\.)*{_LABEL_PATTERN}")


class EgressMode(StrEnum):
    """Mode of an egress policy."""

    DENY_ALL = "deny_all"
    """Deny all outbound traffic."""
    ALLOW_LIST = "allow_list"
    """Deny all outbound traffic except what the policy allows."""


class Protocol(StrEnum):
    """Transport protocol."""

    TCP = "TCP"
    """TCP."""
    UDP = "UDP"
    """UDP."""


def _validate_host(host: str) -> str:
    is_domain = _DOMAIN_PATTERN.fullmatch(host) and len(host) <= MAX_DOMAIN_LENGTH and not _looks_numeric(host)
    if is_domain or _parse_network(host, strict=True):
        return host
    network = _parse_network(host, strict=False)
    hint = f"; did you mean the network {network}?" if network else ""
    raise ValueError(f"must be an IP address, a CIDR block or a domain (a wildcard only as *.example.com){hint}")


def _parse_network(host: str, *, strict: bool) -> IPv4Network | IPv6Network | None:
    """Return the network of an address or a CIDR block; ``strict`` rejects one with bits set beyond its prefix."""
    try:
        return ip_network(host, strict=strict)
    except ValueError:
        return None


def _looks_numeric(host: str) -> bool:
    return host.replace(".", "").isdigit()


EgressHost = Annotated[str, AfterValidator(_validate_host)]
EgressPorts = list[Annotated[Integer, Field(ge=1, le=65535)]]


def _check_ports_are_named(values: Mapping[str, Any]) -> str | None:
    return "must not be empty; leave it out to allow all ports" if values["ports"] == [] else None


PORTS_RULE = Rule(("ports",), _check_ports_are_named)
"""The API does not say what an empty list allows; a policy that it returns may have one."""


class EgressDestination(Model):
    """One allowed destination of outbound traffic."""

    rules: ClassVar[tuple[Rule, ...]] = (PORTS_RULE,)

    host: EgressHost
    """IP address, CIDR block or domain. `*.example.com` matches every name below `example.com`."""
    ports: Annotated[EgressPorts | None, Unordered()] = None
    """Ports. Allowed: `1` to `65535`. Defaults to all ports."""
    protocol: Protocol | None = None
    """Transport protocol. Defaults to `TCP` if `ports` is set, otherwise to all protocols."""


def _check_deny_all_allows_nothing(values: Mapping[str, Any]) -> str | None:
    allowed = values["allow"] or values["allowInternet"]
    if allowed and values["mode"] != EgressMode.ALLOW_LIST:
        return "must be allow_list if allow or allowInternet is set"
    return None


class Egress(Model):
    """Egress policy of a sandbox. Without a policy, all outbound traffic is denied."""

    rules: ClassVar[tuple[Rule, ...]] = (Rule(("mode", "allow", "allow_internet"), _check_deny_all_allows_nothing),)

    mode: EgressMode = EgressMode.DENY_ALL
    """Mode of the policy: `deny_all` or `allow_list`. Defaults to `deny_all`."""
    allow_internet: Boolean = False
    """Whether all destinations are allowed. Defaults to `false`. Requires `mode` `allow_list`."""
    allow: Annotated[list[EgressDestination], Unordered()] = Field(default=[])
    """Allowed destinations. Requires `mode` `allow_list`."""


MANAGED_SANDBOXES: set[str] = set()
"""Ids of the sandboxes whose whole policy the program sets, as far as this process has planned them."""


def note_policy(sandbox_id: str, raw_inputs: Mapping[str, Any]) -> None:
    """Note whether the program sets the whole policy of the sandbox."""
    if raw_inputs.get("egress") is None:
        MANAGED_SANDBOXES.discard(sandbox_id)
    else:
        MANAGED_SANDBOXES.add(sandbox_id)


DENY_ALL = Egress().to_properties()
"""The properties of a policy that denies all outbound traffic."""


class EgressInputs(Inputs):
    """Inputs of resources with an egress policy that is updated in place."""

    egress: Annotated[Egress | None, Update(), Computed()] = None
    """Egress policy."""


def to_api(policy: Egress) -> dict[str, Any]:
    """Convert the policy to the API's format."""
    return policy.model_dump(mode="json", exclude_none=True)


def from_api(policy: Mapping[str, Any] | None) -> dict[str, Any]:
    """Convert a policy from the API's format to camelCase properties."""
    return parse_policy(policy).to_properties()


def parse_policy(policy: Mapping[str, Any] | None) -> Egress:
    """Return a policy that the API reports.

    Raises:
        UnexpectedResponse: it has another form than the documented one.
    """
    return convert_response(Egress, drop_nulls(policy or {}))


def policy_to_apply(
    current: Mapping[str, Any] | None, inputs: EgressInputs, old_inputs: EgressInputs | None
) -> Egress | None:
    """Return the policy to send.

    Return ``None`` if the current policy is equivalent or the inputs do not manage it.
    """
    declared = type(inputs).properties["egress"]
    taken_out = old_inputs is not None and old_inputs.egress is not None
    denied = declared.resets_to is not None and (taken_out or not declared.resets_to.only_on_removal)
    policy = Egress() if inputs.egress is None and denied else inputs.egress
    if policy is None or diff.semantically_equal(declared, policy.to_properties(), from_api(current)):
        return None
    return policy
