"""The commands of an engine that a remedy names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineCommands:
    """What to run, and what the engine calls the owner of a state."""

    apply: str
    refresh: str
    replace: str
    forget: str
    owner: str


PULUMI_COMMANDS = EngineCommands(
    "`pulumi up`", "`pulumi refresh`", "`pulumi up --replace URN`", "`pulumi state delete`", "stack"
)
TERRAFORM_COMMANDS = EngineCommands(
    "`terraform apply`",
    "`terraform apply -refresh-only`",
    "`terraform apply -replace=ADDRESS`",
    "`terraform state rm`",
    "configuration",
)
