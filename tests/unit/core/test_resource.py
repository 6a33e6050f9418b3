"""How checks, previews and states are derived from a declaration."""

import asyncio
from typing import Annotated, Any, ClassVar

from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.diff import AUTONAMED_KEY, IMPORTED_KEY, ChangeKind
from neev_provider.core.markers import AutoName, Computed, Replace, ResetsTo, Secret, Stable, Update
from neev_provider.core.model import UNKNOWN, Inputs, Integer, Model, Outputs
from neev_provider.core.names import Name
from neev_provider.core.resource import Observation, OperationContext, Resource
from neev_provider.core.wait import Deadline


class Wall(Model):
    """A wall."""

    mode: str = "closed"
    """How."""


class WidgetInputs(Inputs):
    """A widget."""

    name: Annotated[Name | None, Replace(), Computed(), AutoName()] = None
    """Its name."""
    region: Annotated[str | None, Replace(), Computed()] = None
    """Where."""
    env: Annotated[dict[str, str] | None, Replace(), Secret()] = None
    """Its environment."""
    size: Annotated[Integer, Update(), Computed()] = 1
    """Its size."""
    wall: Annotated[Wall | None, Update(), Computed(), ResetsTo(Wall().to_properties())] = None
    """Its wall."""


class WidgetOutputs(Outputs):
    """The outputs of a widget."""

    status: str
    """Its status."""
    created_at: Annotated[str, Stable()] = "now"
    """When."""


class Widget(Resource[Any, WidgetInputs, WidgetOutputs]):
    """A widget that is never created."""

    name = "Widget"
    inputs = WidgetInputs
    outputs = WidgetOutputs
    failed_status = ("status", "Failed")

    async def create(self, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Not used."""
        raise NotImplementedError

    async def reconcile(self, id: str, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Not used."""
        raise NotImplementedError

    async def read(self, id: str, inputs: WidgetInputs | None) -> Observation[WidgetOutputs] | None:
        """Not used."""
        raise NotImplementedError

    async def delete(self, id: str, context: OperationContext) -> None:
        """Not used."""
        raise NotImplementedError


class InheritingInputs(Inputs):
    """The inputs of a widget that inherits its wall."""

    name: Annotated[Name | None, Replace(), Computed(), AutoName()] = None
    """Its name."""
    wall: Annotated[Wall | None, Update(), Computed(), ResetsTo(Wall().to_properties(), only_on_removal=True)] = None
    """Its wall."""


class InheritingWidget(Widget):
    """A widget that inherits its wall."""

    inputs = InheritingInputs  # type: ignore[assignment]  # another declaration, the same operations


WIDGET, INHERITING_WIDGET = Widget(), InheritingWidget()


def new_observation(**inputs: Any) -> Observation[WidgetOutputs]:
    """Return an observation with these inputs in place of the usual ones."""
    observed = {"name": "a", "region": "south", "size": 1, "wall": {"mode": "closed"}, **inputs}
    return Observation("id-1", observed, WidgetOutputs(status="Ready"))


def generate_name() -> str:
    """Return a name with a suffix."""
    return "generated-1234567"


def test_check_adds_defaults_and_a_generated_name() -> None:
    """The inputs are complete, and record that the name was generated."""
    checked, failed = WIDGET.check({}, {"env": None}, generate_name)
    assert (checked, failed) == ({"name": "generated-1234567", AUTONAMED_KEY: True, "size": 1}, [])


def test_check_keeps_a_generated_name() -> None:
    """The name of the old inputs has precedence over a new one."""
    checked, _ = WIDGET.check({"name": "old-1"}, {}, generate_name)
    assert checked["name"] == "old-1"


def test_check_keeps_an_explicit_name() -> None:
    """It is validated like every input."""
    checked, failed = WIDGET.check({"name": "old-1"}, {"name": "Bad"}, generate_name)
    assert checked["name"] == "Bad"
    assert AUTONAMED_KEY not in checked
    assert [failure.path for failure in failed] == ["name"]
    assert WIDGET.check({}, {"name": UNKNOWN}, generate_name)[0]["name"] is UNKNOWN


def test_the_preview_of_a_create_contains_inputs_and_unknown_outputs() -> None:
    """Inputs are copied; computed inputs and outputs are unknown; the others are absent."""
    assert WIDGET.preview_create({"name": "a", "size": 2, "__resourceName": "x"}) == {
        "name": "a",
        "size": 2,
        "region": UNKNOWN,
        "wall": UNKNOWN,
        "status": UNKNOWN,
        "createdAt": UNKNOWN,
    }


def test_the_preview_of_an_update_keeps_stable_properties() -> None:
    """Stable outputs and computed inputs are known; a removed policy has its default."""
    state = {
        "name": "a",
        "region": "south",
        "size": 1,
        "wall": {"mode": "open"},
        "status": "Ready",
        "createdAt": "then",
    }
    assert WIDGET.preview_update(state, {"name": "a", "size": 2}) == {
        "name": "a",
        "region": "south",
        "size": 2,
        "wall": {"mode": "closed"},
        "status": UNKNOWN,
        "createdAt": "then",
    }


def test_the_state_contains_the_inputs_and_the_computed_values() -> None:
    """The values of the program, else those of the API; no key of an adapter."""
    state = WIDGET.build_state(
        {"name": "a", "size": 1.0, "__resourceName": "x", "env": {"A": "1"}}, new_observation(size=1)
    )
    assert state == {
        "name": "a",
        "size": 1.0,
        "env": {"A": "1"},
        "region": "south",
        "wall": {"mode": "closed"},
        "status": "Ready",
        "createdAt": "now",
    }


def test_a_refresh_changes_the_inputs_only_on_drift() -> None:
    """Unset inputs and equivalent values are not drift."""
    arguments = {"name": "a", "size": 1.0, "env": {"A": "1"}, "__resourceName": "x"}
    assert WIDGET.refreshed_inputs(arguments, new_observation()) == arguments
    assert WIDGET.refreshed_inputs(arguments, new_observation(size=2, wall={"mode": "open"})) == {
        **arguments,
        "size": 2,
    }


def test_an_import_omits_inputs_that_equal_their_defaults() -> None:
    """So that a short program has an empty plan."""
    inputs, state = WIDGET.import_state(new_observation())
    assert inputs == {"name": "a", "region": "south", "size": 1}
    assert state[IMPORTED_KEY] is True
    assert WIDGET.import_state(new_observation(wall={"mode": "open"}))[0]["wall"] == {"mode": "open"}


def test_a_permanently_failed_object_is_replaced() -> None:
    """Even if the inputs are unchanged."""
    inputs = {"name": "a", "size": 1}
    found = WIDGET.diff(inputs, {**inputs, "status": "Failed"}, inputs)
    assert [(change.path, change.requires_replacement) for change in found.changes] == [("status", True)]
    assert not WIDGET.diff(inputs, {**inputs, "status": "Ready"}, inputs).changes
    replaced = WIDGET.diff(inputs, {**inputs, "status": "Failed"}, {**inputs, "region": "north"})
    assert [change.path for change in replaced.changes] == ["region"]


async def test_find_created_returns_none_by_default() -> None:
    """A resource that can find its object overrides it."""
    assert await WIDGET.find_created(WidgetInputs(name="a")) is None


def test_connect_does_not_change_the_declaration_or_other_connections() -> None:
    one, other = WIDGET.connect("one"), WIDGET.connect("other")
    assert (one.api, other.api, hasattr(WIDGET, "api")) == ("one", "other", False)
    WIDGET.check({"name": "old-1"}, {}, generate_name)
    assert "old-1" in WIDGET.connect("third").existing_names


def test_an_inherited_policy_is_unknown_in_the_preview_of_an_update() -> None:
    """An inherited policy is kept and a removed one is reset; only the reset one is known."""
    state = {"name": "a", "wall": {"mode": "open"}}
    assert INHERITING_WIDGET.preview_update(state, {"name": "a"})["wall"] is UNKNOWN
    assert INHERITING_WIDGET.preview_update({"name": "a"}, {"name": "a"})["wall"] == {"mode": "closed"}


def test_an_inherited_policy_equal_to_the_default_is_known_in_the_preview() -> None:
    """The policy is the same, inherited or reset."""
    assert INHERITING_WIDGET.preview_update({"name": "a", "wall": {"mode": "closed"}}, {"name": "a"})["wall"] == {
        "mode": "closed"
    }


def test_observe_id_returns_an_observation_without_inputs() -> None:
    observed = WIDGET.observe_id("id-1")
    assert (observed.id, observed.inputs, observed.outputs.to_properties()) == ("id-1", {}, {"createdAt": "now"})


async def test_the_default_refresh_reads_and_the_default_update_reconciles() -> None:
    """Both pass on their arguments."""

    class RecordingWidget(Widget):
        given: ClassVar[list[Any]] = []

        async def read(self, id: str, inputs: WidgetInputs | None) -> Observation[WidgetOutputs] | None:
            self.given.append((self.api, id, inputs))
            return None

        async def reconcile(self, id: str, inputs: WidgetInputs, call: OperationContext) -> Observation[WidgetOutputs]:
            self.given.append((self.api, id, inputs, call))
            return new_observation()

    one, other = WidgetInputs(name="a"), WidgetInputs(name="b")
    call = OperationContext("a", Deadline(1, SYSTEM_CLOCK, asyncio.Event()))
    await RecordingWidget().connect("api").refresh("id-1", one, {})
    await RecordingWidget().connect("api").update("id-1", one, other, call)
    assert RecordingWidget.given == [("api", "id-1", one), ("api", "id-1", other, call)]


def test_a_failed_object_is_deleted_first_if_its_replacement_has_the_same_name() -> None:
    inputs = {"name": "a", "size": 1}
    assert WIDGET.diff(inputs, {**inputs, "status": "Failed"}, {**inputs, "size": 2}).delete_before_replace
    found = WIDGET.diff(inputs, {**inputs, "status": "Failed"}, {**inputs, "size": 2, AUTONAMED_KEY: True})
    assert not found.delete_before_replace
    assert [(change.path, change.kind, change.requires_replacement) for change in found.changes] == [
        ("size", ChangeKind.UPDATE, False),
        ("status", ChangeKind.UPDATE, True),
    ]


def test_an_equivalent_policy_is_not_drift() -> None:
    """Explicit and implicit defaults are equal."""
    arguments = {"name": "a", "size": 1, "wall": {}}
    assert WIDGET.refreshed_inputs(arguments, new_observation(wall={"mode": "closed"})) == arguments
    assert WIDGET.refreshed_inputs(arguments, new_observation(wall={"mode": "open"}))["wall"] == {"mode": "open"}
    other = {**arguments, "wall": {"mode": "open"}}
    assert WIDGET.refreshed_inputs(other, new_observation(wall={"mode": "open", "since": "of a newer API"})) == other
