"""Checks of Terraform and OpenTofu: the engine, the provider, and the resources of a state as those of a stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from neev_provider.adapters.pulumi.checkpoint import NATIVE_PREFIX
from neev_provider.adapters.shared.distribution import VERSION
from neev_provider.adapters.shared.hints import TERRAFORM, render_text
from neev_provider.adapters.terraform.conversion import properties_to_core
from neev_provider.cli.doctor.findings import Finding, fail, from_error, ok, warn
from neev_provider.cli.doctor.stack import RemoteInventory, StateEntry
from neev_provider.cli.recover.terraform import find_unrecorded
from neev_provider.cli.sweep.references import StateReferences
from neev_provider.cli.terraform_cli import TerraformCli
from neev_provider.cli.terraform_state import TerraformResource, TerraformSource, TerraformState
from neev_provider.core.diff import IMPORTED_KEY
from neev_provider.core.errors import NeevError
from neev_provider.core.plurals import count_noun
from neev_provider.resources import RESOURCES

PROVIDER_SUFFIX = "/neevcloud/neev"
"""The end of the provider's address, without the registry."""
TAINTED_PROBLEM = "it is tainted, so the next apply replaces it; `terraform untaint ADDRESS` keeps it"
UNFINISHED_PROBLEM = "its create did not come to its end"


def check_engine(source: TerraformSource) -> Iterator[Finding]:
    """Check that the engine of a directory's configuration starts the provider, of the same version as this command."""
    if not source.path.is_dir():
        return
    cli = TerraformCli(source.path, source.program)
    try:
        version = cli.read_version()
        yield ok(f"{cli.name} {version['terraform_version']}")
        is_found = any(name.endswith(PROVIDER_SUFFIX) for name in cli.read_provider_names())
    except NeevError as error:
        yield from_error(error, str(source.path), TERRAFORM)
        return
    if not is_found:
        yield fail(
            f"the configuration in {source.path} does not require the provider neevcloud/neev",
            'Add `neev = { source = "neevcloud/neev" }` to its `required_providers` block.',
        )
        return
    selections = version.get("provider_selections") or {}
    selected = next((number for name, number in selections.items() if name.endswith(PROVIDER_SUFFIX)), None)
    if selected in (None, VERSION):
        yield ok(f"provider neevcloud/neev {selected or 'without a selected version'} starts")
    else:
        yield warn(
            f"provider neevcloud/neev {selected} is selected, and this command is of version {VERSION}",
            "Use one version of both, so that this command reads what the provider stores.",
        )


def check_unrecorded(
    state: TerraformState, references: StateReferences, inventory: RemoteInventory
) -> Iterator[Finding]:
    """Warn about sandboxes with the labels of the state's owner that the state does not name."""
    owner = state.owner_labels
    if owner is None:
        return
    labelled = (item for item in inventory.sandboxes.values() if owner.items() <= (item.labels or {}).items())
    if unrecorded := list(find_unrecorded(labelled, references)):
        yield warn(
            f"{count_noun(len(unrecorded), 'sandbox')} with the labels of this configuration, and not in its state: "
            f"{', '.join(item.name for item in unrecorded)}",
            f"If no apply is running, one was interrupted: `pulumi-neev recover --terraform {state.source}` imports "
            f"what it created, and `pulumi-neev sweep --terraform {state.source}` deletes the rest.",
        )


def to_entries(state: TerraformState) -> list[StateEntry]:
    """Return the provider's resources in the form of a stack's state, which the checks read."""
    return [_to_entry(item, state) for item in state.resources if item.resource is not None]


def render_finding(finding: Finding) -> Finding:
    """Return the finding with the names of settings and properties as Terraform has them."""
    models = [model for resource in RESOURCES for model in (resource.inputs, resource.outputs)]
    texts = (render_text(text, TERRAFORM, models) for text in (finding.what, finding.remedy))
    return Finding(finding.level, *texts)


def _to_entry(item: TerraformResource, state: TerraformState) -> dict[str, Any]:
    assert item.resource is not None  # noqa: S101  the caller selects these
    # an import reads what the API chose, too: which of it the configuration sets is not known
    names = () if IMPORTED_KEY in item.private.hidden else item.private.input_names or ()
    values = properties_to_core(item.resource.inputs, item.values)
    problems = [TAINTED_PROBLEM] if item.is_tainted else [UNFINISHED_PROBLEM] if item.private.is_unfinished else []
    return {
        "address": item.address,
        "urn": item.address,
        "type": f"{NATIVE_PREFIX}{item.resource.name}",
        "id": item.id,
        "inputs": {name: value for name, value in values.items() if name in names},
        "outputs": {**properties_to_core(item.resource.outputs, item.values), **values, **item.private.hidden},
        "delete": item.is_deposed,
        "initErrors": problems,
        "ownerLabels": state.owner_labels,
    }
