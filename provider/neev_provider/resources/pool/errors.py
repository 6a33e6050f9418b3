"""One error for the many that members of a pool may have."""

from __future__ import annotations

from collections.abc import Mapping

from neev_provider.core.errors import ApiError, Cancelled, OperationFailed, NeevError, OutcomeUnknown

REASONS = 5
"""Different reasons that are told."""
NAMES = 10
"""Members that are named for each."""
LOOKED_UP = "Run the same command again: what has appeared by then is taken, and the rest is made."


def combined(failures: Mapping[str, Exception], what: str) -> Exception:
    """What went wrong with which members, in a few sentences; a bug of ours as it is."""
    groups: dict[object, list[str]] = {}
    first: dict[object, NeevError] = {}
    for name, error in failures.items():
        if not isinstance(error, NeevError):
            return error
        groups.setdefault(_reason(error), []).append(name)
        first.setdefault(_reason(error), error)
    if all(isinstance(each, Cancelled) for each in first.values()):
        return Cancelled(f"{len(failures)} {what}")
    often = sorted(groups, key=lambda reason: -len(groups[reason]))
    told = [f"{first[reason].summary.rstrip('.')} ({_named(groups[reason])})." for reason in often[:REASONS]]
    more = [f"And {len(often) - REASONS} other reasons."] if len(often) > REASONS else []
    foremost = first[often[0]]
    hint = LOOKED_UP if isinstance(foremost, OutcomeUnknown) else foremost.hint
    return OperationFailed(" ".join([f"{len(failures)} {what}.", *told, *more]), hint=hint)


def _reason(error: NeevError) -> object:
    """What errors have in common that would read alike but for names and request ids."""
    if isinstance(error, ApiError):
        return type(error), error.status, error.code
    return type(error) if isinstance(error, OutcomeUnknown) else (type(error), error.message)


def _named(names: list[str]) -> str:
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return f"{', '.join(names[:NAMES])}{more}"
