"""The manifests for the Pulumi Kubernetes Operator: they have only fields of the operator and contain no key."""

from pathlib import Path
from typing import Any

import pytest
import yaml

EXAMPLE = Path(__file__).parents[2] / "examples" / "kubernetes-operator"
MANIFESTS = {file.name: list(yaml.safe_load_all(file.read_text())) for file in (EXAMPLE / "manifests").iterdir()}
STACKS = [item for found in MANIFESTS.values() for item in found if item["kind"] == "Stack"]
PROJECT = yaml.safe_load((EXAMPLE / "Pulumi.yaml").read_text())
SPEC = {
    *("stack", "serviceAccountName", "projectRepo", "branch", "commit", "repoDir", "shallow", "backend", "config"),
    *("configRef", "secretsRef", "secretsProvider", "envRefs", "gitAuth", "fluxSource", "programRef", "environment"),
    *("refresh", "expectNoRefreshChanges", "continueResyncOnCommitMatch", "resyncFrequencySeconds", "preview"),
    *("destroyOnFinalize", "driftDetection", "retryOnUpdateConflict", "retryMaxBackoffDurationSeconds", "targets"),
    *("targetDependents", "prerequisites", "useLocalStackOnly", "workspaceReclaimPolicy", "workspaceTemplate"),
    "updateTemplate",
}
"""The fields of `Stack.spec` that are not deprecated, from the operator's reference (docs/stacks.md, 2.x)."""


def test_there_are_several_stacks_with_different_names() -> None:
    """The stacks are in the same namespace, each with its own name."""
    assert len({stack["spec"]["stack"] for stack in STACKS}) == len(STACKS) >= 2


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack["metadata"]["name"])
def test_a_stack_has_only_fields_that_the_operator_supports(stack: dict[str, Any]) -> None:
    """The operator silently drops a field that it does not support."""
    assert stack["apiVersion"] == "pulumi.com/v1"
    assert set(stack) == {"apiVersion", "kind", "metadata", "spec"}
    spec = stack["spec"]
    assert set(spec) <= SPEC
    assert ("branch" in spec) != ("commit" in spec)
    assert spec["resyncFrequencySeconds"] >= 60
    assert set(spec["workspaceTemplate"]) == {"spec"}


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack["metadata"]["name"])
def test_environment_variables_refer_to_secrets(stack: dict[str, Any]) -> None:
    """A secret is referred to by name and key."""
    for variable in stack["spec"]["envRefs"].values():
        assert variable["type"] == "Secret"
        assert set(variable["secret"]) == {"name", "key"}


@pytest.mark.parametrize("stack", STACKS, ids=lambda stack: stack["metadata"]["name"])
def test_the_configuration_of_a_stack_is_declared_by_the_project(stack: dict[str, Any]) -> None:
    """The keys are those of the project, and the values texts, as the operator passes them on."""
    for key, value in stack["spec"]["config"].items():
        project, _, name = key.partition(":")
        assert project == PROJECT["name"]
        assert name in PROJECT["config"]
        assert isinstance(value, str)


def test_the_service_account_of_the_stacks_exists() -> None:
    """The account exists and has the role that lets the operator review tokens."""
    account, binding = MANIFESTS["account.yaml"]
    assert {stack["spec"]["serviceAccountName"] for stack in STACKS} == {account["metadata"]["name"]}
    assert {stack["metadata"]["namespace"] for stack in STACKS} == {account["metadata"]["namespace"]}
    subject = {"kind": "ServiceAccount", **account["metadata"]}
    assert binding["subjects"] == [subject]
    assert binding["roleRef"]["name"] == "system:auth-delegator"
