"""The state that is stored for a resource if its handler fails or hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
from pulumi.runtime.proto import provider_pb2
from tests.fakes.virtual_time import VirtualClock, in_virtual_time
from tests.unit.adapters.fake_pulumi_engine import from_struct, make_urn, to_struct

from neev_provider.adapters.pulumi.plugin.crud import CrudHandler
from neev_provider.adapters.pulumi.plugin.engine_client import EngineClient
from neev_provider.adapters.pulumi.plugin.grpc_errors import StatusCode, StatusError
from neev_provider.adapters.shared.executor import CANCEL_GRACE_SECONDS
from neev_provider.client import Api, Settings, connect
from neev_provider.core.account import ACCOUNT_KEY, Account
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.diff import IMPORTED_KEY
from neev_provider.core.markers import Computed, Update
from neev_provider.core.model import Inputs, Outputs
from neev_provider.core.resource import Observation, OperationContext, Resource
from neev_provider.core.wait import current_retry_listener
from neev_provider.resources.sandbox.sandbox import SandboxResource

Verb = Callable[[], Any]
HERE = Account("org", "project", "https://api.test/agent")
RECORD = {ACCOUNT_KEY: HERE.to_record()}


class WidgetInputs(Inputs):
    """Inputs with one property that the API fills in."""

    path_id: Annotated[Any, Update(), Computed()] = None
    """Path of the object."""


class WidgetOutputs(Outputs):
    """Outputs of any type."""

    message: Any = None
    """Anything."""


class Widget(Resource[Any, WidgetInputs, WidgetOutputs]):
    """A resource whose behavior the test sets."""

    name = "Widget"
    inputs = WidgetInputs
    outputs = WidgetOutputs

    def __init__(self, reconcile: Verb, message: object = "made", path_id: object = None) -> None:
        self._on_reconcile = reconcile
        self._message = message
        self._path_id = path_id

    async def create(self, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Return an id."""
        return Observation("the-id", {"pathId": self._path_id}, WidgetOutputs.model_construct(message=self._message))

    async def reconcile(self, id: str, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
        """Return the result of the function that the test sets."""
        result = self._on_reconcile()
        message = await result if asyncio.iscoroutine(result) else result
        return Observation(id, {}, WidgetOutputs.model_construct(message=message))

    async def read(self, id: str, inputs: WidgetInputs | None) -> Observation[WidgetOutputs] | None:
        """Fail the test: no case reads."""
        raise NotImplementedError

    async def delete(self, id: str, context: OperationContext) -> None:
        """Never return."""
        await asyncio.Event().wait()


async def _connect_fake() -> Any:
    return SimpleNamespace(account=HERE)


def create_crud_handler() -> CrudHandler:
    return CrudHandler(_connect_fake, EngineClient(), SYSTEM_CLOCK)


def raise_bug() -> object:
    """Raise an unexpected exception whose message contains a secret."""
    raise KeyError("hunter2")


async def create_failure(item: Widget) -> provider_pb2.ErrorResourceInitFailed:
    """Return the data that the engine has to store for a failed create."""
    request = provider_pb2.CreateRequest(urn=make_urn("Widget"), properties=to_struct({}), timeout=0.1)
    with pytest.raises(StatusError) as caught:
        await create_crud_handler().create(item, request)
    assert isinstance(caught.value.detail, provider_pb2.ErrorResourceInitFailed)
    assert "hunter2" not in caught.value.message
    return caught.value.detail


async def test_an_unexpected_exception_in_a_create_keeps_the_id_and_the_outputs() -> None:
    failure = await create_failure(Widget(raise_bug))
    assert (failure.id, from_struct(failure.properties)) == ("the-id", {"message": "made", **RECORD})
    assert "a bug in the NeevAI provider (KeyError)" in failure.reasons[0]


async def test_a_response_that_cannot_be_marshalled_keeps_the_id() -> None:
    failure = await create_failure(Widget(object))
    assert (failure.id, from_struct(failure.properties)) == ("the-id", {"message": "made", **RECORD})
    for broken_from_the_start in (Widget(raise_bug, message=object()), Widget(raise_bug, path_id=object())):
        failure = await create_failure(broken_from_the_start)
        assert (failure.id, from_struct(failure.properties)) in (("the-id", {}), ("the-id", RECORD))


async def test_an_invalid_response_to_a_create_keeps_the_id(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        # a response of another API version, without these fields
        box = {"id": "the-id", "name": "box", "phase": "Ready"}
        page = {"items": [box], "total": 1, "page": 1, "limit": 100}
        listed = request.method == "GET" and request.url.path.endswith("/sandboxes")
        return httpx.Response(201 if request.method == "POST" else 200, json=page if listed else box)

    settings = Settings(base_url="http://127.0.0.1:1", api_key="key", org_id="org", project_id="project")
    async with connect(settings, transport=httpx.MockTransport(answer)) as api:

        async def connected() -> Api:
            return api

        request = provider_pb2.CreateRequest(urn=make_urn("Sandbox"), properties=to_struct({"name": "box"}))
        with pytest.raises(StatusError) as caught:
            await CrudHandler(connected, EngineClient(), SYSTEM_CLOCK).create(SandboxResource(), request)
    assert isinstance(caught.value.detail, provider_pb2.ErrorResourceInitFailed)
    record = {ACCOUNT_KEY: settings.account.to_record()}
    assert (caught.value.detail.id, from_struct(caught.value.detail.properties)) == (
        "the-id",
        {"name": "box", **record},
    )
    assert "Sandbox box: making box." in capsys.readouterr().err


async def test_a_hanging_operation_ends_soon_after_its_deadline() -> None:
    failure = await create_failure(Widget(asyncio.Event().wait))
    assert failure.id == "the-id"
    assert "Widget box: not done after" in failure.reasons[0]
    request = provider_pb2.DeleteRequest(id="the-id", urn=make_urn("Widget"), timeout=0.1)
    with pytest.raises(Exception, match="Widget box: not done after"):
        await create_crud_handler().delete(Widget(raise_bug), request)


@in_virtual_time
async def test_the_create_timeout_includes_the_create_request() -> None:
    class Slow(Widget):
        """A resource whose create takes six seconds."""

        async def create(self, inputs: WidgetInputs, context: OperationContext) -> Observation[WidgetOutputs]:
            """Create the resource after a delay."""
            await asyncio.sleep(6)
            return await super().create(inputs, context)

    request = provider_pb2.CreateRequest(urn=make_urn("Widget"), properties=to_struct({}), timeout=10)
    with pytest.raises(StatusError, match="not done after 10 s"):
        await CrudHandler(_connect_fake, EngineClient(), VirtualClock()).create(Slow(asyncio.Event().wait), request)
    assert VirtualClock().monotonic() == pytest.approx(10 + CANCEL_GRACE_SECONDS)


async def test_a_timeout_error_has_the_last_retry_reason() -> None:
    async def reconcile() -> None:
        current_retry_listener()("GET /x: no connection to api.test.")
        await asyncio.Event().wait()

    failure = await create_failure(Widget(reconcile))
    assert "last seen: GET /x: no connection to api.test. It may" in failure.reasons[0]


@pytest.mark.parametrize("stopped", [True, False])
async def test_a_hanging_update_keeps_the_old_state_on_cancel_and_on_timeout(*, stopped: bool) -> None:
    hangs = asyncio.Event()

    async def reconcile() -> None:
        hangs.set()
        await asyncio.Event().wait()

    handler = create_crud_handler()
    request = provider_pb2.UpdateRequest(
        id="the-id", urn=make_urn("Widget"), olds=to_struct({"message": "before"}), timeout=60 if stopped else 0.1
    )
    updating = asyncio.ensure_future(handler.update(Widget(reconcile), request))
    await hangs.wait()
    if stopped:
        handler.executor.cancel()
    with pytest.raises(StatusError, match="stopped waiting, as asked" if stopped else "not done after") as caught:
        await updating
    assert isinstance(caught.value.detail, provider_pb2.ErrorResourceInitFailed)
    assert (caught.value.detail.id, from_struct(caught.value.detail.properties)) == ("the-id", {"message": "before"})


async def test_a_cancelled_operation_ends_if_the_log_cannot_be_flushed() -> None:
    class UnresponsiveEngineClient(EngineClient):
        """An engine client whose log cannot be flushed."""

        is_flushed = False

        async def flush(self) -> None:
            """Never return."""
            handler.executor.cancel()
            await asyncio.Event().wait()

    handler = CrudHandler(_connect_fake, UnresponsiveEngineClient(), SYSTEM_CLOCK)
    request = provider_pb2.CreateRequest(urn=make_urn("Widget"), properties=to_struct({}))
    response = await asyncio.wait_for(handler.create(Widget(lambda: "ready"), request), 30)
    assert from_struct(response.properties) == {"message": "ready", **RECORD}


async def test_the_update_after_an_import_keeps_the_import_marker_if_a_property_is_unreadable() -> None:
    state = to_struct({"message": "seen", IMPORTED_KEY: True})
    request = provider_pb2.UpdateRequest(id="the-id", urn=make_urn("Widget"), olds=state)
    response = await create_crud_handler().update(Widget(lambda: "ready"), request)
    assert from_struct(response.properties) == {"message": "ready", IMPORTED_KEY: True, **RECORD}
    with pytest.raises(StatusError) as caught:
        await create_crud_handler().update(Widget(raise_bug), request)
    assert caught.value.code is StatusCode.UNKNOWN
    assert isinstance(caught.value.detail, provider_pb2.ErrorResourceInitFailed)
    assert from_struct(caught.value.detail.properties) == from_struct(state)
