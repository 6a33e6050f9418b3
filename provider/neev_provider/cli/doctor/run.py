"""Runs all checks of `doctor`, in order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neev_provider.adapters.shared.config import MissingConfigError
from neev_provider.adapters.shared.hints import PULUMI, TERRAFORM, Vocabulary
from neev_provider.cli import accounts, recorded_accounts
from neev_provider.cli.doctor import account, policy
from neev_provider.cli.doctor import stack as stack_checks
from neev_provider.cli.doctor import terraform as terraform_checks
from neev_provider.cli.doctor.engine_commands import PULUMI_COMMANDS, TERRAFORM_COMMANDS, EngineCommands
from neev_provider.cli.doctor.environment import check_environment, check_packages, read_project
from neev_provider.cli.doctor.findings import Finding, Level, from_error
from neev_provider.cli.doctor.stack import RemoteInventory, StateEntry, index_by_id, own_resources
from neev_provider.cli.output import EXIT_ERROR, EXIT_OK, print_json, print_line, redact_output
from neev_provider.cli.pulumi_cli import PulumiCli
from neev_provider.cli.recover.plan import list_pending_operations, list_state_resources
from neev_provider.cli.sweep.references import StateReferences, state_references
from neev_provider.cli.terraform_state import TerraformSource, TerraformState, read_state
from neev_provider.client import Api, Settings, connect
from neev_provider.core.errors import NeevError
from neev_provider.core.tasks import gather_all
from neev_provider.resources.lookups import none_if_not_found

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits above which `doctor` warns."""

    expires_within_seconds: float
    max_cores: float | None


@redact_output()
def run(cwd: Path, stack: str | None, terraform: Sequence[TerraformSource], limits: Limits, *, json: bool) -> int:
    """Run the checks, print the findings and return the exit code."""
    findings = asyncio.run(run_checks(PulumiCli(cwd), stack, terraform, limits))
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print_line(
                f"  {finding.level:<5}  {finding.what}" + (f"\n         {finding.remedy}" if finding.remedy else "")
            )
    return EXIT_ERROR if any(finding.level is Level.ERROR for finding in findings) else EXIT_OK


async def run_checks(
    pulumi_cli: PulumiCli, stack: str | None, terraform: Sequence[TerraformSource], limits: Limits
) -> list[Finding]:
    """Return the findings of the local environment, the account, the stack if one is named, and Terraform's states."""
    # without a stack, a user of Terraform need not have Pulumi
    vocabulary = PULUMI if stack or not terraform else TERRAFORM
    findings = list(check_environment(pulumi_cli)) if vocabulary is PULUMI else [check_packages()]
    findings += [finding for source in terraform for finding in terraform_checks.check_engine(source)]
    subject = "settings"
    try:
        config_entries = pulumi_cli.read_config_entries(stack) if stack else {}
        stack_config = {name: value.get("value") for name, value in config_entries.items()}
        findings += account.check_settings(stack_config, os.environ, vocabulary)
        findings += account.check_config_entries(config_entries, read_project(pulumi_cli.directory).get("name"))
        settings = accounts.resolve_stack_settings(stack_config, os.environ)
        subject = settings.base_url
        findings += account.check_key_type(settings.api_key, vocabulary)
        is_api_available, account_findings = await _check_account(settings, vocabulary)
        findings += account_findings
        if stack is not None:
            subject = f"stack {stack}"
            findings += await check_stack(pulumi_cli, stack, stack_config, limits, is_api_available=is_api_available)
        for source in terraform:
            subject = str(source.path)
            findings += await check_terraform(source, limits, is_api_available=is_api_available)
    except MissingConfigError:
        return findings  # a finding names each missing setting
    except NeevError as error:
        findings.append(from_error(error, subject, vocabulary))
    return findings


@dataclass(frozen=True)
class CheckedState:
    """The resources and references of a state, and the words of its engine."""

    entries: Sequence[StateEntry]
    references: StateReferences
    stack_config: Values
    commands: EngineCommands = PULUMI_COMMANDS
    vocabulary: Vocabulary = PULUMI
    terraform: TerraformState | None = None


async def check_stack(
    pulumi_cli: PulumiCli, stack: str, stack_config: Values, limits: Limits, *, is_api_available: bool
) -> list[Finding]:
    """Return the findings of the stack's state and, if the API is available, of its objects there."""
    state = pulumi_cli.export(stack, secrets=True)
    checked = CheckedState(list_state_resources(state), state_references([state]), stack_config)
    return [
        *stack_checks.check_interrupted(list_pending_operations(state), stack),
        *await _check_state(checked, limits, is_api_available=is_api_available),
    ]


async def check_terraform(source: TerraformSource, limits: Limits, *, is_api_available: bool) -> list[Finding]:
    """Return the findings of a Terraform state and, if the API is available, of its objects there."""
    state = read_state(source.path, source.program)
    references = state_references([], state.iter_values())
    checked = CheckedState(terraform_checks.to_entries(state), references, {}, TERRAFORM_COMMANDS, TERRAFORM, state)
    found = await _check_state(checked, limits, is_api_available=is_api_available)
    return [terraform_checks.render_finding(finding) for finding in found]


async def _check_state(state: CheckedState, limits: Limits, *, is_api_available: bool) -> list[Finding]:
    mismatches = recorded_accounts.find_account_mismatches(state.entries, state.stack_config, os.environ)
    findings = [
        *recorded_accounts.report_mismatches(mismatches, state.vocabulary),
        *policy.check_policy(state.entries, max_cores=limits.max_cores),
    ]
    if not is_api_available:
        return findings
    # resources of another account are not looked up: a 404 would not mean that they are deleted
    excluded = [entry for entry, _ in mismatches]
    included = [entry for entry in state.entries if entry not in excluded]
    inventory, now = await _load_inventory(included, state.stack_config)
    return [
        *findings,
        *stack_checks.check_health(included, inventory, state.commands),
        *stack_checks.check_owners(included, inventory, state.commands),
        *(terraform_checks.check_unrecorded(state.terraform, state.references, inventory) if state.terraform else ()),
        *stack_checks.check_expiration(
            included, inventory, now=now, expires_within_seconds=limits.expires_within_seconds
        ),
        stack_checks.summarize_costs(state.references, inventory),
    ]


async def _check_account(settings: Settings, vocabulary: Vocabulary) -> tuple[bool, list[Finding]]:
    """Return whether the API is available, and the findings of the account."""
    try:
        async with connect(settings) as api:
            return True, await account.check_account(api)
    except NeevError as error:
        return False, [account.report_rejection(error, settings, vocabulary)]


async def _load_inventory(entries: Sequence[StateEntry], stack_config: Values) -> tuple[RemoteInventory, float]:
    """Return the objects of every account that the stack's resources are in, and the API's time."""
    by_account: dict[Settings, list[StateEntry]] = {accounts.resolve_stack_settings(stack_config, os.environ): []}
    for entry, _ in own_resources(entries):
        settings = accounts.resolve_resource_settings(entry, entries, stack_config, os.environ)
        by_account.setdefault(settings, []).append(entry)
    inventory, now = RemoteInventory(), 0.0
    for settings, account_entries in by_account.items():
        async with connect(settings) as api:
            inventory = inventory.merge(await _list_remote_objects(api, account_entries))
            now = api.transport.server_clock.now()
    return inventory, now


async def _list_remote_objects(api: Api, entries: Sequence[StateEntry]) -> RemoteInventory:
    ids = [entry["id"] for entry, kind in own_resources(entries) if kind == "Snapshot"]
    sandboxes, agents = await api.sandboxes.list(), await api.agents.list()
    snapshots = [
        snapshot
        for snapshot in await gather_all(none_if_not_found(api.snapshots.get(id)) for id in ids)
        if snapshot is not None
    ]
    return RemoteInventory(index_by_id(sandboxes), index_by_id(agents), index_by_id(snapshots))
