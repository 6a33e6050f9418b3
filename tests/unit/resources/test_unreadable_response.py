"""A create whose response cannot be converted keeps the id: the object exists."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline
from neev_provider.resources.agent import AgentResource
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkResource
from neev_provider.resources.snapshot import SnapshotResource


async def _create_incomplete(*_arguments: Any, **_options: Any) -> SimpleNamespace:
    """Return an object that has an id and nothing else."""
    return SimpleNamespace(id="id-1")


@pytest.mark.parametrize(
    ("resource", "inputs"),
    [
        (SandboxForkResource(), {"sourceSandboxId": "source", "name": "copy"}),
        (SnapshotResource(), {"sandboxId": "source", "name": "base"}),
        (AgentResource(), {"agentTemplate": "code-server", "name": "coder"}),
    ],
    ids=lambda value: value.name if hasattr(value, "name") else "",
)
async def test_a_create_keeps_the_id_if_the_response_cannot_be_parsed(
    resource: AnyResource, inputs: dict[str, Any]
) -> None:
    collection = SimpleNamespace(create=_create_incomplete, fork=_create_incomplete)
    api = SimpleNamespace(
        sandboxes=collection,
        snapshots=collection,
        agents=collection,
        settings=SimpleNamespace(region="south", base_url="https://api.test"),
    )
    context = OperationContext("Test", Deadline(1, SYSTEM_CLOCK, asyncio.Event()))
    observation = await resource.connect(api).create(resource.inputs.model_validate(inputs), context)
    assert (observation.id, observation.inputs) == ("id-1", {})
