"""Aggregation of the errors of a pool's members."""

from __future__ import annotations

from collections.abc import Mapping

from neev_provider.core.errors import ApiError, Cancelled, NeevError, OperationFailed, OutcomeUnknown

MAX_REASONS = 5
"""Maximum number of different reasons in one error."""
MAX_NAMES_PER_REASON = 10
"""Maximum number of members named for each reason."""
OUTCOME_UNKNOWN_HINT = "Run the same command again: what has appeared by then is taken, and the rest is made."


def aggregate_error(failures: Mapping[str, Exception], summary: str) -> Exception:
    """Combine the members' errors into one error. Return an unexpected exception unchanged."""
    groups: dict[object, list[str]] = {}
    first_errors: dict[object, NeevError] = {}
    for name, error in failures.items():
        if not isinstance(error, NeevError):
            return error
        groups.setdefault(_group_key(error), []).append(name)
        first_errors.setdefault(_group_key(error), error)
    if all(isinstance(item, Cancelled) for item in first_errors.values()):
        return Cancelled(f"{len(failures)} {summary}")
    reasons = sorted(groups, key=lambda reason: -len(groups[reason]))
    sentences = [
        f"{first_errors[reason].summary.rstrip('.')} ({_format_names(groups[reason])})."
        for reason in reasons[:MAX_REASONS]
    ]
    more = [f"And {len(reasons) - MAX_REASONS} other reasons."] if len(reasons) > MAX_REASONS else []
    main_error = first_errors[reasons[0]]
    hint = OUTCOME_UNKNOWN_HINT if isinstance(main_error, OutcomeUnknown) else main_error.hint
    return OperationFailed(" ".join([f"{len(failures)} {summary}.", *sentences, *more]), hint=hint)


def _group_key(error: NeevError) -> object:
    """Return a key that is equal for errors that differ only in names and request ids."""
    if isinstance(error, ApiError):
        return type(error), error.status, error.code
    return type(error) if isinstance(error, OutcomeUnknown) else (type(error), error.message)


def _format_names(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMES_PER_REASON} more" if len(names) > MAX_NAMES_PER_REASON else ""
    return f"{', '.join(names[:MAX_NAMES_PER_REASON])}{more}"
