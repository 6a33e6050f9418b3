"""Checks and previews of both adapters, without requests and with unknown values."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic.alias_generators import to_snake
from tests.lifecycle.adapter_client import (
    NAME,
    AdapterOpener,
    StoredResource,
    filter_user_properties,
    get_planned_change,
    open_dynamic_adapter,
    open_plugin_adapter,
)

from neev_emulator import Emulator
from neev_provider.core.model import UNKNOWN

SECRET = "hunter2-in-the-environment"
pytestmark = pytest.mark.parametrize("opened", [open_dynamic_adapter, open_plugin_adapter], ids=["dynamic", "plugin"])


@pytest.mark.parametrize(
    ("kind", "inputs", "failed"),
    [
        ("Sandbox", {"name": "The Box"}, {"name"}),
        ("Sandbox", {"cpu": 0.7, "memoryGb": 17}, {"cpu", "memoryGb"}),
        ("Sandbox", {"diskGb": 10, "rootfsDiskGb": 10}, {"rootfsDiskGb"}),
        ("Sandbox", {"image": "python"}, {"image"}),
        ("Sandbox", {"image": "docker.io/library/python:3", "snapshotId": UNKNOWN}, set()),
        ("Sandbox", {"templateId": "sb-node-24", "snapshotId": "base"}, {"templateId"}),
        (
            "Sandbox",
            {"egress": {"mode": "allow_list", "allow": [{"host": "pypi.org"}, {"host": "10.0.0.0/33", "ports": [0]}]}},
            {"egress.allow[1].host", "egress.allow[1].ports[0]"},
        ),
        ("Sandbox", {"env": {"TOKEN": [SECRET]}}, {""}),
        ("SandboxFork", {}, {"sourceSandboxId"}),
        ("SandboxFork", {"sourceSandboxId": UNKNOWN, "onIdle": "sleep"}, {"onIdle"}),
        ("Snapshot", {"sandboxId": UNKNOWN, "retainFor": "a month"}, {"retainFor"}),
        ("Snapshot", {"sandboxId": "box", "retainsFor": "1h"}, {""}),
        ("Agent", {"name": "coder"}, {"agentTemplate"}),
        ("Agent", {"agentTemplate": UNKNOWN, "config": {"a": UNKNOWN}, "env": {"TOKEN": [SECRET]}}, {""}),
        ("PreviewPort", {"sandboxId": UNKNOWN, "port": 65536}, {"port"}),
        ("PreviewPort", {"sandboxId": "box", "port": 80, "slug": SECRET}, {""}),
    ],
)
async def test_an_invalid_input_fails_the_check_at_its_path(
    opened: AdapterOpener, emulator: Emulator, kind: str, inputs: dict[str, Any], failed: set[str]
) -> None:
    async with opened(kind, emulator) as adapter:
        answer = await adapter.check(inputs)
    # the engine looks up the value under the name in the state, so it finds no path with the program's spelling
    paths = failed if opened is open_plugin_adapter else {path if path == to_snake(path) else "" for path in failed}
    assert {failure.property for failure in answer.failures} == paths
    reasons = " ".join(failure.reason for failure in answer.failures)
    assert all(path in paths or f"{to_snake(path)}: " in reasons for path in failed)
    assert SECRET not in str(answer.failures)
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("kind", "fixtures", "stored"),
    [
        (
            "Sandbox",
            {
                "renewTrigger": 17123456789,
                "env": {"PORT": 8080, "DEBUG": True},
                "cpu": "0.5",
                "memoryGb": "2",
                "paused": "false",
            },
            {
                "renewTrigger": "17123456789",
                "env": {"PORT": "8080", "DEBUG": "true"},
                "cpu": 0.5,
                "memoryGb": 2,
                "paused": False,
            },
        ),
        ("Command", {"sandboxId": UNKNOWN, "create": ["sleep", 5]}, {"create": ["sleep", "5"]}),
        (
            "Sandbox",
            {"egress": {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": ["443", UNKNOWN]}]}},
            {"egress": {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443, UNKNOWN]}]}},
        ),
    ],
)
async def test_a_scalar_is_converted_to_the_declared_type_without_a_diff(
    opened: AdapterOpener, emulator: Emulator, kind: str, fixtures: dict[str, Any], stored: dict[str, Any]
) -> None:
    async with opened(kind, emulator) as adapter:
        (checked, again) = (await adapter.check(fixtures), await adapter.check({**fixtures, **stored}))
        assert list(checked.failures) == list(again.failures) == []
        assert {name: filter_user_properties(checked.inputs)[name] for name in stored} == stored
        life = StoredResource(NAME, checked.inputs, checked.inputs)
        same = await adapter.check({**fixtures, **stored}, checked.inputs)
        assert get_planned_change(await adapter.diff(life, same.inputs)) == (
            "none" if UNKNOWN not in fixtures.values() else "replace"
        )
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("create", "unknown", "plan"),
    [
        ({"env": {"A": "1"}}, {"env": {"A": UNKNOWN}}, "replace"),
        ({}, {"snapshotId": UNKNOWN}, "replace"),
        ({}, {"rollbackToSnapshotId": UNKNOWN}, "update"),
        ({"cpu": 1}, {"cpu": UNKNOWN}, "update"),
        ({}, {"egress": {"mode": "allow_list", "allow": [{"host": UNKNOWN}]}}, "update"),
    ],
)
async def test_an_unknown_value_passes_the_check_and_appears_in_the_plan(
    opened: AdapterOpener, emulator: Emulator, create: dict[str, Any], unknown: dict[str, Any], plan: str
) -> None:
    async with opened("Sandbox", emulator) as adapter:
        life = await adapter.create((await adapter.check(create)).inputs)
        emulator.clear_log()
        checked = await adapter.check(unknown, life.inputs)
        assert list(checked.failures) == []
        assert {name: filter_user_properties(checked.inputs)[name] for name in unknown} == unknown
        assert get_planned_change(await adapter.diff(life, checked.inputs)) == plan
        assert emulator.requests == []
