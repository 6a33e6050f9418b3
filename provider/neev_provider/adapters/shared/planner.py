"""Checks, diffs and previews, for the adapter of any engine. Nothing here waits or sends a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neev_provider.core import lifecycle
from neev_provider.core.account import Account
from neev_provider.core.diff import Diff
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.validation import ValidationFailure, WarningHandler, ignore, redact_failure


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the changes of one type of resource, in the account of the provider's settings."""

    resource: AnyResource
    account: Account | None = None

    def check(  # noqa: PLR0913  the engine's own arguments
        self,
        old_inputs: Mapping[str, Any],
        new_inputs: Mapping[str, Any],
        *,
        generate_name: Callable[[], str],
        secret_inputs: frozenset[str] = frozenset(),
        rejected: Sequence[ValidationFailure] = (),
        warn: WarningHandler = ignore,
    ) -> tuple[dict[str, Any], list[ValidationFailure]]:
        """Return the inputs to store (coerced, with defaults and a name) and their failures, without secrets.

        `rejected` are failures that the adapter found; the resource's own failures of these properties are left out.
        """
        inputs, failures = self.resource.check(old_inputs, new_inputs, generate_name, warn)
        rejected_paths = {_failure_path(failure) for failure in rejected}
        others = (failure for failure in failures if _failure_path(failure) not in rejected_paths)
        return inputs, [redact_failure(failure, secret_inputs) for failure in (*rejected, *others)]

    def diff(self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> Diff:
        """Return the changes.

        Raises:
            WrongAccount: the state records another account than the settings.
        """
        if self.account is not None:
            self.account.require_same(state)
        return lifecycle.compute_diff(self.resource, old_inputs=old_inputs, state=state, new_inputs=new_inputs)

    def preview(self, state: Mapping[str, Any] | None, new_inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the state as far as it is known before the change; without a state, before the creation."""
        if state is None:
            return self.resource.preview_create(new_inputs)
        return lifecycle.preview_update(self.resource, state, new_inputs)


def _failure_path(failure: ValidationFailure) -> str:
    # the path of a secret is empty, and its reason begins with it
    return failure.path or failure.reason.partition(": ")[0]
