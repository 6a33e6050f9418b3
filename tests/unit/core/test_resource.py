"""What follows from a declaration for checks, previews and state."""

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
    """A thing."""

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
    """What is said of it."""

    status: str
    """How it is."""
    created_at: Annotated[str, Stable()] = "now"
    """When."""


class Widget(Resource[Any, WidgetInputs, WidgetOutputs]):
    """A thing that is never made here."""

    name = "Widget"
    inputs = WidgetInputs
    outputs = WidgetOutputs
    failed_status = ("status", "Failed")

    async def create(self, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Nothing."""
        raise NotImplementedError

    async def reconcile(self, id: str, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Nothing."""
        raise NotImplementedError

    async def read(self, id: str, inputs: WidgetInputs | None) -> Observation[WidgetOutputs] | None:
        """Nothing."""
        raise NotImplementedError

    async def delete(self, id: str, context: OperationContext) -> None:
        """Nothing."""
        raise NotImplementedError


class HeirInputs(Inputs):
    """A thing that comes with a wall."""

    name: Annotated[Name | None, Replace(), Computed(), AutoName()] = None
    """Its name."""
    wall: Annotated[Wall | None, Update(), Computed(), ResetsTo(Wall().to_properties(), only_on_removal=True)] = None
    """Its wall."""


class Heir(Widget):
    """It inherits."""

    inputs = HeirInputs  # type: ignore[assignment]  # another declaration, the same verbs


WIDGET, HEIR = Widget(), Heir()


def observation(**inputs: Any) -> Observation[WidgetOutputs]:
    """A thing as the platform answers it."""
    answered = {"name": "a", "region": "south", "size": 1, "wall": {"mode": "closed"}, **inputs}
    return Observation("id-1", answered, WidgetOutputs(status="Ready"))


def generated_name() -> str:
    """A made name."""
    return "made-1234567"


def test_check_adds_defaults_and_a_name() -> None:
    """What is stored is complete; that the name was made is remembered."""
    checked, failed = WIDGET.check({}, {"env": None}, generated_name)
    assert (checked, failed) == ({"name": "made-1234567", AUTONAMED_KEY: True, "size": 1}, [])


def test_a_generated_name_is_kept() -> None:
    """The name of the old inputs wins over a new one."""
    checked, _ = WIDGET.check({"name": "old-1"}, {}, generated_name)
    assert checked["name"] == "old-1"


def test_an_explicit_name_is_kept() -> None:
    """And checked like everything else."""
    checked, failed = WIDGET.check({"name": "old-1"}, {"name": "Bad"}, generated_name)
    assert checked["name"] == "Bad"
    assert AUTONAMED_KEY not in checked
    assert [failure.path for failure in failed] == ["name"]
    assert WIDGET.check({}, {"name": UNKNOWN}, generated_name)[0]["name"] is UNKNOWN


def test_the_preview_of_a_create_knows_what_is_known() -> None:
    """Inputs are echoed; what the platform chooses or computes is unknown; the rest is absent."""
    assert WIDGET.preview_create({"name": "a", "size": 2, "__resourceName": "x"}) == {
        "name": "a",
        "size": 2,
        "region": UNKNOWN,
        "wall": UNKNOWN,
        "status": UNKNOWN,
        "createdAt": UNKNOWN,
    }


def test_the_preview_of_an_update_keeps_what_an_update_cannot_change() -> None:
    """Stable outputs and chosen inputs stay known; a policy taken out is known to be the default."""
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


def test_the_state_holds_what_was_requested_and_what_was_chosen() -> None:
    """The program's own values as it wrote them; the platform's where it wrote none; no face's own keys."""
    state = WIDGET.build_state(
        {"name": "a", "size": 1.0, "__resourceName": "x", "env": {"A": "1"}}, observation(size=1)
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


def test_only_real_drift_changes_the_inputs() -> None:
    """What the user did not say, or what means the same, is no drift."""
    arguments = {"name": "a", "size": 1.0, "env": {"A": "1"}, "__resourceName": "x"}
    assert WIDGET.refreshed_inputs(arguments, observation()) == arguments
    assert WIDGET.refreshed_inputs(arguments, observation(size=2, wall={"mode": "open"})) == {**arguments, "size": 2}


def test_an_import_says_as_little_as_it_can() -> None:
    """Only what differs from the defaults, so that a short program is clean."""
    inputs, state = WIDGET.import_state(observation())
    assert inputs == {"name": "a", "region": "south", "size": 1}
    assert state[IMPORTED_KEY] is True
    assert WIDGET.import_state(observation(wall={"mode": "open"}))[0]["wall"] == {"mode": "open"}


def test_an_object_that_failed_for_good_is_replaced() -> None:
    """A plan without a change of its own replaces what can never be used."""
    inputs = {"name": "a", "size": 1}
    found = WIDGET.diff(inputs, {**inputs, "status": "Failed"}, inputs)
    assert [(change.path, change.requires_replacement) for change in found.changes] == [("status", True)]
    assert not WIDGET.diff(inputs, {**inputs, "status": "Ready"}, inputs).changes
    replaced = WIDGET.diff(inputs, {**inputs, "status": "Failed"}, {**inputs, "region": "north"})
    assert [change.path for change in replaced.changes] == ["region"]


async def test_the_object_of_an_interrupted_create_is_found_by_those_who_can() -> None:
    """The others find nothing."""
    assert await WIDGET.find_created(WidgetInputs(name="a")) is None


def test_connecting_leaves_the_declaration_and_other_connections_alone() -> None:
    one, other = WIDGET.connect("one"), WIDGET.connect("other")
    assert (one.api, other.api, hasattr(WIDGET, "api")) == ("one", "other", False)
    WIDGET.check({"name": "old-1"}, {}, generated_name)
    assert "old-1" in WIDGET.connect("third").existing_names


def test_a_policy_that_was_inherited_stays_unknown_in_the_preview() -> None:
    """It is kept where it was inherited, and reset where the program took it out; a reset one is known."""
    state = {"name": "a", "wall": {"mode": "open"}}
    assert HEIR.preview_update(state, {"name": "a"})["wall"] is UNKNOWN
    assert HEIR.preview_update({"name": "a"}, {"name": "a"})["wall"] == {"mode": "closed"}


def test_an_inherited_policy_that_is_the_default_anyway_is_known() -> None:
    """Nothing changes, whoever said so."""
    assert HEIR.preview_update({"name": "a", "wall": {"mode": "closed"}}, {"name": "a"})["wall"] == {"mode": "closed"}


def test_an_object_of_which_nothing_can_be_read_is_observed_by_its_id() -> None:
    observed = WIDGET.observe_id("id-1")
    assert (observed.id, observed.inputs, observed.outputs.to_properties()) == ("id-1", {}, {"createdAt": "now"})


async def test_a_resource_has_defaults_for_what_it_does_not_declare() -> None:
    """A refresh reads, and an update settles, with what they are given."""

    class Noting(Widget):
        given: ClassVar[list[Any]] = []

        async def read(self, id: str, inputs: WidgetInputs | None) -> Observation[WidgetOutputs] | None:
            self.given.append((self.api, id, inputs))
            return None

        async def reconcile(self, id: str, inputs: WidgetInputs, call: OperationContext) -> Observation[WidgetOutputs]:
            self.given.append((self.api, id, inputs, call))
            return observation()

    one, other = WidgetInputs(name="a"), WidgetInputs(name="b")
    call = OperationContext("a", Deadline(1, SYSTEM_CLOCK, asyncio.Event()))
    await Noting().connect("api").refresh("id-1", one, {})
    await Noting().connect("api").update("id-1", one, other, call)
    assert Noting.given == [("api", "id-1", one), ("api", "id-1", other, call)]


def test_a_failed_object_is_deleted_first_if_its_replacement_has_the_same_name() -> None:
    inputs = {"name": "a", "size": 1}
    assert WIDGET.diff(inputs, {**inputs, "status": "Failed"}, {**inputs, "size": 2}).delete_before_replace
    found = WIDGET.diff(inputs, {**inputs, "status": "Failed"}, {**inputs, "size": 2, AUTONAMED_KEY: True})
    assert not found.delete_before_replace
    assert [(change.path, change.kind, change.requires_replacement) for change in found.changes] == [
        ("size", ChangeKind.UPDATE, False),
        ("status", ChangeKind.UPDATE, True),
    ]


def test_a_policy_that_only_reads_otherwise_has_not_drifted() -> None:
    """Its defaults are the same, said or not."""
    arguments = {"name": "a", "size": 1, "wall": {}}
    assert WIDGET.refreshed_inputs(arguments, observation(wall={"mode": "closed"})) == arguments
    assert WIDGET.refreshed_inputs(arguments, observation(wall={"mode": "open"}))["wall"] == {"mode": "open"}
    other = {**arguments, "wall": {"mode": "open"}}
    assert WIDGET.refreshed_inputs(other, observation(wall={"mode": "open", "since": "of a newer API"})) == other
