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
from neev_provider.cli.doctor.environment import machine, project_of
from neev_provider.cli.doctor.findings import Finding, Level, of_error
from neev_provider.cli.doctor.stack import Entry, Platform, by_id, ours
from neev_provider.cli.output import DONE, FAILED, as_json, discreet, say
from neev_provider.cli.pulumi_cli import Engine
from neev_provider.cli.recover.plan import operations, resources
from neev_provider.cli.sweep.references import held
from neev_provider.client import Api, Settings, connect
from neev_provider.client.http.pagination import gather_all
from neev_provider.core.errors import NeevError
from neev_provider.resources.sandbox.base import none_if_not_found

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as soon, in seconds, and as too much."""

    soon: float
    max_cores: float | None


@discreet()
def run(cwd: Path, stack: str | None, limits: Limits, *, json: bool) -> int:
    """The exit code, after everything that was found was shown."""
    findings = asyncio.run(diagnosed(Engine(cwd), stack, limits))
    if json:
        as_json([asdict(each) for each in findings])
    else:
        for each in findings:
            say(f"  {each.level:<4}  {each.what}" + (f"\n        {each.remedy}" if each.remedy else ""))
    return FAILED if any(each.level is Level.BAD for each in findings) else DONE


async def diagnosed(engine: Engine, stack: str | None, limits: Limits) -> list[Finding]:
    """What was found, on this machine, at the platform and, where one is named, in the stack."""
    findings = list(machine(engine))
    about = "settings"
    try:
        said = engine.config_entries(stack) if stack else {}
        configured = {name: each.get("value") for name, each in said.items()}
        findings += account.settings(configured, os.environ)
        findings += account.entries(said, project_of(engine.directory).get("name"))
        settings = accounts.of_stack(configured, os.environ)
        about = settings.base_url
        answers, found = await _account(settings)
        findings += found
        if stack is not None:
            about = f"stack {stack}"
            findings += await of_stack(engine, stack, configured, limits, answers=answers)
    except MissingConfigError:
        return findings  # each setting that is missing has been told
    except NeevError as error:
        findings.append(of_error(error, about))
    return findings


async def of_stack(engine: Engine, stack: str, configured: Values, limits: Limits, *, answers: bool) -> list[Finding]:
    """What was found in the stack and, where the platform answers, of it there."""
    state = engine.export(stack, secrets=True)
    entries = resources(state)
    elsewhere = recorded_accounts.elsewhere(entries, configured, os.environ)
    findings = [
        *stack_checks.interrupted(operations(state), stack),
        *recorded_accounts.findings(elsewhere),
        *policy.rules(entries, max_cores=limits.max_cores),
    ]
    if not answers:
        return findings
    # what is elsewhere is not looked up here: that it is not found would not mean that it is gone
    strays = [entry for entry, _ in elsewhere]
    here = [each for each in entries if each not in strays]
    platform, now = await _seen(here, configured)
    return [
        *findings,
        *stack_checks.health(here, platform),
        *stack_checks.expiry(here, platform, now=now, soon=limits.soon),
        stack_checks.costs(held([state]), platform),
    ]


async def _account(settings: Settings) -> tuple[bool, list[Finding]]:
    """Whether the platform answers, and what was found of the account."""
    try:
        async with connect(settings) as api:
            return True, await account.account(api)
    except NeevError as error:
        return False, [of_error(error, settings.base_url)]


async def _seen(entries: Sequence[Entry], configured: Values) -> tuple[Platform, float]:
    """What is there in every account that the stack's resources are in, and what time it is there."""
    by_account: dict[Settings, list[Entry]] = {accounts.of_stack(configured, os.environ): []}
    for entry, _ in ours(entries):
        settings = accounts.of_resource(entry, entries, configured, os.environ)
        by_account.setdefault(settings, []).append(entry)
    all_there, now = Platform(), 0.0
    for settings, held_there in by_account.items():
        async with connect(settings) as api:
            all_there = all_there.with_(await _there(api, held_there))
            now = api.transport.server_clock.now()
    return all_there, now


async def _there(api: Api, entries: Sequence[Entry]) -> Platform:
    ids = [entry["id"] for entry, kind in ours(entries) if kind == "Snapshot"]
    sandboxes, agents = await api.sandboxes.list(), await api.agents.list()
    snapshots = [
        each for each in await gather_all(none_if_not_found(api.snapshots.get(id)) for id in ids) if each is not None
    ]
    return Platform(by_id(sandboxes), by_id(agents), by_id(snapshots))
