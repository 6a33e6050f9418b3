"""The rules of the policy pack, applied to properties in the form of the engine."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from neev_provider.resources import RESOURCES

FILE = Path(__file__).parents[3] / "examples" / "policy" / "rules.py"


@pytest.fixture(scope="module")
def rules() -> ModuleType:
    """Return the module of the example."""
    spec = importlib.util.spec_from_file_location("policy_rules", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("resource_type", "kind"),
    [
        ("neev:index:Sandbox", "Sandbox"),
        ("pulumi-python:dynamic/neev:SandboxFork", "SandboxFork"),
        ("aws:ec2/instance:Instance", None),
        ("other:index:Sandbox", None),
    ],
)
def test_rules_apply_only_to_resources_of_this_package(rules: ModuleType, resource_type: str, kind: str | None) -> None:
    assert rules.kind_of(resource_type) == kind


@pytest.mark.parametrize(
    ("rule", "name"),
    [("sandbox-ends", "idleTimeoutSeconds"), ("egress-is-closed", "egress"), ("image-is-pinned", "image")],
)
def test_each_rule_covers_every_resource_type_with_its_property(rules: ModuleType, rule: str, name: str) -> None:
    """The checks of `doctor` derive these types from the declarations."""
    assert {*rules.RULES[rule][0]} == {resource.name for resource in RESOURCES if name in resource.inputs.properties}


@pytest.mark.parametrize("adapter", ["neev:index:", "pulumi-python:dynamic/neev:"])
@pytest.mark.parametrize("kind", ["Sandbox", "SandboxPool", "GoldenImage"])
def test_open_egress_and_unpinned_images_are_reported_for_each_type(rules: ModuleType, adapter: str, kind: str) -> None:
    props = {"image": "r/python:3", "egress": {"mode": "allow_list", "allowInternet": True}}
    assert rules.broken("egress-is-closed", adapter + kind, props) == rules.OPEN
    assert rules.broken("image-is-pinned", adapter + kind, props) == rules.FLOATING
    assert (rules.broken("sandbox-ends", adapter + kind, props) is None) is (kind == "GoldenImage")
    assert rules.broken("image-is-pinned", "other:index:" + kind, props) is None


@pytest.mark.parametrize(
    ("kind", "props", "fine"),
    [
        ("Sandbox", {}, False),
        ("Sandbox", {"idleTimeoutSeconds": 0, "maxLifetimeSeconds": 0}, False),
        ("Sandbox", {"idleTimeoutSeconds": 60}, True),
        ("Sandbox", {"idleTimeoutSeconds": 0, "maxLifetimeSeconds": 60}, True),
        ("Agent", {}, False),
        ("SandboxFork", {}, True),
        ("SandboxFork", {"idleTimeoutSeconds": 0}, False),
    ],
)
def test_resources_without_an_expiration_are_reported(
    rules: ModuleType, kind: str, props: dict[str, Any], *, fine: bool
) -> None:
    assert (rules.endless(kind, props) is None) is fine


@pytest.mark.parametrize(
    ("egress", "fine"),
    [
        (None, True),
        ({"mode": "deny_all"}, True),
        ({"mode": "allow_list", "allow": [{"host": "pypi.org"}]}, True),
        ({"mode": "allow_list", "allowInternet": True}, False),
        ({"mode": "allow_list", "allow": [{"host": "pypi.org"}, {"host": "0.0.0.0/0"}]}, False),
        ({"mode": "allow_list", "allow": [{"host": "::/0"}]}, False),
    ],
)
def test_unrestricted_egress_is_reported(rules: ModuleType, egress: dict[str, Any] | None, *, fine: bool) -> None:
    assert (rules.open_to_the_internet("Sandbox", {"egress": egress}) is None) is fine


@pytest.mark.parametrize(("image", "fine"), [(None, True), ("r/python:3", False), ("r/python@sha256:0", True)])
def test_images_without_a_digest_are_reported(rules: ModuleType, image: str | None, *, fine: bool) -> None:
    assert (rules.floating_image("Sandbox", {"image": image}) is None) is fine


def test_the_cores_of_paused_sandboxes_are_counted(rules: ModuleType) -> None:
    stack = [
        ("Sandbox", {"cpu": 2}),
        ("Sandbox", {"cpu": 1, "paused": True}),
        ("Agent", {}),
        ("SandboxPool", {"cpu": 0.5, "replicas": 4}),
        ("GoldenImage", {"cpu": 8}),
    ]
    assert rules.cores(stack) == 6
    assert rules.too_many(stack, 6) is None
    assert rules.too_many(stack, 5) == "has 6 cores, and 5 are allowed"
