"""Looks up what an interrupted `terraform apply` created and did not store, and imports it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neev_provider.adapters.shared.hints import TERRAFORM_COMMAND
from neev_provider.adapters.terraform.ownership import owner_of
from neev_provider.cli import accounts
from neev_provider.cli.options import MIN_AGE
from neev_provider.cli.output import (
    EXIT_CHANGES_PENDING,
    EXIT_ERROR,
    EXIT_OK,
    RunOptions,
    exit_with_error,
    print_json,
    print_line,
    print_table,
    redact_output,
)
from neev_provider.cli.recover.plan import Action
from neev_provider.cli.sweep.references import StateReferences, state_references
from neev_provider.cli.terraform_cli import TerraformCli, TerraformCommandFailed
from neev_provider.cli.terraform_state import TerraformResource, TerraformState, read_state, require_matching_account
from neev_provider.client import Api, connect
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.errors import NeevError
from neev_provider.core.labels import RESOURCE_KEY
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.resource import Resource

CREATE = ["create"]
TERMINATING = "Terminating"
DONE = "imported"


@dataclass(frozen=True, slots=True)
class ImportStep:
    """What is done with one object that no state names."""

    action: Action
    address: str
    """The address of the planned create; empty if none matches."""
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class PlannedCreate:
    """A create that the engine plans, of a resource with an explicit name."""

    address: str
    type: str
    name: str
    resource: AnyResource

    @property
    def has_unique_name(self) -> bool:
        """Return whether the resource is one object with a name of its own, and not several that begin with it."""
        return type(self.resource).find_id_by_name is not Resource.find_id_by_name


@redact_output()
def run(directory: Path, program: str | None, options: RunOptions) -> int:
    """Print the plan, import what it names if the options allow it, and return the exit code."""
    cli = TerraformCli(directory, program)
    try:
        steps = asyncio.run(load_steps(cli))
    except NeevError as error:
        exit_with_error(error, TERRAFORM_COMMAND)
    imports = [step for step in steps if step.action is Action.IMPORT]
    if not options.json:
        _print_steps(directory, steps)
    is_applied = bool(imports) and options.should_apply()
    outcomes = {step.address: _import(cli, step) for step in imports} if is_applied else {}
    _print_result(directory, steps, outcomes, options, has_imports=bool(imports))
    if any(outcome != DONE for outcome in outcomes.values()):
        return EXIT_ERROR
    return EXIT_CHANGES_PENDING if imports and not is_applied else EXIT_OK


async def load_steps(cli: TerraformCli) -> list[ImportStep]:
    """Return what is done with each object that the configuration may have created and its state does not name.

    Raises:
        NeevError: the state, the plan or the API cannot be read.
    """
    settings = accounts.resolve_stack_settings({}, os.environ)
    state = read_state(cli.directory, cli.program)
    require_matching_account(state, settings.account)
    creates = list(list_creates(cli.plan()))
    async with connect(settings) as api:
        return await _find_steps(api, cli, state, creates)


def list_creates(plan: Mapping[str, Any]) -> Iterator[PlannedCreate]:
    """Yield the creates with an explicit name. A replacement has an object at its address, so nothing is imported."""
    for item in plan.get("resource_changes") or ():
        change = item["change"]
        resource = TerraformResource(item["address"], item["type"], {}, item["mode"]).resource
        name = (change.get("after") or {}).get("name")
        if resource is not None and change["actions"] == CREATE and name:
            yield PlannedCreate(item["address"], item["type"], name, resource)


def find_unrecorded(sandboxes: Iterable[Sandbox], references: StateReferences) -> Iterator[Sandbox]:
    """Yield the sandboxes that no state names, without those that are being deleted."""
    return (item for item in sandboxes if item.id not in references.words and item.phase != TERMINATING)


async def _find_steps(
    api: Api, cli: TerraformCli, state: TerraformState, creates: Iterable[PlannedCreate]
) -> list[ImportStep]:
    references = state_references([], state.iter_values())
    listed = await api.sandboxes.list(labels=state.owner_labels)
    own = {item.id: item for item in find_unrecorded(listed, references)}
    steps = [step for create in creates if (step := await _find_step(api, cli, create, own, references)) is not None]
    prefixes = tuple(f"{step.id}-" for step in steps if step.action is Action.IMPORT)
    known = {step.id for step in steps}
    sweep = f"`pulumi-neev sweep --terraform {cli.directory} --older-than {MIN_AGE}` deletes it when it is that old"
    reason = f"no planned create has its name; import it (`{cli.name} import ADDRESS ID`), or {sweep}"
    unmatched = [item for item in own.values() if item.id not in known and not item.name.startswith(prefixes)]
    return [*steps, *(ImportStep(Action.LEAVE, "", item.id, f"{item.name}: {reason}") for item in unmatched)]


async def _find_step(
    api: Api, cli: TerraformCli, create: PlannedCreate, own: Mapping[str, Sandbox], references: StateReferences
) -> ImportStep | None:
    """Return the import of what the labels name as this resource's; else what else has its name."""
    digest = owner_of(create.type, create.name, os.environ, cli.directory.resolve()).to_labels()[RESOURCE_KEY]
    # a fork has the labels of its source, so the name has to match, too
    labelled = [item for item in own.values() if (item.labels or {}).get(RESOURCE_KEY) == digest]
    if not create.has_unique_name:
        parts = [item for item in labelled if item.name.startswith(f"{create.name}-")]
        why = f"the labels of {', '.join(item.name for item in parts)} name it"
        return ImportStep(Action.IMPORT, create.address, create.name, why) if parts else None
    if found := next((item for item in labelled if item.name == create.name), None):
        return ImportStep(Action.IMPORT, create.address, found.id, f"its labels name it; created {found.created_at}")
    id = await create.resource.connect(api).find_id_by_name(create.name)
    if id is None or id in references.words:
        return None
    command = f"if it is this one's: `{cli.name} import {create.address} {id}`"
    return ImportStep(Action.LEAVE, create.address, id, f"it has the name, but no label names this resource; {command}")


def _import(cli: TerraformCli, step: ImportStep) -> str:
    try:
        cli.import_(step.address, step.id)
    except TerraformCommandFailed as error:
        return f"failed: {error.summary}"
    return DONE


def _print_steps(directory: Path, steps: list[ImportStep]) -> None:
    if steps:
        print_line(f"{directory}: {len(steps)} in no state")
        print_table((step.action, step.address or "-", step.id, step.why) for step in steps)
    else:
        print_line(f"{directory}: nothing is missing in the state.")


def _print_result(
    directory: Path, steps: list[ImportStep], outcomes: Mapping[str, str], options: RunOptions, *, has_imports: bool
) -> None:
    if options.json:
        names = ("action", "address", "id", "why")
        found = [
            {**{name: getattr(step, name) for name in names}, "outcome": outcomes.get(step.address)} for step in steps
        ]
        print_json({"terraform": str(directory), "done": bool(outcomes), "steps": found})
    elif outcomes:
        print_table(outcomes.items())
        print_line("Run `terraform plan` to see what is left to do.")
    elif has_imports:
        print_line("Nothing is changed yet. Run again with --yes to apply the plan.")
