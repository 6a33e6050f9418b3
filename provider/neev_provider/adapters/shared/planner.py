"""Checks, diffs and previews, for the adapter of any engine. Nothing here waits or sends a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neev_provider.core import lifecycle
from neev_provider.core.account import Account
from neev_provider.core.diff import Diff
from neev_provider.core.labels import LabelPolicy
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.validation import ValidationFailure, WarningHandler, ignore, redact_failure


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the changes of one type of resource, with the provider's settings."""

    resource: AnyResource
    account: Account | None = None
    label_policy: LabelPolicy | None = field(default_factory=LabelPolicy)
    """What the settings add to labels; ``None`` if that is unknown, so that the labels are not judged."""
    addresses: MutableMapping[tuple[str, str], str] = field(default_factory=dict)
    """The address of each object that the program declares, by type and id, as far as it is checked and known."""

    def check(  # noqa: PLR0913  the engine's own arguments
        self,
        old_inputs: Mapping[str, Any],
        new_inputs: Mapping[str, Any],
        *,
        generate_name: Callable[[], str],
        address: str = "",
        secret_inputs: frozenset[str] = frozenset(),
        rejected: Sequence[ValidationFailure] = (),
        warn: WarningHandler = ignore,
        declared_only: bool = False,
    ) -> tuple[dict[str, Any], list[ValidationFailure]]:
        """Return the inputs to store (coerced, with defaults and a name) and their failures, without secrets.

        `address` is the resource's in the engine, empty if the adapter does not know it. `rejected` are failures that
        the adapter found; the resource's own failures of these properties are left out. `declared_only` leaves out
        the failures of local files and other resources.
        """
        if declared_only:
            inputs, failures = self.resource.check_declared(old_inputs, new_inputs, generate_name)
        else:
            inputs, failures = self.resource.check(old_inputs, new_inputs, generate_name, warn)
        failures = [*failures, *self._find_label_failures(inputs), *self._find_duplicates(address, inputs)]
        rejected_paths = {_failure_path(failure) for failure in rejected}
        others = (failure for failure in failures if _failure_path(failure) not in rejected_paths)
        return inputs, [redact_failure(failure, secret_inputs) for failure in (*rejected, *others)]

    def diff(
        self,
        id: str,
        old_inputs: Mapping[str, Any],
        state: Mapping[str, Any],
        new_inputs: Mapping[str, Any],
        log: Callable[[str], None] = ignore,
    ) -> Diff:
        """Return the changes of the resource with this id, and log what the settings do not change.

        Raises:
            WrongAccount: the state records another account than the settings.
        """
        if self.account is not None:
            self.account.require_same(state)
        self.resource.note_inputs(id, new_inputs, state)
        changes = lifecycle.compute_diff(self.resource, old_inputs=old_inputs, state=state, new_inputs=new_inputs)
        if not changes.requires_replacement:  # a replacement gets the labels of the settings
            self._log_default_labels(old_inputs, state, new_inputs, log)
        return changes

    def preview(self, state: Mapping[str, Any] | None, new_inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state as far as it is known before the change; without a state, before the creation."""
        if state is None:
            return self.resource.preview_create(new_inputs)
        return lifecycle.preview_update(self.resource, state, new_inputs)

    def _find_duplicates(self, address: str, inputs: Mapping[str, Any]) -> list[ValidationFailure]:
        """Return the failure of an object that the program declares at another address already."""
        id = self.resource.planned_id(inputs) if address else None
        other = address if id is None else self.addresses.setdefault((self.resource.name, id), address)
        return [] if other == address else [ValidationFailure("", f"{id} is declared already: {other}")]

    def _find_label_failures(self, inputs: Mapping[str, Any]) -> list[ValidationFailure]:
        """Return the failure of labels that do not fit together with those that the settings add."""
        labels = inputs.get("labels")
        policy = self.label_policy
        if policy is None or "labels" not in self.resource.inputs.properties or not isinstance(labels, Mapping | None):
            return []
        reason = policy.explain_excess(labels)
        return [] if reason is None else [ValidationFailure("labels", reason)]

    def _log_default_labels(
        self,
        old_inputs: Mapping[str, Any],
        state: Mapping[str, Any],
        new_inputs: Mapping[str, Any],
        log: Callable[[str], None],
    ) -> None:
        """Log that changed default labels have no effect on a resource that has labels."""
        explicit, effective = (old_inputs.get("labels"), new_inputs.get("labels")), state.get("effectiveLabels")
        if (
            self.label_policy is not None
            and "labels" in self.resource.inputs.properties
            and all(isinstance(labels, Mapping | None) for labels in explicit)
            and isinstance(effective, Mapping)
            and (
                text := self.label_policy.explain_difference(
                    {key for labels in explicit for key in labels or ()}, effective
                )
            )
        ):
            log(text)


def _failure_path(failure: ValidationFailure) -> str:
    # the path of a secret is empty, and its reason begins with it
    return failure.path or failure.reason.partition(": ")[0]
