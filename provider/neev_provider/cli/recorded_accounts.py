"""The account that a state records for each resource, compared with the account of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from neev_provider.adapters.shared.hints import PULUMI, Vocabulary, render_text
from neev_provider.cli import accounts
from neev_provider.cli.doctor.findings import Finding, fail
from neev_provider.cli.doctor.stack import StateEntry, describe_entry, has_recorded_account, own_resources
from neev_provider.core.account import WrongAccount, recorded_settings

Environment = Mapping[str, str]
StackConfig = Mapping[str, Any]
MAX_NAMED_RESOURCES = 3
"""Resources that a finding names."""


def find_account_mismatches(
    entries: Sequence[StateEntry], stack_config: StackConfig, environ: Environment
) -> list[tuple[StateEntry, WrongAccount]]:
    """Return the resources whose recorded account differs from the account of the settings, each with the error."""

    def mismatches() -> Iterator[tuple[StateEntry, WrongAccount]]:
        for entry, _ in own_resources(entries):
            if not has_recorded_account(entry):
                continue
            account = accounts.resolve_current_settings(entry, entries, stack_config, environ).account
            if differences := account.find_differences(recorded_settings(entry["outputs"])):
                yield entry, WrongAccount(differences)

    return list(mismatches())


def require_matching_account(entries: Sequence[StateEntry], stack_config: StackConfig, environ: Environment) -> None:
    """Require that every resource is recorded in the account of the settings.

    Raises:
        WrongAccount: a resource is recorded in another account. The error names both.
    """
    for _, wrong in find_account_mismatches(entries, stack_config, environ):
        raise wrong


def report_mismatches(
    mismatches: Iterable[tuple[StateEntry, WrongAccount]], vocabulary: Vocabulary = PULUMI
) -> Iterator[Finding]:
    """Yield a finding for each other account, with some of the resources that are recorded in it."""
    by_account: dict[str, tuple[WrongAccount, list[str]]] = {}
    for entry, wrong in mismatches:
        by_account.setdefault(wrong.message, (wrong, []))[1].append(describe_entry(entry))
    for wrong, names in by_account.values():
        more = f" and {len(names) - MAX_NAMED_RESOURCES} more" if len(names) > MAX_NAMED_RESOURCES else ""
        yield fail(
            f"{', '.join(names[:MAX_NAMED_RESOURCES])}{more}: {render_text(wrong.summary, vocabulary)}",
            render_text(wrong.hint, vocabulary),
        )
