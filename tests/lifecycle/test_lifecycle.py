"""Every lifecycle of the table, through every adapter and against both versions of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.lifecycle.adapter_client import (
    AdapterOpener,
    filter_user_properties,
    get_planned_change,
    has_generated_name,
    open_dynamic_adapter,
    open_plugin_adapter,
)
from tests.lifecycle.cases import CASES, ScenarioCase, ScenarioStep
from tests.lifecycle.file_and_command_cases import KEPT_AFTER_DELETE, SANDBOX_CHILD_CASES, WRITE_ONLY_PROPERTIES
from tests.lifecycle.fixtures import STABLE_TIMEOUT, Fixtures
from tests.lifecycle.terraform_client import has_asset, open_terraform_adapter

from neev_emulator import Emulator

RUNS = [
    pytest.param(open_dynamic_adapter, "0.9", id="dynamic"),
    pytest.param(open_plugin_adapter, "0.9", id="plugin"),
    pytest.param(open_plugin_adapter, "0.8", id="plugin, API 0.8"),
    pytest.param(open_terraform_adapter, "0.9", id="terraform"),
]
"""Every adapter, and one of them against both versions of the API."""


@pytest.mark.parametrize(("opened", "emulator"), RUNS, indirect=["emulator"])
@pytest.mark.parametrize("case", [*CASES, *SANDBOX_CHILD_CASES], ids=lambda case: f"{case.resource}: {case.title}")
async def test_create_update_replace_and_delete(
    case: ScenarioCase, opened: AdapterOpener, emulator: Emulator, fixtures: Fixtures
) -> None:
    if opened is open_terraform_adapter and has_asset([case.create, *(step.inputs for step in case.steps)]):
        pytest.skip("this engine has no assets")
    async with opened(case.resource, emulator) as adapter:
        life = await adapter.create(await _check_inputs(adapter, await fixtures.resolve(case.create)))
        life = await _refresh_stable(adapter, life, case.state)
        for step in case.steps:
            life = await _run_step(adapter, life, step, fixtures, emulator)
        await adapter.delete(life)
        assert case.resource in KEPT_AFTER_DELETE or await adapter.read(life) is None
        await fixtures.delete_all()
        emulator.advance(STABLE_TIMEOUT)
        assert await adapter.read(life) is None
        assert [emulator.state()[kind] for kind in ("sandboxes", "snapshots", "agents")] == [0, 0, 0]


async def _run_step(adapter: Any, stored: Any, step: ScenarioStep, fixtures: Fixtures, emulator: Emulator) -> Any:
    """Return the resource after one run of the program with the step's inputs."""
    inputs = await fixtures.resolve(step.inputs, stored.id)
    if step.idle_seconds:
        emulator.advance(step.idle_seconds)
        stored = await _refresh(adapter, stored)
    emulator.clear_log()
    news = await _check_inputs(adapter, inputs, stored.inputs)
    diff = await adapter.diff(stored, news)
    planned = get_planned_change(diff)
    assert planned in adapter.changes_without_effect if step.change == "none" else planned == step.change
    is_deleted_first = step.deletes_before_replace or adapter.always_deletes_first
    # a resource without a change that replaces it reports what a replacement requested with `--replace` has to do
    assert (
        adapter.always_deletes_first
        or diff.deleteBeforeReplace is step.deletes_before_replace
        or step.change != "replace"
    )
    if step.change == "none":
        stored = await adapter.record(stored, news)
    if step.change == "update":
        stored = await adapter.update(stored, news)
    if step.change == "replace":
        stored = await _replace(adapter, stored, inputs, delete_first=is_deleted_first)
    expected = () if step.change == "none" else step.requests
    assert expected is None or _list_sent_requests(emulator) == expected
    if step.change == "none":
        await _check_refresh_unchanged(adapter, stored, step.state)
        return stored
    return await _refresh_stable(adapter, stored, step.state)


async def _replace(adapter: Any, stored: Any, inputs: Mapping[str, Any], *, delete_first: bool) -> Any:
    """Return the resource that replaces the stored one. Its generated names are new."""
    news = await _check_inputs(adapter, inputs)
    if delete_first:
        await adapter.delete(stored)
        return await adapter.create(news)
    new = await adapter.create(news)
    await adapter.delete(stored)
    return new


async def _refresh_stable(adapter: Any, stored: Any, state: Mapping[str, Any]) -> Any:
    """Return the resource after a refresh that finds no change."""
    read = await _check_refresh_unchanged(adapter, stored, state)
    assert _filter_readable_inputs(filter_user_properties(read.inputs)) == _filter_readable_inputs(
        filter_user_properties(stored.inputs)
    )
    assert filter_user_properties(read.state) == filter_user_properties(stored.state)
    return read


async def _check_refresh_unchanged(adapter: Any, stored: Any, state: Mapping[str, Any]) -> Any:
    """Return the resource after a refresh. The same program changes nothing before and after it."""
    assert {name: filter_user_properties(stored.state).get(name) for name in state} == adapter.normalize(state)
    read = await _refresh(adapter, stored)
    inputs = {
        name: value
        for name, value in filter_user_properties(stored.inputs).items()
        if name != "name" or not has_generated_name(stored)
    }
    for item in (stored, read):
        assert get_planned_change(await adapter.diff(item, await _check_inputs(adapter, inputs, item.inputs))) == "none"
    return read


def _filter_readable_inputs(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in WRITE_ONLY_PROPERTIES}


async def _refresh(adapter: Any, stored: Any) -> Any:
    read = await adapter.read(stored)
    assert read is not None
    return read


async def _check_inputs(adapter: Any, inputs: Mapping[str, Any], old_inputs: Any = None) -> Any:
    answer = await adapter.check(inputs, old_inputs)
    assert list(answer.failures) == []
    return answer.inputs


def _list_sent_requests(emulator: Emulator) -> tuple[str, ...]:
    return tuple(f"{entry['method']} {entry['template']}" for entry in emulator.mutating_requests)
