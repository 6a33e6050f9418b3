"""Names that are taken: what several sandboxes make up is known by their names, so nothing under one is taken over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc.aio
import pytest
from tests.lifecycle.adapter_client import Face, Opened, dynamic_face, plugin_face, shown

from neev_emulator import Emulator

FACES = pytest.mark.parametrize("opened", [dynamic_face, plugin_face], ids=["dynamic", "plugin"])
BROKEN: dict[str, Any] = {"name": "web", "steps": [{"path": "x", "content": "1"}, {"run": ["false"]}], "keep": 0}
TAKEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("GoldenImage", {"name": "web", "steps": [{"path": "x", "content": "1"}]}, BROKEN),
    ("GoldenImage", BROKEN | {"steps": BROKEN["steps"][:1]}, BROKEN | {"steps": BROKEN["steps"][:1]}),
    ("SandboxPool", {"name": "web", "replicas": 2}, {"name": "web", "replicas": 1}),
]


async def checked(face: Face, inputs: Mapping[str, Any]) -> Any:
    answer = await face.check(inputs)
    assert list(answer.failures) == []
    return answer.inputs


@FACES
@pytest.mark.parametrize(
    ("kind", "theirs", "ours"), TAKEN, ids=["an image that would fail", "the same image", "a smaller pool"]
)
async def test_a_name_that_another_stack_has_is_refused_and_what_it_has_stays(
    kind: str, theirs: dict[str, Any], ours: dict[str, Any], opened: Opened, emulator: Emulator
) -> None:
    async with opened(kind, emulator) as face:
        life = await face.create(await checked(face, theirs))
    emulator.clear_log()
    async with opened(kind, emulator) as face:
        with pytest.raises(grpc.aio.AioRpcError, match="are left alone"):
            await face.create(await checked(face, ours))
        assert emulator.log(mutating=True) == []
        read = await face.read(life)
        assert read is not None
        assert shown(read.state) == shown(life.state)
        await face.delete(life)


@FACES
async def test_an_image_whose_create_failed_is_not_in_the_way_of_the_next_attempt(
    opened: Opened, emulator: Emulator
) -> None:
    """An error hook repeats the call: the plugin goes on with what it has begun, the host has undone it."""
    async with opened("GoldenImage", emulator) as face:
        inputs = await checked(face, {"name": "web", "steps": [{"path": "x", "content": "1"}]})
        # the snapshot is there, and what fails is the pause after it
        emulator.add_fault("status", method="POST", path="/sandboxes/{id}/pause", status=403)
        with pytest.raises(grpc.aio.AioRpcError):
            await face.create(inputs)
        left = emulator.state()["snapshots"]
        emulator.clear_log()
        life = await face.create(inputs)
        builds = sum(entry["template"] == "/sandboxes" for entry in emulator.log(mutating=True))
        assert (left, builds) == ((0, 1) if opened is dynamic_face else (1, 0))
        assert emulator.state()["snapshots"] == 1
        await face.delete(life)
        assert emulator.state()["sandboxes"] == 0
