"""One operation, from stored inputs to stored state: an id once known is never lost."""

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
    """A thing."""

    size: Annotated[Integer | None, Update(), Computed()] = None
    """Its size."""


class WidgetOutputs(Outputs):
    """What is said of it."""

    status: str
    """How it is."""


HERE = Account("org", "project", "https://api.test/agent")
RECORD = {ACCOUNT_KEY: "https://api.test/agent/orgs/org/projects/project"}


@dataclass
class FakeApi:
    """Where things are; `broken` is what the next calls end with."""

    objects: dict[str, int] = field(default_factory=dict)
    errors_to_raise: list[Exception] = field(default_factory=list)
    account: Account = HERE

    def raise_next_error(self) -> None:
        """Fail where it should."""
        if self.errors_to_raise:
            raise self.errors_to_raise.pop(0)


class Widget(Resource[FakeApi, WidgetInputs, WidgetOutputs]):
    """A thing."""

    name = "Widget"
    inputs = WidgetInputs
    outputs = WidgetOutputs

    async def create(self, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """One more."""
        self.api.raise_next_error()
        self.api.objects["id-1"] = inputs.size or 1
        return self.observe("Pending")

    async def reconcile(self, id: str, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """As asked."""
        self.api.raise_next_error()
        self.api.objects[id] = inputs.size or self.api.objects[id]
        return self.observe("Ready")

    async def read(self, id: str, inputs: WidgetInputs | None) -> Observation[WidgetOutputs] | None:
        """As it is."""
        self.api.raise_next_error()
        return self.observe("Ready") if id in self.api.objects else None

    async def delete(self, id: str, context: OperationContext) -> None:
        """Gone."""
        del self.api.objects[id]

    def observe(self, status: str) -> Observation[WidgetOutputs]:
        """What the platform says."""
        return Observation("id-1", {"size": self.api.objects["id-1"]}, WidgetOutputs(status=status))


WIDGET = Widget()


def new_context() -> OperationContext:
    """An operation with all the time it needs."""
    return OperationContext("thing", Deadline(10, SYSTEM_CLOCK, asyncio.Event()))


async def test_a_create_stores_what_was_requested_and_what_is() -> None:
    """Id, inputs and state."""
    stored = await create_and_finish(WIDGET.connect(FakeApi()), {"__resourceName": "x"}, new_context())
    assert (stored.id, stored.inputs, stored.state) == (
        "id-1",
        {"__resourceName": "x"},
        {"size": 1, "status": "Ready", **RECORD},
    )


async def test_a_create_that_fails_before_there_is_an_id_is_only_its_error() -> None:
    """Nothing exists, so nothing is kept."""
    with pytest.raises(ValueError, match="no"):
        await create_and_finish(WIDGET.connect(FakeApi(errors_to_raise=[ValueError("no")])), {}, new_context())


@pytest.mark.parametrize("error", [ValueError("a bug of ours"), TimeoutError("late")])
async def test_every_error_after_the_id_is_known_keeps_it(error: Exception) -> None:
    """Also a bug of ours: the id and what was seen travel with the error."""
    platform = FakeApi()

    class Breaking(Widget):
        """It breaks once it is made."""

        async def create(self, inputs: WidgetInputs, call: OperationContext) -> Observation[WidgetOutputs]:
            """Made, then broken."""
            created = await super().create(inputs, call)
            self.api.errors_to_raise.append(error)
            return created

    with pytest.raises(ResourceInitFailed, match=str(error)) as caught:
        await create_and_finish(Breaking().connect(platform), {"size": 2}, new_context())
    stored = caught.value.stored
    assert (stored.id, stored.inputs, stored.state) == ("id-1", {"size": 2}, {"size": 2, "status": "Pending", **RECORD})
    assert caught.value.__cause__ is error


async def test_a_state_that_cannot_be_written_down_keeps_the_id_too() -> None:
    """A bug of ours after the thing is ready is no reason to forget it."""

    class Unwritable(Widget):
        """Its state cannot be made."""

        def build_state(self, arguments: Mapping[str, Any], live: Observation[WidgetOutputs]) -> dict[str, Any]:
            """Nothing."""
            raise ValueError("a bug of ours")

    with pytest.raises(ResourceInitFailed, match="a bug of ours") as caught:
        await create_and_finish(Unwritable().connect(FakeApi()), {"size": 2}, new_context())
    assert caught.value.stored.id == "id-1"


async def test_a_second_attempt_continues_from_what_exists() -> None:
    """Nothing is made a second time."""
    platform = FakeApi(objects={"id-1": 1})
    stored = await lifecycle.finish_create(
        WIDGET.connect(platform), StoredResource("id-1", {"size": 3}, {}), new_context()
    )
    assert stored.state == {"size": 3, "status": "Ready", **RECORD}
    assert platform.objects == {"id-1": 3}


async def test_a_failed_update_keeps_the_old_inputs_and_state() -> None:
    """So the same change is planned again."""
    platform = FakeApi(objects={"id-1": 1}, errors_to_raise=[ValueError("no")])
    old, state = {"size": 1}, {"size": 1, "status": "Ready"}
    with pytest.raises(ResourceInitFailed) as caught:
        await lifecycle.update(
            WIDGET.connect(platform), "id-1", old_inputs=old, state=state, new_inputs={"size": 2}, context=new_context()
        )
    assert (caught.value.stored.inputs, caught.value.stored.state) == (old, state)


async def test_an_update_stores_the_new_inputs() -> None:
    """And what became of them."""
    platform = FakeApi(objects={"id-1": 1})
    stored = await lifecycle.update(
        WIDGET.connect(platform), "id-1", old_inputs={}, state={}, new_inputs={"size": 2}, context=new_context()
    )
    assert (stored.inputs, stored.state) == ({"size": 2}, {"size": 2, "status": "Ready", **RECORD})


async def test_a_read_shows_drift_and_absence_and_hides_no_error() -> None:
    """Changed outside, gone, and unknown are three different answers."""
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
    """It comes half way and says so, and keeps what it said on a refresh."""

    async def reconcile(self, id: str, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Half."""
        status = f"Half after {context.state.get('status')}, {'first' if context.just_created else 'again'}"
        raise PartialFailure(self.observe(status)) from ValueError("torn")

    async def refresh(
        self, id: str, inputs: WidgetInputs, state: Mapping[str, Any]
    ) -> Observation[WidgetOutputs] | None:
        """As stored."""
        return self.observe(state["status"])


async def test_how_far_an_operation_came_is_stored_with_its_failure() -> None:
    """In a create, in another attempt, and in an update; the cause is what the user reads."""
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


async def test_a_resource_may_keep_what_the_api_does_not_return() -> None:
    """A refresh is given what is stored."""
    stored = await lifecycle.read(PartialWidget().connect(FakeApi(objects={"id-1": 1})), "id-1", {}, {"status": "kept"})
    assert stored is not None
    assert stored.state["status"] == "kept"


def test_what_is_stored_and_what_is_live_show_no_values() -> None:
    """They end in tracebacks and logs of whoever prints them."""
    secret = {"env": {"TOKEN": "hunter2"}}
    shown = f"{StoredResource('id-1', secret, secret)} {Observation('id-1', secret, WidgetOutputs(status='Ready'))}"
    assert "id-1" in shown
    assert "hunter2" not in shown


class HeirInputs(WidgetInputs):
    """A thing with something that no API answers."""

    seed: Annotated[str | None, Replace()] = None
    """What it grew from."""


class Heir(Widget):
    """It notes what its verbs are given, and is never well."""

    inputs = HeirInputs

    def __init__(self) -> None:
        self.received: list[Any] = []

    async def create(self, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Noted."""
        self.received.append((inputs, context))
        return await super().create(inputs, context)

    async def update(
        self, id: str, old_inputs: WidgetInputs, new_inputs: WidgetInputs, context: OperationContext
    ) -> Observation[WidgetOutputs]:
        """Noted."""
        self.received.append((id, old_inputs, new_inputs, context.state))
        return await super().update(id, old_inputs, new_inputs, context)

    async def read(self, id: str, inputs: WidgetInputs | None) -> Observation[WidgetOutputs] | None:
        """Noted."""
        self.received.append((id, inputs))
        return await super().read(id, inputs)

    def observe(self, status: str) -> Observation[WidgetOutputs]:
        """Not well."""
        return replace(super().observe(status), problem="it is not well")


async def test_operations_get_the_stored_state() -> None:
    """The operation itself on a create; old, new and stored values on an update; the old inputs on a refresh."""
    platform, heir, going = FakeApi(), Heir(), new_context()
    await create_and_finish(heir.connect(platform), {"size": 2}, going)
    assert heir.received.pop() == (HeirInputs(size=2), going)
    state = {"size": 2, "status": "Ready"}
    await lifecycle.update(
        heir.connect(platform), "id-1", old_inputs={"size": 2}, state=state, new_inputs={"size": 3}, context=going
    )
    assert heir.received.pop() == ("id-1", HeirInputs(size=2), HeirInputs(size=3), state)
    await lifecycle.read(heir.connect(platform), "id-1", {"size": 3}, state)
    assert heir.received.pop() == ("id-1", HeirInputs(size=3))
    await lifecycle.read(heir.connect(platform), "id-1", None)
    assert heir.received.pop() == ("id-1", None)


async def test_after_an_import_what_cannot_be_read_back_is_taken_to_be_as_the_program_says() -> None:
    """So nothing is changed for it; what can be read back is compared with what was read."""
    platform, heir = FakeApi(objects={"id-1": 2}), Heir()
    new = {"size": 3, "seed": "apple"}
    for state, seed in (({IMPORTED_KEY: True}, "apple"), ({}, None)):
        await lifecycle.update(
            heir.connect(platform), "id-1", old_inputs={"size": 2}, state=state, new_inputs=new, context=new_context()
        )
        assert heir.received.pop()[1] == HeirInputs(size=2, seed=seed)
    await lifecycle.update(
        heir.connect(platform), "id-1", old_inputs={}, state={IMPORTED_KEY: True}, new_inputs=new, context=new_context()
    )
    assert heir.received.pop()[1] == HeirInputs(seed="apple")
    old = {"size": 2, "seed": "pear"}
    await lifecycle.update(
        heir.connect(platform),
        "id-1",
        old_inputs=old,
        state={IMPORTED_KEY: True},
        new_inputs=new,
        context=new_context(),
    )
    assert heir.received.pop()[1] == HeirInputs(size=2, seed="pear")


async def test_why_an_object_cannot_be_used_is_kept_with_its_id() -> None:
    """Whichever operation sees it."""
    platform, heir = FakeApi(), Heir()
    for work in (
        create_and_finish(heir.connect(platform), {"size": 2}, new_context()),
        lifecycle.update(heir.connect(platform), "id-1", old_inputs={}, state={}, new_inputs={}, context=new_context()),
        lifecycle.read(heir.connect(platform), "id-1", {}),
        lifecycle.read(heir.connect(platform), "id-1", None),
    ):
        stored = await work
        assert stored is not None
        assert (stored.id, stored.problem) == ("id-1", "it is not well")


async def test_the_cause_and_the_id_of_what_failed_to_initialize_stay_readable() -> None:
    """The faces tell them apart."""
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


async def test_a_create_whose_response_has_no_state_keeps_what_was_requested() -> None:
    """And where it is, without the faces' own keys, which are no state."""

    class Unwritable(Widget):
        """Its state cannot be made."""

        def build_state(self, arguments: Mapping[str, Any], live: Observation[WidgetOutputs]) -> dict[str, Any]:
            """Nothing."""
            raise ValueError("a bug of ours")

    begun = await lifecycle.start_create(
        Unwritable().connect(FakeApi()), {"size": 2, "__resourceName": "x"}, new_context()
    )
    assert (begun.inputs, begun.state) == ({"size": 2, "__resourceName": "x"}, {"size": 2, **RECORD})


async def test_the_object_of_an_interrupted_create_is_found_with_the_state_it_has() -> None:
    """Or is not found."""

    class Findable(Widget):
        """It can be looked for."""

        async def find_created(
            self, inputs: WidgetInputs, owner: Owner | None = None
        ) -> Observation[WidgetOutputs] | None:
            """By its size."""
            return self.observe("Pending") if self.api.objects.get("id-1") == inputs.size else None

    platform = FakeApi(objects={"id-1": 2})
    stored = await lifecycle.find_created(Findable().connect(platform), {"size": 2, "__resourceName": "x"})
    assert stored is not None
    assert (stored.id, stored.inputs) == ("id-1", {"size": 2, "__resourceName": "x"})
    assert stored.state == {"size": 2, "status": "Pending", **RECORD}
    assert await lifecycle.find_created(Findable().connect(platform), {"size": 3}) is None


class NamedInputs(WidgetInputs):
    """A thing with a name."""

    rules: ClassVar[tuple[Rule, ...]] = (at_most_one_of("size", "weight"),)

    name: Annotated[str | None, AutoName(), Replace()] = None
    """Its name."""
    weight: Annotated[Integer | None, Update()] = None
    """Instead of its size."""


class Named(Widget):
    """A thing with a name."""

    inputs = NamedInputs

    async def find_created(self, inputs: WidgetInputs, owner: Owner | None = None) -> Observation[WidgetOutputs] | None:
        """Whichever there is."""
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
async def test_inputs_that_no_check_has_passed_are_refused_before_anything_is_done(
    arguments: dict[str, Any], path: str
) -> None:
    """By every verb, also after an import, and what exists is kept."""
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


async def test_what_broke_a_rule_before_can_be_corrected() -> None:
    """Only what a thing is brought to has to hold to the rules."""
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
async def test_what_is_in_another_account_is_not_touched(act: Callable[[FakeApi], Awaitable[object]]) -> None:
    """The error names both accounts, and the state stays as it is."""
    platform = FakeApi(objects={"id-1": 1}, errors_to_raise=[AssertionError("nothing may be asked")])
    with pytest.raises(
        (WrongAccount, ResourceInitFailed), match=r"projectId another, and the setting `projectId` is project"
    ):
        await act(platform)
    assert platform.objects == {"id-1": 1}


async def test_a_state_without_an_account_gets_one_from_its_first_read() -> None:
    """Earlier versions recorded none."""
    stored = await lifecycle.read(WIDGET.connect(FakeApi(objects={"id-1": 1})), "id-1", {}, {"size": 1})
    imported = await lifecycle.read(WIDGET.connect(FakeApi(objects={"id-1": 1})), "id-1", None)
    assert stored is not None
    assert imported is not None
    assert (stored.state[ACCOUNT_KEY], imported.state[ACCOUNT_KEY]) == (RECORD[ACCOUNT_KEY], RECORD[ACCOUNT_KEY])


async def test_a_delete_in_the_right_account_is_done() -> None:
    """Also of a state without a record."""
    platform = FakeApi(objects={"id-1": 1})
    await lifecycle.delete(WIDGET.connect(platform), "id-1", replace(new_context(), state=RECORD))
    platform.objects["id-1"] = 1
    await lifecycle.delete(WIDGET.connect(platform), "id-1", new_context())
    assert platform.objects == {}


@pytest.mark.parametrize(("parent", "kept"), [(None, True), ("source", False)])
async def test_only_what_is_a_part_of_the_missing_object_is_known_not_to_exist(
    *, parent: str | None, kept: bool
) -> None:
    """A fork is there without its source, and its id is kept; a file is not there without its sandbox."""

    async def require(_api: FakeApi, name: str, _value: str) -> None:
        raise MissingReference(name, "there is none")

    class PartInputs(WidgetInputs):
        """A thing of something else."""

        source: Annotated[str | None, Update()] = None
        """What it is of."""

    class Part(Widget):
        """It names something that goes away while it is made."""

        inputs = PartInputs
        references = MappingProxyType({"source": require})

        async def reconcile(self, id: str, inputs: WidgetInputs, call: OperationContext) -> Observation[WidgetOutputs]:
            """Refused."""
            raise InvalidRequest(422, "no")

    Part.parent = parent
    with pytest.raises((ResourceInitFailed, MissingReference), match="there is none") as caught:
        await create_and_finish(Part().connect(FakeApi()), {"size": 2, "source": "x"}, new_context())
    assert isinstance(caught.value, ResourceInitFailed) is kept
