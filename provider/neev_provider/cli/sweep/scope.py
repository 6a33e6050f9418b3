"""What a sweep works on: the states to read, whose orphans are meant, and the account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from neev_provider.adapters.pulumi.ownership import MANAGER
from neev_provider.adapters.shared.hints import PULUMI, TERRAFORM_COMMAND, Vocabulary
from neev_provider.cli import accounts, recorded_accounts
from neev_provider.cli.doctor.environment import read_project
from neev_provider.cli.pulumi_cli import PulumiCli, StackName
from neev_provider.cli.recover.plan import list_state_resources
from neev_provider.cli.sweep.references import StateReferences, state_references
from neev_provider.cli.terraform_state import TerraformState, read_owner_labels, read_state, require_matching_account
from neev_provider.client import Settings
from neev_provider.core.errors import ConfigError
from neev_provider.core.labels import stack_labels


@dataclass(frozen=True, slots=True)
class SweepScope:
    """The states to read, and the stack whose orphans are meant and whose configuration selects the account."""

    directory: Path
    backend_urls: tuple[str, ...] = ()
    stack: str | None = None
    terraform_sources: tuple[Path, ...] = ()
    """Directories of Terraform configurations, and state files."""
    terraform_program: str | None = None

    @property
    def owners(self) -> list[Mapping[str, str]]:
        """Return the labels of each owner whose orphans are meant.

        Of a stack, if one is named; else of every stack, if backends are read, and of the given Terraform states.

        Raises:
            NeevError: a Terraform state cannot be read.
            ConfigError: the project of the stack is unknown.
        """
        if self.stack:
            return [self._stack_labels(self.stack)]
        pulumi = [stack_labels(MANAGER)] if self.reads_stacks else []
        given = (read_owner_labels(source) for source in self.terraform_sources)
        return [*pulumi, *(labels for labels in given if labels is not None)]

    @property
    def reads_stacks(self) -> bool:
        """Return whether the states of Pulumi's stacks are read."""
        return bool(self.stack or self.backend_urls or not self.terraform_sources)

    @property
    def vocabulary(self) -> Vocabulary:
        """Return the words of the engine whose states are read."""
        return PULUMI if self.reads_stacks else TERRAFORM_COMMAND

    @property
    def pulumi_clis(self) -> list[PulumiCli]:
        """Return one `PulumiCli` for each backend whose stacks are read."""
        if not self.reads_stacks:
            return []
        return [PulumiCli(self.directory, url) for url in self.backend_urls] or [PulumiCli(self.directory)]

    def load_references(self) -> StateReferences:
        """Return the references of every state.

        Raises:
            NeevError: a backend or a state cannot be read.
        """
        stacks = (cli.export(stack, secrets=True) for cli in self.pulumi_clis for stack in cli.list_stacks())
        return state_references(stacks, (value for state in self._read_terraform() for value in state.iter_values()))

    def resolve_settings(self) -> Settings:
        """Return the settings of the stack, else of the environment. A removed stack has no settings.

        Raises:
            WrongAccount: a state records another account than the settings select.
        """
        settings = self._resolve_stack_settings()
        for state in self._read_terraform():
            require_matching_account(state, settings.account)
        return settings

    def explain_missing_stack(self) -> str | None:
        """Return that no backend has the stack, with those that exist; ``None`` if one has it or none is named."""
        if not self.stack:
            return None
        names = sorted({name for pulumi_cli in self.pulumi_clis for name in pulumi_cli.list_stacks()})
        if self._parse_name(self.stack) in map(self._parse_name, names):
            return None
        return f"There is no stack {self.stack}, and no sandbox has its labels. Stacks: {', '.join(names) or 'none'}."

    def _read_terraform(self) -> list[TerraformState]:
        return [read_state(source, self.terraform_program) for source in self.terraform_sources]

    def _resolve_stack_settings(self) -> Settings:
        if not self.stack or not self._has_stack(pulumi_cli := self.pulumi_clis[0], self.stack):
            return accounts.resolve_stack_settings({}, os.environ)
        stack_config = pulumi_cli.read_config(self.stack)
        recorded_accounts.require_matching_account(
            list_state_resources(pulumi_cli.export(self.stack, secrets=True)), stack_config, os.environ
        )
        return accounts.resolve_stack_settings(stack_config, os.environ)

    def _stack_labels(self, stack: str) -> dict[str, str]:
        """Return the labels of what the stack created.

        Raises:
            ConfigError: the project of the stack is unknown.
        """
        name = self._parse_name(stack)
        if not name.project:
            raise ConfigError(
                f"the project of the stack {stack} is unknown: {self.directory.resolve()} is not in a project",
                hint="Name the stack in full (ORGANIZATION/PROJECT/STACK), or the project's directory with --cwd.",
            )
        return stack_labels(MANAGER, name.project, name.stack)

    def _has_stack(self, pulumi_cli: PulumiCli, stack: str) -> bool:
        return self._parse_name(stack) in map(self._parse_name, pulumi_cli.list_stacks())

    def _parse_name(self, stack: str) -> StackName:
        return StackName.parse(stack, read_project(self.directory).get("name"))
