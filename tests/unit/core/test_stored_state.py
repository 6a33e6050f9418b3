"""Which part of a stored state can be read, and what happens to the rest."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from tests.unit.core.test_lifecycle import RECORD, FakeApi, new_context

from neev_provider.core import lifecycle
from neev_provider.core.diff import IMPORTED_KEY
from neev_provider.core.markers import Computed, Update
from neev_provider.core.model import Inputs, Integer, Model, Outputs
from neev_provider.core.resource import Observation, OperationContext, Resource
from neev_provider.core.stored_state import (
    ignored_properties,
    known_inputs,
    missing_inputs,
    readable_state,
    unknown_properties,
)


class Part(Model):
    """A part."""

    id: str
    """Its id."""


class WidgetInputs(Inputs):
    """A widget."""

    source: Annotated[str, Update()]
    """Its source."""
    size: Annotated[Integer | None, Update(), Computed()] = None
    """Its size."""


class WidgetOutputs(Outputs):
    """The outputs of a widget."""

    status: str = "unknown"
    """Its status."""
    parts: list[Part] = []
    """Its parts."""


class Widget(Resource[Any, WidgetInputs, WidgetOutputs]):
    """A widget that records the arguments of its operations."""

    name = "Widget"
    inputs = WidgetInputs
    outputs = WidgetOutputs

    def __init__(self, now: WidgetOutputs | None = None) -> None:
        self.received: list[Any] = []
        self._now = now or WidgetOutputs()

    async def create(self, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Not used."""
        raise NotImplementedError

    async def reconcile(self, id: str, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Record the arguments."""
        self.received.append(dict(context.state))
        return Observation(id, {}, self._now)

    async def update(
        self, id: str, old_inputs: WidgetInputs, new_inputs: WidgetInputs, context: OperationContext
    ) -> Observation[WidgetOutputs]:
        """Record the arguments."""
        self.received.append(old_inputs.to_properties())
        return await self.reconcile(id, new_inputs, context)

    async def read(self, id: str, inputs: WidgetInputs | None) -> Observation[WidgetOutputs] | None:
        """Record the inputs."""
        self.received.append(inputs)
        return Observation(id, {"size": 3}, self._now)

    async def delete(self, id: str, context: OperationContext) -> None:
        """Record the state."""
        self.received.append(dict(context.state))


STATE = {"source": "a", "size": "huge", "status": 5, "parts": [{"id": "1"}, 7], "colour": "blue", "__hidden": 1}


def test_readable_state_omits_invalid_values_and_keeps_lists() -> None:
    read = {"source": "a", "parts": [{"id": "1"}, 7], "colour": "blue", "__hidden": 1}
    assert readable_state(Widget(), STATE) == read
    assert readable_state(Widget(), {**STATE, "parts": "x"}) == {name: read[name] for name in read if name != "parts"}
    assert unknown_properties(Widget(), STATE) == {"colour": "blue"}
    assert ignored_properties(Widget(), STATE, read) == ("colour", "size", "status")
    valid = {"source": "a", "status": "well", "size": None}
    assert ignored_properties(Widget(), valid, readable_state(Widget(), valid)) == ()


def test_known_inputs_are_the_valid_inputs_of_this_version() -> None:
    assert known_inputs(Widget(), {"source": "a", "size": "huge", "colour": "blue"}) == {"source": "a"}
    assert missing_inputs(Widget(), known_inputs(Widget(), {"source": 5, "size": 2})) == ["source"]
    assert known_inputs(Widget(), {"source": 5, "size": 2}, {"source": "b", "size": 4}) == {"source": "b", "size": 2}


async def test_a_refresh_ignores_and_keeps_values_that_it_cannot_read() -> None:
    arguments = {"source": "a", "size": 1, "colour": "blue"}
    state = {**arguments, "status": 5, "future": {"deep": [1]}, "parts": "x"}
    observed = await lifecycle.read(
        Widget(WidgetOutputs(parts=[Part(id="1")])).connect(FakeApi()), "id", arguments, state
    )
    assert observed is not None
    assert observed.inputs == {"source": "a", "size": 3, "colour": "blue"}
    assert {name: observed.state[name] for name in ("status", "future", "parts", "colour")} == {
        "status": 5,
        "future": {"deep": [1]},
        "parts": [{"id": "1"}],
        "colour": "blue",
    }


async def test_a_refresh_returns_the_names_of_what_it_ignored() -> None:
    """Also one that becomes an import, because a required input cannot be read."""
    widget = Widget(WidgetOutputs(status="well")).connect(FakeApi())
    for source, ignored in (("a", ("colour", "future", "status")), (5, ("colour", "future", "source", "status"))):
        state = {"source": source, "status": 5, "colour": "blue"}
        observed = await lifecycle.read(widget, "id", {"source": source, "future": 1, "__hidden": 1}, state)
        assert observed is not None
        assert observed.ignored == ignored


async def test_an_update_uses_the_readable_part_of_the_state() -> None:
    item = Widget(WidgetOutputs(status="well"))
    old, new = {"source": 5, "size": 1, "colour": "blue"}, {"source": "b", "size": 2}
    state = {**old, "status": 5, "future": 1, IMPORTED_KEY: True}
    stored = await lifecycle.update(
        item.connect(FakeApi()), "id", old_inputs=old, state=state, new_inputs=new, context=new_context()
    )
    assert item.received == [{"source": "b", "size": 1}, {"size": 1, "colour": "blue", "future": 1, IMPORTED_KEY: True}]
    assert stored.state == {"source": "b", "size": 2, "status": "well", "parts": [], "future": 1, **RECORD}


async def test_a_delete_receives_the_readable_part_of_the_state() -> None:
    item = Widget()
    await lifecycle.delete(
        item.connect(FakeApi()), "id", OperationContext("thing", new_context().deadline, state=STATE)
    )
    assert "status" not in item.received[0]


@pytest.mark.parametrize("size", ["huge", 3])
def test_a_plan_uses_the_readable_part_of_the_state(size: Any) -> None:
    state = {"source": "a", "size": size, "status": 5}
    change = lifecycle.compute_diff(
        Widget(), old_inputs={"source": "a"}, state=state, new_inputs={"source": "a", "size": 3}
    )
    assert [item.path for item in change.changes] == (["size"] if size == "huge" else [])
    shown = lifecycle.preview_update(Widget(), state, {"source": "a"})
    assert shown.get("size") == (None if size == "huge" else 3)
