"""Labels of sandboxes: the rules of the API, the default labels, and the labels that name the owner."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from neev_provider.core.markers import ResetsTo
from neev_provider.core.model import UNKNOWN, Rule
from neev_provider.core.plurals import count_noun

MAX_LABELS: Final = 16
"""Maximum labels of a sandbox."""
MAX_LENGTH: Final = 63
"""Maximum characters of a key or value."""
DIGEST_LENGTH: Final = 32
"""Hexadecimal digits of the digest of a resource's address."""
SHORT_DIGEST_LENGTH: Final = 8
"""Hexadecimal digits at the end of a name that was truncated to fit into a label."""

MANAGER_KEY: Final = "managed-by"
PROJECT_KEY: Final = "managed-by.project"
STACK_KEY: Final = "managed-by.stack"
RESOURCE_KEY: Final = "managed-by.resource"
OWNERSHIP_KEYS: Final = (MANAGER_KEY, PROJECT_KEY, STACK_KEY, RESOURCE_KEY)
NO_LABELS: Final = ResetsTo({})
"""Unset means no labels."""

_KEY = re.compile(rf"[a-z0-9._-]{{1,{MAX_LENGTH}}}")
_VALUE = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_LENGTH}}}")
_INVALID_CHARACTERS = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who manages a resource: the program that the engine runs, and the resource's address in it."""

    manager: str
    """The tool that manages the resource."""
    project: str
    stack: str
    address: str
    """What the engine calls the resource, unique in the stack. Only its digest leaves this machine."""

    def to_labels(self) -> dict[str, str]:
        """Return the labels that name the owner."""
        digest = hashlib.sha256(self.address.encode()).hexdigest()[:DIGEST_LENGTH]
        return {**self.stack_labels(), RESOURCE_KEY: digest}

    def stack_labels(self) -> dict[str, str]:
        """Return the labels of everything in the stack."""
        return stack_labels(self.manager, self.project, self.stack)


def is_foreign(labels: Mapping[str, str] | None, owner: Owner | None) -> bool:
    """Return whether the labels name another owner; labels that name none do not."""
    known = labels or {}
    return owner is not None and MANAGER_KEY in known and not owner.to_labels().items() <= known.items()


def stack_labels(manager: str, project: str | None = None, stack: str | None = None) -> dict[str, str]:
    """Return the labels of everything in a stack; without a stack, of everything of the manager."""
    values = {MANAGER_KEY: manager, PROJECT_KEY: project, STACK_KEY: stack}
    return {key: to_label_value(value) for key, value in values.items() if value is not None}


def describe_owner(labels: Mapping[str, str] | None) -> str | None:
    """Return whose a sandbox with the labels is (`PROJECT/STACK (MANAGER)`), or ``None`` if they name no owner."""
    known = labels or {}
    manager, names = known.get(MANAGER_KEY), [known[key] for key in (PROJECT_KEY, STACK_KEY) if key in known]
    return f"{'/'.join(names)} ({manager})" if manager and names else manager


def to_label_value(text: str) -> str:
    """Return the text if it is a valid value; else a valid value that ends in a digest of the text."""
    if _VALUE.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:SHORT_DIGEST_LENGTH]
    return f"{_INVALID_CHARACTERS.sub('-', text)[: MAX_LENGTH - SHORT_DIGEST_LENGTH - 1]}-{digest}"


def explain_invalid(labels: Any, *, max_labels: int = MAX_LABELS) -> str | None:
    """Return why the labels are invalid, or ``None``; a value that is not known yet counts as valid."""
    if not isinstance(labels, Mapping):
        return None  # a value of the wrong type has its own failure already
    for key, value in labels.items():
        if key == MANAGER_KEY or key.startswith(f"{MANAGER_KEY}."):
            return f"{key} is reserved: the provider sets {MANAGER_KEY} and keys that begin with {MANAGER_KEY}."
        if not _KEY.fullmatch(key):
            return f"the key {key!r} must have 1 to {MAX_LENGTH} characters of a-z, 0-9, '.', '_' and '-'"
        if value is not UNKNOWN and not _VALUE.fullmatch(value):
            return f"the value of {key} must have 1 to {MAX_LENGTH} characters of A-Z, a-z, 0-9, '.', '_' and '-'"
    return (
        f"must have at most {count_noun(max_labels, 'label')} (has {len(labels)})" if len(labels) > max_labels else None
    )


def explicit_labels(labels: Mapping[str, Any] | None, effective: Mapping[str, str]) -> dict[str, str]:
    """Return the sandbox's values of the labels that the program sets; without a program, of all but the owner's."""
    keys = effective.keys() - OWNERSHIP_KEYS if labels is None else effective.keys() & labels.keys()
    return {key: effective[key] for key in sorted(keys)}


LABELS_RULE: Final = Rule(("labels",), lambda values: explain_invalid(values["labels"]))
"""The rule that the labels of a resource are valid."""


@dataclass(frozen=True, slots=True)
class LabelPolicy:
    """What the provider's settings add to the labels of a resource."""

    default_labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Labels of every resource that sets no other value for the key."""
    names_owner: bool = True
    """Whether the provider adds the labels that name the owner."""

    @property
    def max_labels(self) -> int:
        """Return the maximum labels beside those that name the owner."""
        return MAX_LABELS - len(OWNERSHIP_KEYS) if self.names_owner else MAX_LABELS

    def merge(self, labels: Mapping[str, str] | None, owner: Owner | None) -> dict[str, str]:
        """Return all labels of a new sandbox."""
        return {**self.default_labels, **(labels or {}), **self.owner_labels(owner)}

    def owner_labels(self, owner: Owner | None) -> dict[str, str]:
        """Return the labels that name the owner, if the settings add them."""
        return owner.to_labels() if owner is not None and self.names_owner else {}

    def explain_excess(self, labels: Mapping[str, Any] | None) -> str | None:
        """Return why the labels do not fit together with those that the settings add, or ``None``."""
        count = len(self.default_labels.keys() | (labels or {}).keys())
        if count <= self.max_labels:
            return None
        added = [f"{len(self.default_labels)} of the setting `defaultLabels`"] if self.default_labels else []
        added += [f"{len(OWNERSHIP_KEYS)} that name the owner"] if self.names_owner else []
        total = count + MAX_LABELS - self.max_labels
        return f"must have at most {MAX_LABELS} labels together with {' and '.join(added)} (there are {total})"

    def explain_difference(self, explicit_keys: Collection[str], effective: Mapping[str, Any]) -> str | None:
        """Return what to know about existing labels if other default labels are set since, or ``None``.

        `explicit_keys` are keys of labels that the program sets or has set, and `effective` are the existing labels.
        """
        keys = (effective.keys() | self.default_labels.keys()) - {*OWNERSHIP_KEYS, *explicit_keys}
        differing = sorted(key for key in keys if effective.get(key) != self.default_labels.get(key))
        return (
            "existing sandboxes keep the labels that they were created with; the setting `defaultLabels` holds for new "
            f"ones only ({', '.join(differing)} {'differs' if len(differing) == 1 else 'differ'})"
            if differing
            else None
        )

    def without_defaults(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return the labels that differ from the default labels."""
        return {key: value for key, value in labels.items() if self.default_labels.get(key) != value}
