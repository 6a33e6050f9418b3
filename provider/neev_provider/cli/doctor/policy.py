"""Policy checks of a stack: functions over its state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from neev_provider.adapters.pulumi.checkpoint import type_of_token
from neev_provider.cli.doctor.findings import Finding, warn
from neev_provider.cli.doctor.stack import StateEntry, describe_entry, own_resources

ANY_ADDRESS = ("0.0.0.0/0", "::/0")


def check_policy(entries: Sequence[StateEntry], *, max_cores: float | None) -> Iterator[Finding]:
    """Yield a warning for each policy violation in the state."""
    yield from runs_forever(entries)
    yield from open_to_the_internet(entries)
    yield from image_without_digest(entries)
    if max_cores is not None:
        yield from too_many_cores(entries, max_cores)


def runs_forever(entries: Sequence[StateEntry]) -> Iterator[Finding]:
    """Warn about resources without an idle timeout and without a lifetime."""
    for entry, _ in own_resources(entries):
        if _is_long_running(entry) and not any(
            _effective_value(entry, name) for name in ("idleTimeoutSeconds", "maxLifetimeSeconds")
        ):
            yield warn(
                f"{describe_entry(entry)} has no idle timeout and no lifetime, so it runs until it is deleted",
                "Set `idleTimeoutSeconds` or `maxLifetimeSeconds`.",
            )


def open_to_the_internet(entries: Sequence[StateEntry]) -> Iterator[Finding]:
    """Warn about egress policies that allow every address."""
    for entry, _ in own_resources(entries):
        egress = _effective_value(entry, "egress")
        if isinstance(egress, Mapping) and _is_open(egress):
            yield warn(
                f"{describe_entry(entry)} may reach the whole internet",
                "List the required destinations in `egress.allow`.",
            )


def image_without_digest(entries: Sequence[StateEntry]) -> Iterator[Finding]:
    """Warn about images that are named by a tag: a tag can move to another image."""
    for entry, _ in own_resources(entries):
        image = (entry.get("inputs") or {}).get("image")
        if isinstance(image, str) and "@sha256:" not in image:
            yield warn(
                f"{describe_entry(entry)} uses the image tag {image}", "Use the digest of the image: …@sha256:…."
            )


def too_many_cores(entries: Sequence[StateEntry], limit: float) -> Iterator[Finding]:
    """Warn if the sandboxes, paused or not, have more CPU cores than the limit."""
    running = [entry for entry, _ in own_resources(entries) if _is_long_running(entry)]
    cores = sum(_numeric_value(entry, "cpu", 0) * _numeric_value(entry, "replicas", 1) for entry in running)
    if cores > limit:
        yield warn(f"{cores:g} CPU cores in all, more than {limit:g}", "Reduce the size, or raise --max-cores.")


def _is_open(egress: Mapping[str, Any]) -> bool:
    allowed = egress.get("allow") or ()
    return bool(egress.get("allowInternet")) or any(item.get("host") in ANY_ADDRESS for item in allowed)


def _is_long_running(entry: StateEntry) -> bool:
    """Return whether the resource runs until it is stopped. The builder of an image is paused after the build."""
    kind = type_of_token(entry["type"])
    return kind is not None and "idleTimeoutSeconds" in kind.resource.inputs.properties


def _effective_value(entry: StateEntry, name: str) -> Any:
    inputs, outputs = entry.get("inputs") or {}, entry.get("outputs") or {}
    return inputs[name] if name in inputs else outputs.get(name)


def _numeric_value(entry: StateEntry, name: str, default: float) -> float:
    value = _effective_value(entry, name)
    return value if isinstance(value, int | float) else default
