"""Invalid states: a delete needs the id and little else, a refresh the id and the inputs."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.lifecycle import create_and_finish

from neev_emulator import serve
from neev_provider.client import Api, Settings, connect
from neev_provider.core import lifecycle
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline
from neev_provider.resources import RESOURCES

SANDBOX_CHILD_TYPES = {"Snapshot", "PreviewPort", "File", "Directory", "Command", "Process", "EgressRule"}
INPUTS: dict[str, dict[str, Any]] = {
    "Sandbox": {},
    "SandboxFork": {"sourceSandboxId": "$box"},
    "SandboxPool": {"replicas": 1},
    "Snapshot": {},
    "PreviewPort": {"port": 8080},
    "EgressRule": {"host": "pypi.org"},
    "Agent": {"agentTemplate": "claude-code"},
    "Command": {"create": ["true"], "delete": ["true"]},
    "Process": {"command": ["sleep", "600"]},
    "File": {"path": "note", "content": "x"},
    "Directory": {"path": "app"},
    "GoldenImage": {"steps": [{"run": ["true"]}]},
}

words = st.sampled_from(["", "x", "Ready", "hibernating", "{", "a/b"])
scalars = st.booleans() | st.integers(-3, 70000) | st.floats(allow_nan=False) | words
arbitrary_values = st.recursive(
    scalars, lambda scalar: st.lists(scalar, max_size=3) | st.dictionaries(words, scalar, max_size=3)
)


class ExistingResources:
    """An emulator with one resource of each type."""

    def __init__(self, runner: asyncio.Runner, api: Api, folder: str) -> None:
        self.runner = runner.run
        self.api = api
        self.stored: dict[str, StoredResource] = {}
        box = self.runner(self._create(_find_resource("Sandbox"), {"name": "base"})).id
        for resource in RESOURCES:
            given = {name: box if value == "$box" else value for name, value in INPUTS[resource.name].items()}
            if resource.name in SANDBOX_CHILD_TYPES:
                given["sandboxId"] = box
            if resource.name == "Directory":
                given = {**given, "sourcePath": folder}
            self.stored[resource.name] = self.runner(self._create(resource, given))

    async def _create(self, resource: AnyResource, inputs: dict[str, Any]) -> StoredResource:
        checked, failed = resource.check({}, inputs, lambda: f"made-{resource.name.lower()}")
        assert failed == []
        return await create_and_finish(resource.connect(self.api), checked, new_context())


def new_context(**stored: Any) -> OperationContext:
    """Return the context of one operation."""
    return OperationContext("Test", Deadline(20, SYSTEM_CLOCK, asyncio.Event()), state=stored)


def _find_resource(kind: str) -> AnyResource:
    return next(resource for resource in RESOURCES if resource.name == kind)


@pytest.fixture(scope="module")
def existing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExistingResources]:
    """Create one resource of each type in an emulator of their own, and yield them."""
    folder = tmp_path_factory.mktemp("tree")
    (folder / "a.txt").write_text("a")
    with serve(create_seconds=0.01) as emulator, asyncio.Runner() as runner:
        values = (emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id, emulator.region)
        api = runner.run(_open_client(Settings(*values[:4], region=values[4])))
        yield ExistingResources(runner, api, str(folder))
        runner.run(api.aclose())


async def _open_client(settings: Settings) -> Api:
    return connect(settings)


def _build_unknown_id(id: str) -> str:
    """Return an id of the same form that does not exist."""
    return "/".join([str(uuid.uuid4()), *id.split("/")[1:]])


@pytest.mark.parametrize("resource", tuple(RESOURCES), ids=lambda item: str(item.name))
def test_a_refresh_succeeds_with_arbitrary_outputs_in_the_state(
    resource: AnyResource, existing: ExistingResources
) -> None:
    created = existing.stored[resource.name]
    outputs = sorted(resource.outputs.properties)

    @settings(max_examples=12, deadline=None)
    @given(
        st.dictionaries(st.sampled_from([*outputs, "future"]), arbitrary_values, min_size=1, max_size=len(outputs) + 1)
    )
    def check(odd: dict[str, Any]) -> None:
        state = {**created.state, **odd}
        observed = existing.runner(
            lifecycle.read(resource.connect(existing.api), created.id, {**created.inputs, "new": 1}, state)
        )
        if observed is not None:  # a pool or an image without a valid id in its state is missing
            assert observed.id == created.id
            assert observed.inputs["new"] == 1
            lifecycle.compute_diff(resource, old_inputs=created.inputs, state=state, new_inputs=created.inputs)
            lifecycle.preview_update(resource, state, created.inputs)

    check()
    observed = existing.runner(
        lifecycle.read(resource.connect(existing.api), created.id, created.inputs, created.state)
    )
    assert observed is not None
    assert observed.id == created.id


@pytest.mark.parametrize("resource", tuple(RESOURCES), ids=lambda item: str(item.name))
def test_a_delete_succeeds_with_arbitrary_values_in_the_state(
    resource: AnyResource, existing: ExistingResources
) -> None:
    created = existing.stored[resource.name]
    names = sorted([*resource.outputs.properties, *resource.inputs.properties, "future"])

    @settings(max_examples=15, deadline=None)
    @given(st.dictionaries(st.sampled_from(names), arbitrary_values, min_size=1, max_size=len(names)))
    def check(odd: dict[str, Any]) -> None:
        gone = {
            **created.state,
            "sandboxId": str(uuid.uuid4()),
            "members": [],
            "images": [],
            "templateHash": "0",
            **odd,
        }
        existing.runner(
            lifecycle.delete(resource.connect(existing.api), _build_unknown_id(created.id), new_context(**gone))
        )

    check()
