"""Where a state says that its resources are, compared with the account that the settings name for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from neev_provider.cli import accounts
from neev_provider.cli.doctor.findings import Finding, bad
from neev_provider.cli.doctor.stack import Entry, named, ours, says_where_it_is
from neev_provider.core.account import WrongAccount

Environ = Mapping[str, str]
Configured = Mapping[str, Any]
SHOWN = 3
"""Resources that a finding names."""


def elsewhere(entries: Sequence[Entry], configured: Configured, environ: Environ) -> list[tuple[Entry, WrongAccount]]:
    """Return the resources that are recorded in another account than the settings name, each with both."""

    def found() -> Iterator[tuple[Entry, WrongAccount]]:
        for entry, _ in ours(entries):
            if not says_where_it_is(entry):
                continue
            account = accounts.in_use(entry, entries, configured, environ).account
            if differences := account.find_differences(entry["outputs"]):
                yield entry, WrongAccount(differences)

    return list(found())


def require_here(entries: Sequence[Entry], configured: Configured, environ: Environ) -> None:
    """Return only where no resource is recorded in another account than the settings name.

    Raises:
        WrongAccount: one is; the error names both.
    """
    for _, wrong in elsewhere(entries, configured, environ):
        raise wrong


def findings(found: Iterable[tuple[Entry, WrongAccount]]) -> Iterator[Finding]:
    """Yield an error for each other account, with some of the resources that are recorded there."""
    by_account: dict[str, tuple[WrongAccount, list[str]]] = {}
    for entry, wrong in found:
        by_account.setdefault(wrong.message, (wrong, []))[1].append(named(entry))
    for wrong, names in by_account.values():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield bad(f"{', '.join(names[:SHOWN])}{more}: {wrong.summary}", wrong.hint)
