"""States of Terraform and OpenTofu: of a directory, through the engine, or of a file."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neev_provider.adapters.terraform.attributes import resource_attributes
from neev_provider.adapters.terraform.names import PREFIX, function_of, resource_of
from neev_provider.adapters.terraform.ownership import MANAGER
from neev_provider.adapters.terraform.private_state import PrivateState
from neev_provider.cli.terraform_cli import TerraformCli
from neev_provider.core import redaction
from neev_provider.core.account import Account, WrongAccount, recorded_settings
from neev_provider.core.errors import InputError, NeevError
from neev_provider.core.labels import MANAGER_KEY, PROJECT_KEY, STACK_KEY
from neev_provider.core.lifecycle import AnyResource

DATA_MODE = "data"
TAINTED = "tainted"
STATE_VERSION = 4
Values = Mapping[str, Any]


class UnreadableState(NeevError):
    """A file is not a state, or not one that this command can read."""

    default_hint = (
        "Name a state file of version 4 (`terraform state pull > FILE`), the output of `terraform show -json`, or the "
        "directory of the configuration."
    )


@dataclass(frozen=True, slots=True)
class TerraformResource:
    """One object of a state."""

    address: str
    type: str
    values: Values = field(repr=False)
    mode: str = "managed"
    private: PrivateState = field(default_factory=PrivateState)
    is_tainted: bool = False
    is_deposed: bool = False
    """Whether it was replaced, and is deleted next."""

    @property
    def id(self) -> str:
        """Return the id."""
        return str(self.values.get("id"))

    @property
    def resource(self) -> AnyResource | None:
        """Return the declaration; ``None`` for another provider's, a data source, or one that only others know."""
        if self.mode == DATA_MODE or not self.type.startswith(PREFIX):
            return None
        try:
            return resource_of(self.type)
        except InputError:
            return None


@dataclass(frozen=True, slots=True)
class TerraformSource:
    """The directory of a configuration, or a state file, and the program that reads it."""

    path: Path
    program: str | None = None


@dataclass(frozen=True, slots=True)
class TerraformState:
    """The objects of one state, and the labels of its owner."""

    source: Path
    """The directory or file that was given."""
    resources: tuple[TerraformResource, ...]
    outputs: Values = field(repr=False)
    owner_labels: Values | None
    """Labels of what the configuration creates in its workspace; ``None`` if the state of a file does not show them."""

    def iter_values(self) -> Iterator[Any]:
        """Yield the values of all resources and outputs."""
        yield from (item.get("value") for item in self.outputs.values())
        yield from map(_values_that_refer, self.resources)


def read_state(source: Path, program: str | None = None) -> TerraformState:
    """Return the state of the directory's configuration in its workspace, or of the file.

    Secrets of the state are redacted in all output.

    Raises:
        TerraformCommandFailed: the engine cannot read the state of the directory.
        UnreadableState: the file is not a state.
    """
    if source.is_dir():
        cli = TerraformCli(source, program)
        state = parse_state(source, cli.pull_state(), cli.owner_labels)
    else:
        document = _read_document(source)
        resources = tuple(_iter_resources(source, document))
        state = parse_state(source, document, find_owner_labels(resources))
    redaction.add_secrets(list(_find_secrets(state.resources)))
    return state


def read_owner_labels(source: Path) -> Values | None:
    """Return the labels of what the configuration of the directory creates in its workspace, or of the file's owner.

    Raises:
        UnreadableState: the file is not a state.
    """
    return TerraformCli(source).owner_labels if source.is_dir() else read_state(source).owner_labels


def require_matching_account(state: TerraformState, account: Account) -> None:
    """Require that the state records at least one resource in the account, if it records accounts.

    Raises:
        WrongAccount: every resource is recorded in another account.
    """
    wrong: WrongAccount | None = None
    for item in state.resources:
        if item.private.hidden:
            differences = account.find_differences(recorded_settings(item.private.hidden))
            if not differences:
                return
            wrong = wrong or WrongAccount(differences)
    if wrong is not None:
        raise wrong


def parse_state(source: Path, document: Values, owner_labels: Values | None) -> TerraformState:
    """Return the state of the document."""
    outputs = document.get("outputs") or (document.get("values") or {}).get("outputs") or {}
    return TerraformState(source, tuple(_iter_resources(source, document)), outputs, owner_labels)


def find_owner_labels(resources: Iterable[TerraformResource]) -> dict[str, str] | None:
    """Return the labels of the owner, if all resources that have them name the same. A fork has those of its source."""
    keys = (MANAGER_KEY, PROJECT_KEY, STACK_KEY)
    owners = {
        tuple(labels.get(key) for key in keys)
        for item in resources
        if item.resource is not None
        and "labels" in item.resource.inputs.properties
        and (labels := item.values.get("effective_labels") or {}).get(MANAGER_KEY) == MANAGER
    }
    owner = owners.pop() if len(owners) == 1 else (None,)
    return None if None in owner else {key: str(value) for key, value in zip(keys, owner, strict=True)}


def _read_document(file: Path) -> Values:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UnreadableState(f"{file} is not a state: {error}") from None
    if not isinstance(document, Mapping):
        raise UnreadableState(f"{file} is not a state")
    return document


def _iter_resources(source: Path, document: Values) -> Iterator[TerraformResource]:
    """Yield the objects of a state: as it is stored, as `show -json` prints it, or of a directory without one."""
    if not document or document.get("version") == STATE_VERSION:
        yield from _stored_resources(document)
    elif "format_version" in document and "resource_changes" not in document:
        yield from _shown_resources((document.get("values") or {}).get("root_module") or {})
    else:
        raise UnreadableState(f"{source} is encrypted, a plan, or a state of another version")


def _stored_resources(document: Values) -> Iterator[TerraformResource]:
    for item in document.get("resources") or ():
        parts = [item.get("module"), DATA_MODE if item["mode"] == DATA_MODE else None, item["type"], item["name"]]
        base = ".".join(filter(None, parts))
        for instance in item.get("instances") or ():
            key = instance.get("index_key")
            private = instance.get("private") if item["type"].startswith(PREFIX) else None
            yield TerraformResource(
                base if key is None else f"{base}[{json.dumps(key)}]",
                item["type"],
                instance.get("attributes") or {},
                item["mode"],
                PrivateState.load(base64.b64decode(private or "")),
                is_tainted=instance.get("status") == TAINTED,
                is_deposed="deposed" in instance,
            )


def _shown_resources(module: Values) -> Iterator[TerraformResource]:
    for item in module.get("resources") or ():
        yield TerraformResource(
            item["address"],
            item["type"],
            item.get("values") or {},
            item["mode"],
            is_tainted=bool(item.get("tainted")),
            is_deposed="deposed_key" in item,
        )
    for child in module.get("child_modules") or ():
        yield from _shown_resources(child)


def _values_that_refer(item: TerraformResource) -> Values:
    """Return the values; of a data source of the provider, only the arguments: a list returns what others manage."""
    if item.mode != DATA_MODE or not item.type.startswith(PREFIX):
        return item.values
    arguments = {prop.field for prop in function_of(item.type).arguments.properties.values()}
    return {name: value for name, value in item.values.items() if name in arguments}


def _find_secrets(resources: Iterable[TerraformResource]) -> Iterator[Any]:
    for item in resources:
        declared = resource_attributes(item.resource) if item.resource is not None else {}
        yield from (item.values.get(name) for name, attribute in declared.items() if attribute.sensitive)
