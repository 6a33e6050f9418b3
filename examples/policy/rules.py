"""The rules, as functions of a resource's kind and properties: what is wrong with it, or nothing."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

RUNNING = ("Sandbox", "SandboxFork", "SandboxPool", "Agent")
"""What runs until it is stopped; the sandbox that builds an image sleeps once it has."""
REACHING = (*RUNNING, "GoldenImage")
"""What has a policy for the network, if only while it is built."""
FROM_IMAGES = ("Sandbox", "SandboxPool", "GoldenImage")
"""What can be made from an OCI image."""
ENDLESS = (
    "has no idle timeout and no lifetime, so it runs until it is deleted: set idleTimeoutSeconds or maxLifetimeSeconds"
)
OPEN = "may reach the whole internet: name in egress.allow what it needs"
FLOATING = "has its image by a tag, which may be another one tomorrow: name it by its digest, NAME@sha256:..."
EVERYWHERE = ("0.0.0.0/0", "::/0")
DEFAULT_CPU = 1.0
"""Cores of a sandbox that says none."""

Properties = Mapping[str, Any]


def kind_of(resource_type: str) -> str | None:
    """The kind of a resource of this package, by its type for the plugin or as a dynamic resource."""
    package, _, kind = resource_type.rpartition(":")
    ours = package in ("neev:index", "pulumi-python:dynamic/neev")
    return kind if ours else None


def endless(kind: str, props: Properties) -> str | None:
    """What never ends by itself costs until somebody thinks of it."""
    windows = [props.get(name) for name in ("idleTimeoutSeconds", "maxLifetimeSeconds")]
    inherits = kind == "SandboxFork" and windows == [None, None]
    return None if any(windows) or inherits else ENDLESS


def open_to_the_internet(_kind: str, props: Properties) -> str | None:
    """A policy that allows everything protects from nothing."""
    egress = props.get("egress") or {}
    hosts = [rule.get("host") for rule in egress.get("allow") or []]
    return OPEN if egress.get("allowInternet") or any(host in EVERYWHERE for host in hosts) else None


def floating_image(_kind: str, props: Properties) -> str | None:
    """A tag can be moved; a digest cannot."""
    image = props.get("image")
    return FLOATING if image and "@sha256:" not in image else None


RULES: Mapping[str, tuple[tuple[str, ...], Callable[[str, Properties], str | None]]] = {
    "sandbox-ends": (RUNNING, endless),
    "egress-is-closed": (REACHING, open_to_the_internet),
    "image-is-pinned": (FROM_IMAGES, floating_image),
}
"""The rules for one resource and the kinds they hold for, by the names under which they are reported."""


def broken(rule: str, resource_type: str, props: Properties) -> str | None:
    """What is wrong by the rule with a resource of this type; nothing where the rule is not for it."""
    kinds, check = RULES[rule]
    kind = kind_of(resource_type)
    return check(kind, props) if kind in kinds else None


def cores(resources: Iterable[tuple[str, Properties]]) -> float:
    """The cores of all that runs, paused or not."""
    return sum(
        (props.get("cpu") or DEFAULT_CPU) * props.get("replicas", 1) for kind, props in resources if kind in RUNNING
    )


def too_many(resources: Iterable[tuple[str, Properties]], limit: float) -> str | None:
    """A stack that grows past what was agreed on is looked at by somebody."""
    together = cores(resources)
    return f"has {together:g} cores, and {limit:g} are allowed" if together > limit else None
