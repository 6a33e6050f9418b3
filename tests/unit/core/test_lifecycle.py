"""One operation, from stored inputs to stored state: a known id is never lost."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import pytest
from tests.fakes.lifecycle import create_and_finish

from neev_provider.core import lifecycle
from neev_provider.core.account import ACCOUNT_KEY, Account, WrongAccount
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.diff import IMPORTED_KEY
from neev_provider.core.errors import InputError, InvalidRequest
from neev_provider.core.hints import Hint
from neev_provider.core.labels import Owner
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.markers import AutoName, Computed, Replace, Update
from neev_provider.core.model import Inputs, Integer, Outputs, Rule
from neev_provider.core.reference_errors import MissingReference
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Resource
from neev_provider.core.validation import at_most_one_of
from neev_provider.core.wait import Deadline


class WidgetInputs(Inputs):
    """A widget."""

    size: Annotated[Integer | None, Update(), Computed()] = None
    """Its size."""


class WidgetOutputs(Outputs):
    """The outputs of a widget."""

    status: str
    """Its status."""


HERE = Account("org", "project", "https://api.test/agent")
RECORD = {ACCOUNT_KEY: "https://api.test/agent/orgs/org/projects/project"}


@dataclass
class FakeApi:
    """An API with sizes of objects by id; the next calls raise `errors_to_raise`."""

    objects: dict[str, int] = field(default_factory=dict)
    errors_to_raise: list[Exception] = field(default_factory=list)
    account: Account = HERE

    def raise_next_error(self) -> None:
        """Raise the next of the errors, if there is one."""
        if self.errors_to_raise:
            raise self.errors_to_raise.pop(0)


class Widget(Resource[FakeApi, WidgetInputs, WidgetOutputs]):
    """A widget."""

    name = "Widget"
    inputs = WidgetInputs
    outputs = WidgetOutputs

    async def create(self, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Create the object."""
        self.api.raise_next_error()
        self.api.objects["id-1"] = inputs.size or 1
        return self.observe("Pending")

    async def reconcile(self, id: str, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Set the size."""
        self.api.raise_next_error()
        self.api.objects[id] = inputs.size or self.api.objects[id]
        return self.observe("Ready")

    async def read(self, id: str, inputs: WidgetInputs | None) -> Observation[WidgetOutputs] | None:
        """Return the object."""
        self.api.raise_next_error()
        return self.observe("Ready") if id in self.api.objects else None

    async def delete(self, id: str, context: OperationContext) -> None:
        """Delete the object."""
        del self.api.objects[id]

    def observe(self, status: str) -> Observation[WidgetOutputs]:
        """Return an observation of the object."""
        return Observation("id-1", {"size": self.api.objects["id-1"]}, WidgetOutputs(status=status))


WIDGET = Widget()


def new_context() -> OperationContext:
    """Return the context of an operation with a long deadline."""
    return OperationContext("thing", Deadline(10, SYSTEM_CLOCK, asyncio.Event()))


async def test_a_create_stores_the_inputs_and_the_state() -> None:
    """The account is part of the state."""
    stored = await create_and_finish(WIDGET.connect(FakeApi()), {"__resourceName": "x"}, new_context())
    assert (stored.id, stored.inputs, stored.state) == (
        "id-1",
        {"__resourceName": "x"},
        {"size": 1, "status": "Ready", **RECORD},
    )


async def test_a_create_that_fails_before_the_id_is_known_raises_its_error() -> None:
    """Nothing exists, so nothing is stored."""
    with pytest.raises(ValueError, match="no"):
        await create_and_finish(WIDGET.connect(FakeApi(errors_to_raise=[ValueError("no")])), {}, new_context())


@pytest.mark.parametrize("error", [ValueError("a bug"), TimeoutError("late")])
async def test_every_error_after_the_id_is_known_stores_the_id(error: Exception) -> None:
    """Also an unexpected error; the observed state is stored too."""
    platform = FakeApi()

    class Breaking(Widget):
        """A widget whose next operation fails after its create."""

        async def create(self, inputs: WidgetInputs, call: OperationContext) -> Observation[WidgetOutputs]:
            """Create the object, and let the next operation fail."""
            created = await super().create(inputs, call)
            self.api.errors_to_raise.append(error)
            return created

    with pytest.raises(ResourceInitFailed, match=str(error)) as caught:
        await create_and_finish(Breaking().connect(platform), {"size": 2}, new_context())
    stored = caught.value.stored
    assert (stored.id, stored.inputs, stored.state) == ("id-1", {"size": 2}, {"size": 2, "status": "Pending", **RECORD})
    assert caught.value.__cause__ is error


async def test_an_error_while_the_state_is_built_stores_the_id() -> None:
    """A bug must not lose an object that is ready."""

    class Unwritable(Widget):
        """A widget whose state cannot be built."""

        def build_state(self, arguments: Mapping[str, Any], live: Observation[WidgetOutputs]) -> dict[str, Any]:
            """Fail."""
            raise ValueError("a bug")

    with pytest.raises(ResourceInitFailed, match="a bug") as caught:
        await create_and_finish(Unwritable().connect(FakeApi()), {"size": 2}, new_context())
    assert caught.value.stored.id == "id-1"


async def test_a_second_create_attempt_continues_with_the_existing_object() -> None:
    """No second object is created."""
    platform = FakeApi(objects={"id-1": 1})
    stored = await lifecycle.finish_create(
        WIDGET.connect(platform), StoredResource("id-1", {"size": 3}, {}), new_context()
    )
    assert stored.state == {"size": 3, "status": "Ready", **RECORD}
    assert platform.objects == {"id-1": 3}


async def test_a_failed_update_keeps_the_old_inputs_and_state() -> None:
    """The next plan has the same change."""
    platform = FakeApi(objects={"id-1": 1}, errors_to_raise=[ValueError("no")])
    old, state = {"size": 1}, {"size": 1, "status": "Ready"}
    with pytest.raises(ResourceInitFailed) as caught:
        await lifecycle.update(
            WIDGET.connect(platform), "id-1", old_inputs=old, state=state, new_inputs={"size": 2}, context=new_context()
        )
    assert (caught.value.stored.inputs, caught.value.stored.state) == (old, state)


async def test_an_update_stores_the_new_inputs_and_state() -> None:
    """The state has the observed values."""
    platform = FakeApi(objects={"id-1": 1})
    stored = await lifecycle.update(
        WIDGET.connect(platform), "id-1", old_inputs={}, state={}, new_inputs={"size": 2}, context=new_context()
    )
    assert (stored.inputs, stored.state) == ({"size": 2}, {"size": 2, "status": "Ready", **RECORD})


async def test_a_read_returns_drift_or_none_if_missing_or_raises_the_error() -> None:
    """Drift, a deleted object and an error are three different results."""
    platform = FakeApi(objects={"id-1": 5})
    stored = await lifecycle.read(WIDGET.connect(platform), "id-1", {"size": 1, "__resourceName": "x"})
    assert stored is not None
    assert stored.inputs == {"size": 5, "__resourceName": "x"}
    imported = await lifecycle.read(WIDGET.connect(platform), "id-1", None)
    assert imported is not None
    assert imported.inputs == {"size": 5}
    assert await lifecycle.read(WIDGET.connect(FakeApi()), "id-1", {}) is None
    assert await lifecycle.read(WIDGET.connect(FakeApi()), "id-1", None) is None
    platform.errors_to_raise.append(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        await lifecycle.read(WIDGET.connect(platform), "id-1", {})


class PartialWidget(Widget):
    """A widget that fails after a partial change, and keeps its status on a refresh."""

    async def reconcile(self, id: str, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Fail with a partial observation."""
        status = f"Half after {context.state.get('status')}, {'first' if context.just_created else 'again'}"
        raise PartialFailure(self.observe(status)) from ValueError("torn")

    async def refresh(
        self, id: str, inputs: WidgetInputs, state: Mapping[str, Any]
    ) -> Observation[WidgetOutputs] | None:
        """Return the stored status."""
        return self.observe(state["status"])


async def test_a_partial_failure_stores_the_observed_state() -> None:
    """In a create, in a second attempt and in an update; the user reads the cause."""
    platform, half = FakeApi(), PartialWidget()
    with pytest.raises(ResourceInitFailed, match="torn") as first:
        await create_and_finish(half.connect(platform), {}, new_context())
    assert first.value.stored.state["status"] == "Half after Pending, first"
    assert isinstance(first.value.__cause__, ValueError)
    with pytest.raises(ResourceInitFailed) as again:
        await lifecycle.finish_create(
            half.connect(platform), StoredResource("id-1", {}, {"status": "x"}), new_context()
        )
    assert again.value.stored.state["status"] == "Half after x, again"
    with pytest.raises(ResourceInitFailed) as changed:
        await lifecycle.update(
            half.connect(platform),
            "id-1",
            old_inputs={"size": 1},
            state={"status": "y"},
            new_inputs={},
            context=new_context(),
        )
    assert changed.value.stored.inputs == {"size": 1}
    assert changed.value.stored.state["status"] == "Half after y, again"


async def test_a_refresh_can_keep_state_that_the_api_does_not_return() -> None:
    """A refresh receives the stored state."""
    stored = await lifecycle.read(PartialWidget().connect(FakeApi(objects={"id-1": 1})), "id-1", {}, {"status": "kept"})
    assert stored is not None
    assert stored.state["status"] == "kept"


def test_repr_of_stored_resources_and_observations_hides_values() -> None:
    """They may be printed in tracebacks and logs."""
    secret = {"env": {"TOKEN": "hunter2"}}
    shown = f"{StoredResource('id-1', secret, secret)} {Observation('id-1', secret, WidgetOutputs(status='Ready'))}"
    assert "id-1" in shown
    assert "hunter2" not in shown


class SeedInputs(WidgetInputs):
    """The inputs of a widget, with one that the API never returns."""

    seed: Annotated[str | None, Replace()] = None
    """Its seed."""


class RecordingWidget(Widget):
    """A widget that records the arguments of its operations and always has a problem."""

    inputs = SeedInputs

    def __init__(self) -> None:
        self.received: list[Any] = []

    async def create(self, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Record the arguments."""
        self.received.append((inputs, context))
        return await super().create(inputs, context)

    async def update(
        self, id: str, old_inputs: WidgetInputs, new_inputs: WidgetInputs, context: OperationContext
    ) -> Observation[WidgetOutputs]:
        """Record the arguments."""
        self.received.append((id, old_inputs, new_inputs, context.state))
        return await super().update(id, old_inputs, new_inputs, context)

    async def read(self, id: str, inputs: WidgetInputs | None) -> Observation[WidgetOutputs] | None:
        """Record the arguments."""
        self.received.append((id, inputs))
        return await super().read(id, inputs)

    def observe(self, status: str) -> Observation[WidgetOutputs]:
        """Return an observation with a problem."""
        return replace(super().observe(status), problem="it is not well")


async def test_operations_receive_the_stored_inputs_and_state() -> None:
    """The context in a create; old inputs, new inputs and state in an update; the old inputs in a refresh."""
    platform, widget, context = FakeApi(), RecordingWidget(), new_context()
    await create_and_finish(widget.connect(platform), {"size": 2}, context)
    assert widget.received.pop() == (SeedInputs(size=2), context)
    state = {"size": 2, "status": "Ready"}
    await lifecycle.update(
        widget.connect(platform), "id-1", old_inputs={"size": 2}, state=state, new_inputs={"size": 3}, context=context
    )
    assert widget.received.pop() == ("id-1", SeedInputs(size=2), SeedInputs(size=3), state)
    await lifecycle.read(widget.connect(platform), "id-1", {"size": 3}, state)
    assert widget.received.pop() == ("id-1", SeedInputs(size=3))
    await lifecycle.read(widget.connect(platform), "id-1", None)
    assert widget.received.pop() == ("id-1", None)


async def test_after_an_import_inputs_that_cannot_be_read_are_taken_from_the_program() -> None:
    """They cause no change; inputs that can be read are compared with their observed values."""
    platform, widget = FakeApi(objects={"id-1": 2}), RecordingWidget()
    new = {"size": 3, "seed": "apple"}
    for state, seed in (({IMPORTED_KEY: True}, "apple"), ({}, None)):
        await lifecycle.update(
            widget.connect(platform), "id-1", old_inputs={"size": 2}, state=state, new_inputs=new, context=new_context()
        )
        assert widget.received.pop()[1] == SeedInputs(size=2, seed=seed)
    await lifecycle.update(
        widget.connect(platform),
        "id-1",
        old_inputs={},
        state={IMPORTED_KEY: True},
        new_inputs=new,
        context=new_context(),
    )
    assert widget.received.pop()[1] == SeedInputs(seed="apple")
    old = {"size": 2, "seed": "pear"}
    await lifecycle.update(
        widget.connect(platform),
        "id-1",
        old_inputs=old,
        state={IMPORTED_KEY: True},
        new_inputs=new,
        context=new_context(),
    )
    assert widget.received.pop()[1] == SeedInputs(size=2, seed="pear")


async def test_the_problem_of_an_object_is_stored_with_its_id() -> None:
    """By every operation."""
    platform, widget = FakeApi(), RecordingWidget()
    for work in (
        create_and_finish(widget.connect(platform), {"size": 2}, new_context()),
        lifecycle.update(
            widget.connect(platform), "id-1", old_inputs={}, state={}, new_inputs={}, context=new_context()
        ),
        lifecycle.read(widget.connect(platform), "id-1", {}),
        lifecycle.read(widget.connect(platform), "id-1", None),
    ):
        stored = await work
        assert stored is not None
        assert (stored.id, stored.problem) == ("id-1", "it is not well")


async def test_resource_init_failed_exposes_its_cause_and_the_id() -> None:
    """The adapters need both."""
    cause = ValueError("no")
    with pytest.raises(ResourceInitFailed) as caught:
        await lifecycle.update(
            WIDGET.connect(FakeApi(errors_to_raise=[cause])),
            "id-1",
            old_inputs={},
            state={},
            new_inputs={},
            context=new_context(),
        )
    assert (caught.value.__cause__, caught.value.stored.id) == (cause, "id-1")
    with pytest.raises(ResourceInitFailed) as torn:
        await lifecycle.update(
            PartialWidget().connect(FakeApi(objects={"id-1": 1})),
            "id-1",
            old_inputs={},
            state={},
            new_inputs={},
            context=new_context(),
        )
    assert str(torn.value.__cause__) == "torn"


async def test_a_create_whose_state_cannot_be_built_stores_the_inputs_as_state() -> None:
    """And the account, but not the adapters' own keys."""

    class Unwritable(Widget):
        """A widget whose state cannot be built."""

        def build_state(self, arguments: Mapping[str, Any], live: Observation[WidgetOutputs]) -> dict[str, Any]:
            """Fail."""
            raise ValueError("a bug")

    begun = await lifecycle.start_create(
        Unwritable().connect(FakeApi()), {"size": 2, "__resourceName": "x"}, new_context()
    )
    assert (begun.inputs, begun.state) == ({"size": 2, "__resourceName": "x"}, {"size": 2, **RECORD})


async def test_find_created_returns_the_object_of_an_interrupted_create() -> None:
    """Or None, if none matches."""

    class Findable(Widget):
        """A widget that can be found."""

        async def find_created(
            self, inputs: WidgetInputs, owner: Owner | None = None
        ) -> Observation[WidgetOutputs] | None:
            """Find the object by its size."""
            return self.observe("Pending") if self.api.objects.get("id-1") == inputs.size else None

    platform = FakeApi(objects={"id-1": 2})
    stored = await lifecycle.find_created(Findable().connect(platform), {"size": 2, "__resourceName": "x"})
    assert stored is not None
    assert (stored.id, stored.inputs) == ("id-1", {"size": 2, "__resourceName": "x"})
    assert stored.state == {"size": 2, "status": "Pending", **RECORD}
    assert await lifecycle.find_created(Findable().connect(platform), {"size": 3}) is None


class NamedInputs(WidgetInputs):
    """A widget with a name."""

    rules: ClassVar[tuple[Rule, ...]] = (at_most_one_of("size", "weight"),)

    name: Annotated[str | None, AutoName(), Replace()] = None
    """Its name."""
    weight: Annotated[Integer | None, Update()] = None
    """Its weight, in place of its size."""


class Named(Widget):
    """A widget with a name."""

    inputs = NamedInputs

    async def find_created(self, inputs: WidgetInputs, owner: Owner | None = None) -> Observation[WidgetOutputs] | None:
        """Return the object."""
        return self.observe("Ready")


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({}, "name"),
        ({"name": "a", "size": "big"}, "size"),
        ({"name": "a", "size": 1, "weight": 2}, "size"),
        ({"name": "a", "of_tomorrow": 1}, "of_tomorrow"),
    ],
)
async def test_invalid_inputs_are_rejected_before_any_request(arguments: dict[str, Any], path: str) -> None:
    """By every operation, also after an import; the id of an existing object is kept."""
    platform, named = FakeApi(), Named()
    for begun in (
        lifecycle.start_create(named.connect(platform), arguments, new_context()),
        lifecycle.find_created(named.connect(platform), arguments),
    ):
        with pytest.raises(InputError) as caught:
            await begun
        assert caught.value.path == path
        assert str(caught.value).endswith(Hint.CORRECT_INPUT)
    for state in ({}, {IMPORTED_KEY: True}):
        for work in (
            lifecycle.finish_create(named.connect(platform), StoredResource("id-1", arguments, state), new_context()),
            lifecycle.update(
                named.connect(platform),
                "id-1",
                old_inputs={"name": "a"},
                state=state,
                new_inputs=arguments,
                context=new_context(),
            ),
        ):
            with pytest.raises(ResourceInitFailed) as kept:
                await work
            assert isinstance(kept.value.__cause__, InputError)
            assert (kept.value.__cause__.path, kept.value.stored.id) == (path, "id-1")
    assert platform.objects == {}
    with pytest.raises(InputError, match=r"^name: is required\. "):
        await lifecycle.start_create(named.connect(platform), {}, new_context())


async def test_old_inputs_that_break_a_rule_can_be_corrected() -> None:
    """Only the new inputs must follow the rules."""
    platform = FakeApi(objects={"id-1": 1})
    old = {"name": "a", "size": 1, "weight": 2}
    stored = await lifecycle.update(
        Named().connect(platform), "id-1", old_inputs=old, state={}, new_inputs={"name": "a"}, context=new_context()
    )
    assert stored.inputs == {"name": "a"}


OTHER_ACCOUNT_STATE = {ACCOUNT_KEY: "https://api.test/agent/orgs/org/projects/another"}


@pytest.mark.parametrize(
    "act",
    [
        lambda platform: lifecycle.finish_create(
            WIDGET.connect(platform), StoredResource("id-1", {}, OTHER_ACCOUNT_STATE), new_context()
        ),
        lambda platform: lifecycle.update(
            WIDGET.connect(platform),
            "id-1",
            old_inputs={},
            state=OTHER_ACCOUNT_STATE,
            new_inputs={},
            context=new_context(),
        ),
        lambda platform: lifecycle.read(WIDGET.connect(platform), "id-1", {}, OTHER_ACCOUNT_STATE),
        lambda platform: lifecycle.delete(
            WIDGET.connect(platform), "id-1", replace(new_context(), state=OTHER_ACCOUNT_STATE)
        ),
    ],
    ids=["finish", "update", "read", "delete"],
)
async def test_an_object_of_another_account_is_not_changed(act: Callable[[FakeApi], Awaitable[object]]) -> None:
    """The error names both accounts, and no request is sent."""
    platform = FakeApi(objects={"id-1": 1}, errors_to_raise=[AssertionError("no request is expected")])
    with pytest.raises(
        (WrongAccount, ResourceInitFailed), match=r"projectId another, and the setting `projectId` is project"
    ):
        await act(platform)
    assert platform.objects == {"id-1": 1}


async def test_the_first_read_adds_the_account_to_a_state_without_one() -> None:
    """Earlier versions recorded none."""
    stored = await lifecycle.read(WIDGET.connect(FakeApi(objects={"id-1": 1})), "id-1", {}, {"size": 1})
    imported = await lifecycle.read(WIDGET.connect(FakeApi(objects={"id-1": 1})), "id-1", None)
    assert stored is not None
    assert imported is not None
    assert (stored.state[ACCOUNT_KEY], imported.state[ACCOUNT_KEY]) == (RECORD[ACCOUNT_KEY], RECORD[ACCOUNT_KEY])


async def test_a_delete_in_the_recorded_account_succeeds() -> None:
    """Also for a state without an account."""
    platform = FakeApi(objects={"id-1": 1})
    await lifecycle.delete(WIDGET.connect(platform), "id-1", replace(new_context(), state=RECORD))
    platform.objects["id-1"] = 1
    await lifecycle.delete(WIDGET.connect(platform), "id-1", new_context())
    assert platform.objects == {}


@pytest.mark.parametrize(("parent", "kept"), [(None, True), ("source", False)])
async def test_the_id_is_kept_unless_the_missing_reference_is_the_parent(*, parent: str | None, kept: bool) -> None:
    """A fork exists without its source, so its id is kept; a file does not exist without its sandbox."""

    async def require(_api: FakeApi, name: str, _value: str) -> None:
        raise MissingReference(name, "there is none")

    class PartInputs(WidgetInputs):
        """Inputs with a reference."""

        source: Annotated[str | None, Update()] = None
        """The object that it refers to."""

    class Part(Widget):
        """A widget whose reference is deleted during its create."""

        inputs = PartInputs
        references = MappingProxyType({"source": require})

        async def reconcile(self, id: str, inputs: WidgetInputs, call: OperationContext) -> Observation[WidgetOutputs]:
            """Reject the inputs."""
            raise InvalidRequest(422, "no")

    Part.parent = parent
    with pytest.raises((ResourceInitFailed, MissingReference), match="there is none") as caught:
        await create_and_finish(Part().connect(FakeApi()), {"size": 2, "source": "x"}, new_context())
    assert isinstance(caught.value, ResourceInitFailed) is kept
