"""Everything that `doctor` looks at, in order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neev_provider.adapters.shared.config import MissingConfigError
from neev_provider.cli import accounts, recorded_accounts
from neev_provider.cli.doctor import account, policy
from neev_provider.cli.doctor import stack as stack_checks
from neev_provider.cli.doctor.environment import check_environment, read_project
from neev_provider.cli.doctor.findings import Finding, Level, from_error
from neev_provider.cli.doctor.stack import RemoteInventory, StateEntry, index_by_id, own_resources
from neev_provider.cli.output import EXIT_ERROR, EXIT_OK, print_json, print_line, redact_output
from neev_provider.cli.pulumi_cli import PulumiCli
from neev_provider.cli.recover.plan import list_pending_operations, list_state_resources
from neev_provider.cli.sweep.references import state_references
from neev_provider.client import Api, Settings, connect
from neev_provider.client.http.pagination import gather_all
from neev_provider.core.errors import NeevError
from neev_provider.resources.sandbox.base import none_if_not_found

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as soon, in seconds, and as too much."""

    expires_within_seconds: float
    max_cores: float | None


@redact_output()
def run(cwd: Path, stack: str | None, limits: Limits, *, json: bool) -> int:
    """The exit code, after everything that was found was shown."""
    findings = asyncio.run(run_checks(PulumiCli(cwd), stack, limits))
    if json:
        print_json([asdict(each) for each in findings])
    else:
        for each in findings:
            print_line(f"  {each.level:<4}  {each.what}" + (f"\n        {each.remedy}" if each.remedy else ""))
    return EXIT_ERROR if any(each.level is Level.ERROR for each in findings) else EXIT_OK


async def run_checks(pulumi_cli: PulumiCli, stack: str | None, limits: Limits) -> list[Finding]:
    """What was found, on this machine, at the platform and, where one is named, in the stack."""
    findings = list(check_environment(pulumi_cli))
    about = "settings"
    try:
        said = pulumi_cli.read_config_entries(stack) if stack else {}
        configured = {name: each.get("value") for name, each in said.items()}
        findings += account.check_settings(configured, os.environ)
        findings += account.check_config_entries(said, read_project(pulumi_cli.directory).get("name"))
        settings = accounts.resolve_stack_settings(configured, os.environ)
        about = settings.base_url
        answers, found = await _check_account(settings)
        findings += found
        if stack is not None:
            about = f"stack {stack}"
            findings += await check_stack(pulumi_cli, stack, configured, limits, is_api_available=answers)
    except MissingConfigError:
        return findings  # each setting that is missing has been told
    except NeevError as error:
        findings.append(from_error(error, about))
    return findings


async def check_stack(
    pulumi_cli: PulumiCli, stack: str, stack_config: Values, limits: Limits, *, is_api_available: bool
) -> list[Finding]:
    """What was found in the stack and, where the platform answers, of it there."""
    state = pulumi_cli.export(stack, secrets=True)
    entries = list_state_resources(state)
    elsewhere = recorded_accounts.find_account_mismatches(entries, stack_config, os.environ)
    findings = [
        *stack_checks.check_interrupted(list_pending_operations(state), stack),
        *recorded_accounts.report_mismatches(elsewhere),
        *policy.check_policy(entries, max_cores=limits.max_cores),
    ]
    if not is_api_available:
        return findings
    # what is elsewhere is not looked up here: that it is not found would not mean that it is gone
    strays = [entry for entry, _ in elsewhere]
    here = [each for each in entries if each not in strays]
    platform, now = await _load_inventory(here, stack_config)
    return [
        *findings,
        *stack_checks.check_health(here, platform),
        *stack_checks.check_expiration(here, platform, now=now, expires_within_seconds=limits.expires_within_seconds),
        stack_checks.summarize_costs(state_references([state]), platform),
    ]


async def _check_account(settings: Settings) -> tuple[bool, list[Finding]]:
    """Whether the platform answers, and what was found of the account."""
    try:
        async with connect(settings) as api:
            return True, await account.check_account(api)
    except NeevError as error:
        return False, [from_error(error, settings.base_url)]


async def _load_inventory(entries: Sequence[StateEntry], stack_config: Values) -> tuple[RemoteInventory, float]:
    """What is there in every account that the stack's resources are in, and what time it is there."""
    by_account: dict[Settings, list[StateEntry]] = {accounts.resolve_stack_settings(stack_config, os.environ): []}
    for entry, _ in own_resources(entries):
        settings = accounts.resolve_resource_settings(entry, entries, stack_config, os.environ)
        by_account.setdefault(settings, []).append(entry)
    all_there, now = RemoteInventory(), 0.0
    for settings, held_there in by_account.items():
        async with connect(settings) as api:
            all_there = all_there.merge(await _list_remote_objects(api, held_there))
            now = api.transport.server_clock.now()
    return all_there, now


async def _list_remote_objects(api: Api, entries: Sequence[StateEntry]) -> RemoteInventory:
    ids = [entry["id"] for entry, kind in own_resources(entries) if kind == "Snapshot"]
    sandboxes, agents = await api.sandboxes.list(), await api.agents.list()
    snapshots = [
        each for each in await gather_all(none_if_not_found(api.snapshots.get(id)) for id in ids) if each is not None
    ]
    return RemoteInventory(index_by_id(sandboxes), index_by_id(agents), index_by_id(snapshots))
