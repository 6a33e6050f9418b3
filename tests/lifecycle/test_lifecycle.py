"""Every life of the table, through both faces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from tests.lifecycle.adapter_client import Face, Life, Opened, dynamic_face, planned, plugin_face, shown
from tests.lifecycle.cases import CASES, Case, Step
from tests.lifecycle.file_and_command_cases import INSIDE, OUTLIVES_ITSELF, UNREAD
from tests.lifecycle.fixtures import SETTLE, Given

from neev_emulator import Emulator


@pytest.mark.parametrize("opened", [dynamic_face, plugin_face], ids=["dynamic", "plugin"])
@pytest.mark.parametrize("case", [*CASES, *INSIDE], ids=lambda case: f"{case.resource}: {case.title}")
async def test_a_life(case: Case, opened: Opened, emulator: Emulator, given: Given) -> None:
    async with opened(case.resource, emulator) as face:
        life = await face.create(await _checked(face, await given.resolve(case.create)))
        life = await _settled(face, life, case.state)
        for step in case.steps:
            life = await _lived(face, life, step, given, emulator)
        await face.delete(life)
        assert await face.read(life) is None or case.resource in OUTLIVES_ITSELF
        await given.gone()
        emulator.advance(SETTLE)
        assert await face.read(life) is None
        assert [emulator.state()[kind] for kind in ("sandboxes", "snapshots", "agents")] == [0, 0, 0]


async def _lived(face: Face, life: Life, step: Step, given: Given, emulator: Emulator) -> Life:
    """The life after one run of the program with the step's inputs."""
    inputs = await given.resolve(step.inputs, life.id)
    if step.idle:
        emulator.advance(step.idle)
        life = await _refreshed(face, life)
    emulator.clear_log()
    news = await _checked(face, inputs, life.inputs)
    diff = await face.diff(life, news)
    assert planned(diff) == step.kind
    # of what is not replaced by itself, it says what a replacement that somebody else asks for would have to do
    assert diff.deleteBeforeReplace is step.delete_first or step.kind != "replace"
    if step.kind == "none":
        life = Life(life.id, news, life.state)
    if step.kind == "update":
        life = await face.update(life, news)
    if step.kind == "replace":
        life = await _replaced(face, life, inputs, delete_first=step.delete_first)
    expected = () if step.kind == "none" else step.sends
    assert expected is None or _sent(emulator) == expected
    if step.kind == "none":
        await _same(face, life, step.state)
        return life
    return await _settled(face, life, step.state)


async def _replaced(face: Face, life: Life, inputs: Mapping[str, Any], *, delete_first: bool) -> Life:
    """A new life in the place of the old one; names are made anew."""
    news = await _checked(face, inputs)
    if delete_first:
        await face.delete(life)
        return await face.create(news)
    new = await face.create(news)
    await face.delete(life)
    return new


async def _settled(face: Face, life: Life, state: Mapping[str, Any]) -> Life:
    """The life, in which a refresh finds nothing that has changed."""
    read = await _same(face, life, state)
    assert _read(shown(read.inputs)) == _read(shown(life.inputs))
    assert shown(read.state) == shown(life.state)
    return read


async def _same(face: Face, life: Life, state: Mapping[str, Any]) -> Life:
    """The life after a refresh; neither before nor after it does the same program change anything."""
    assert {name: shown(life.state).get(name) for name in state} == state
    read = await _refreshed(face, life)
    inputs = {name: value for name, value in shown(life.inputs).items() if name != "name" or not _is_made(life)}
    for each in (life, read):
        assert planned(await face.diff(each, await _checked(face, inputs, each.inputs))) == "none"
    return read


def _read(inputs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if name not in UNREAD}


async def _refreshed(face: Face, life: Life) -> Life:
    read = await face.read(life)
    assert read is not None
    return read


async def _checked(face: Face, inputs: Mapping[str, Any], old: Struct | None = None) -> Struct:
    answer = await face.check(inputs, old)
    assert list(answer.failures) == []
    return answer.inputs


def _is_made(life: Life) -> bool:
    return "__autonamed" in life.inputs.fields


def _sent(emulator: Emulator) -> tuple[str, ...]:
    return tuple(f"{entry['method']} {entry['template']}" for entry in emulator.log(mutating=True))
