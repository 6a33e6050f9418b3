"""Rules for what a stack should not hold, as small functions over its state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neev_provider.adapters.pulumi.checkpoint import type_of_token
from neev_provider.cli.doctor.findings import Finding, warn
from neev_provider.cli.doctor.stack import Entry, named, ours

EVERYWHERE = ("0.0.0.0/0", "::/0")


def rules(entries: Sequence[Entry], *, max_cores: float | None) -> Iterator[Finding]:
    """Everything in the state that breaks a rule."""
    yield from endless(entries)
    yield from open_to_the_internet(entries)
    yield from without_digest(entries)
    if max_cores is not None:
        yield from too_many_cores(entries, max_cores)


def endless(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Nothing ever stops it: no idle window and no lifetime."""
    for entry, _ in ours(entries):
        if _runs(entry) and not any(_value(entry, name) for name in ("idleTimeoutSeconds", "maxLifetimeSeconds")):
            yield warn(
                f"{named(entry)} has no idle window and no lifetime, so it runs until somebody stops it",
                "Set `idleTimeoutSeconds` or `maxLifetimeSeconds`.",
            )


def open_to_the_internet(entries: Sequence[Entry]) -> Iterator[Finding]:
    """It may reach everything."""
    for entry, _ in ours(entries):
        egress = _value(entry, "egress")
        if isinstance(egress, Mapping) and _is_open(egress):
            yield warn(f"{named(entry)} may reach the whole internet", "Name in `egress.allow` what it needs.")


def without_digest(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Its image is a tag, which can be another image tomorrow."""
    for entry, _ in ours(entries):
        image = (entry.get("inputs") or {}).get("image")
        if isinstance(image, str) and "@sha256:" not in image:
            yield warn(f"{named(entry)} has the image {image}, by a tag", "Name it by its digest: …@sha256:….")


def too_many_cores(entries: Sequence[Entry], limit: float) -> Iterator[Finding]:
    """All that runs is together larger than it may be, paused or not."""
    running = [entry for entry, _ in ours(entries) if _runs(entry)]
    cores = sum(_number(entry, "cpu", 0) * _number(entry, "replicas", 1) for entry in running)
    if cores > limit:
        yield warn(f"the stack has {cores:g} cores, and {limit:g} are allowed", "Make it smaller, or allow more.")


def _is_open(egress: Mapping[str, Any]) -> bool:
    allowed = egress.get("allow") or ()
    return bool(egress.get("allowInternet")) or any(each.get("host") in EVERYWHERE for each in allowed)


def _runs(entry: Entry) -> bool:
    """It runs until it is stopped; the sandbox that builds an image sleeps once it has."""
    kind = type_of_token(entry["type"])
    return kind is not None and "idleTimeoutSeconds" in kind.resource.inputs.properties


def _value(entry: Entry, name: str) -> Any:
    inputs, outputs = entry.get("inputs") or {}, entry.get("outputs") or {}
    return inputs[name] if name in inputs else outputs.get(name)


def _number(entry: Entry, name: str, default: float) -> float:
    value = _value(entry, name)
    return value if isinstance(value, int | float) else default
