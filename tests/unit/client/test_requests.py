"""The exact request of each call, and which calls are retried after an unknown outcome."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.fakes.clock import EPOCH, FakeClock
from tests.fakes.scripted_transport import ScriptedTransport, json_response, not_found_response, page_response

from neev_provider.client import Api, Settings, connect
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.errors import NeevError, OutcomeUnknown

ROOT = "/api/v1beta1/orgs/o/projects/p"
ID = "a/b c"
SENT = "a%2Fb%20c"
"""The id, quoted for a path."""
BOX = {"id": "1", "name": "box", "phase": "Ready"}
CODER = {"id": "1", "name": "coder", "status": "Ready"}
SNAPSHOT = {"id": "1", "name": "shot", "status": "Ready", "sandbox_id": "2"}
PORT = {"port": 80, "slug": "abcdefgh", "preview_url": "https://x"}
TEMPLATE = {"id": "1", "name": "t"}
METRICS = {"sandbox_id": "1", "from": "a", "to": "b", "step": "c", "series": []}

ApiAction = Callable[[Api], Awaitable[Any]]
FIRST = {"page": "1", "limit": "100"}


def list_body(*items: object) -> dict[str, object]:
    return {"items": list(items), "total": len(items), "page": 1, "limit": 100}


RETRIED_REQUESTS: list[tuple[ApiAction, Any, str, str, dict[str, str]]] = [
    (lambda api: api.sandboxes.get(ID), BOX, "GET", f"{ROOT}/sandboxes/{SENT}", {}),
    (lambda api: api.sandboxes.list(), list_body(BOX), "GET", f"{ROOT}/sandboxes", FIRST),
    (
        lambda api: api.sandboxes.list(name="n", status="Ready"),
        list_body(BOX),
        "GET",
        f"{ROOT}/sandboxes",
        {**FIRST, "name": "n", "status": "Ready"},
    ),
    (
        lambda api: api.sandboxes.metrics(ID, from_="a", to="b", step="c"),
        METRICS,
        "GET",
        f"{ROOT}/sandboxes/{SENT}/metrics",
        {"from": "a", "to": "b", "step": "c"},
    ),
    (lambda api: api.sandboxes.patch(ID, {"x": 1}), BOX, "PATCH", f"{ROOT}/sandboxes/{SENT}", {}),
    (lambda api: api.sandboxes.set_timeout(ID, {"x": 1}), BOX, "PUT", f"{ROOT}/sandboxes/{SENT}/timeout", {}),
    (lambda api: api.sandboxes.delete(ID), None, "DELETE", f"{ROOT}/sandboxes/{SENT}", {}),
    (lambda api: api.snapshots.get(ID), SNAPSHOT, "GET", f"{ROOT}/snapshots/{SENT}", {}),
    (lambda api: api.snapshots.list(ID), list_body(SNAPSHOT), "GET", f"{ROOT}/sandboxes/{SENT}/snapshots", FIRST),
    (lambda api: api.snapshots.delete(ID), None, "DELETE", f"{ROOT}/snapshots/{SENT}", {}),
    (lambda api: api.agents.get(ID), CODER, "GET", f"{ROOT}/agents/{SENT}", {}),
    (lambda api: api.agents.list(), list_body(CODER), "GET", f"{ROOT}/agents", FIRST),
    (lambda api: api.agents.patch(ID, {"x": 1}), CODER, "PATCH", f"{ROOT}/agents/{SENT}", {}),
    (lambda api: api.agents.delete(ID), None, "DELETE", f"{ROOT}/agents/{SENT}", {}),
    (lambda api: api.ports.list(ID), {"ports": [PORT]}, "GET", f"{ROOT}/sandboxes/{SENT}/ports", {}),
    (lambda api: api.ports.revoke(ID, 80), None, "DELETE", f"{ROOT}/sandboxes/{SENT}/ports/80", {}),
    (lambda api: api.templates.get(ID), TEMPLATE, "GET", f"/api/v1beta1/sandbox-templates/{SENT}", {}),
    (lambda api: api.templates.list(), list_body(TEMPLATE), "GET", "/api/v1beta1/sandbox-templates", FIRST),
    (lambda api: api.agent_templates.list(), list_body(TEMPLATE), "GET", "/api/v1beta1/agent-templates", FIRST),
]

SINGLE_REQUESTS: list[tuple[ApiAction, Any, str, bytes]] = [
    (lambda api: api.sandboxes.pause(ID), BOX, f"{ROOT}/sandboxes/{SENT}/pause", b"{}"),
    (lambda api: api.sandboxes.resume(ID), BOX, f"{ROOT}/sandboxes/{SENT}/resume", b"{}"),
    (lambda api: api.agents.pause(ID), CODER, f"{ROOT}/agents/{SENT}/pause", b"{}"),
    (lambda api: api.agents.resume(ID), CODER, f"{ROOT}/agents/{SENT}/resume", b"{}"),
    (lambda api: api.ports.expose(ID, 80), PORT, f"{ROOT}/sandboxes/{SENT}/ports", b'{"port":80}'),
    (
        lambda api: api.ports.expose(ID, 80, slug="abcdefgh"),
        PORT,
        f"{ROOT}/sandboxes/{SENT}/ports",
        b'{"port":80,"slug":"abcdefgh"}',
    ),
]


async def record_requests(action: ApiAction, *outcomes: httpx.Response) -> list[httpx.Request]:
    """Run the action with these outcomes, and return the requests that it sent."""
    script = ScriptedTransport(*outcomes)
    async with connect(Settings("http://127.0.0.1:1", "key", "o", "p"), clock=FakeClock(), transport=script) as api:
        await action(api)
    return script.sent


@pytest.mark.parametrize(("act", "content", "method", "path", "query"), RETRIED_REQUESTS)
async def test_an_idempotent_call_sends_its_exact_request_and_retries_it(
    act: ApiAction, content: Any, method: str, path: str, query: dict[str, str]
) -> None:
    done = httpx.Response(204) if content is None else json_response(json=content)
    first, second = await record_requests(act, json_response(502), done)
    assert (first.method, first.url.raw_path.partition(b"?")[0].decode()) == (method, path)
    assert dict(first.url.params) == query
    assert first.url == second.url
    assert first.content == (b'{"x":1}' if method in ("PATCH", "PUT") else b"")


@pytest.mark.parametrize(("act", "content", "path", "body"), SINGLE_REQUESTS)
async def test_a_call_that_is_not_idempotent_sends_its_exact_request_once(
    act: ApiAction, content: Any, path: str, body: bytes
) -> None:
    [sent] = await record_requests(act, json_response(json=content))
    assert (sent.method, sent.url.raw_path.decode(), sent.content) == ("POST", path, body)
    with pytest.raises(NeevError):
        await record_requests(act, json_response(502), not_found_response())


@pytest.mark.parametrize(
    ("act", "moved"),
    [
        (lambda api: api.sandboxes.pause("1"), [{**BOX, "phase": phase} for phase in ("Pausing", "Paused")]),
        (lambda api: api.sandboxes.resume("1"), [{**BOX, "phase": phase} for phase in ("Resuming", "Ready")]),
        (lambda api: api.agents.pause("1"), [{**CODER, "status": status} for status in ("Pausing", "Paused")]),
        (
            lambda api: api.agents.resume("1"),
            [{**CODER, "status": status} for status in ("Resuming", "Provisioning", "Ready")],
        ),
    ],
)
async def test_a_transition_with_a_lost_response_is_confirmed_by_the_phase_of_the_object(
    act: ApiAction, moved: list[dict[str, object]]
) -> None:
    for observed in moved:
        assert [
            sent.method for sent in await record_requests(act, json_response(502), json_response(json=observed))
        ] == [
            "POST",
            "GET",
        ]


async def test_every_page_of_a_list_is_requested() -> None:
    async def list_all(api: Api) -> None:
        for read in (api.sandboxes.list, api.agents.list, api.templates.list, lambda: api.snapshots.list("1")):
            assert [item.id for item in await read()] == ["1", "2"]

    def pages(*items: dict[str, str]) -> list[httpx.Response]:
        return [
            json_response(json={"items": [item], "total": 2, "page": number, "limit": 1})
            for number, item in enumerate(items, 1)
        ]

    two = ((BOX, {**BOX, "id": "2"}), (CODER, {**CODER, "id": "2"}), (TEMPLATE, {**TEMPLATE, "id": "2"}))
    shots = (SNAPSHOT, {**SNAPSHOT, "id": "2"})
    sent = await record_requests(list_all, *[page for items in (*two, shots) for page in pages(*items)])
    assert [request.url.params["page"] for request in sent] == ["1", "2"] * 4


async def test_an_idempotent_post_is_retried_after_an_unknown_outcome() -> None:
    """The transport retries no POST by itself; the caller knows that this one is idempotent."""
    sent = await record_requests(lambda api: api.sandboxes.keepalive(ID), json_response(502), json_response(json=BOX))
    assert [(item.method, item.url.raw_path.decode(), item.content) for item in sent] == [
        ("POST", f"{ROOT}/sandboxes/{SENT}/keepalive", b"{}")
    ] * 2
    with pytest.raises(OutcomeUnknown):
        await record_requests(lambda api: api.sandboxes.rollback(ID, "s"), json_response(502), json_response(json=BOX))


@pytest.mark.parametrize(
    ("find", "body", "found"),
    [
        (lambda api, body: api.sandboxes.find_created(body), {"name": "box"}, BOX),
        (lambda api, body: api.sandboxes.find_created(body), {"name": "box", "image": "x"}, {**BOX, "image": "x"}),
        (lambda api, body: api.sandboxes.find_created(body), {"name": "box", "image": "x"}, {**BOX, "image": "y"}),
        (lambda api, body: api.sandboxes.find_created(body), {"name": "box"}, None),
        (lambda api, body: api.agents.find_created(body), {"name": "coder"}, CODER),
        (lambda api, body: api.agents.find_created(body), {"name": "coder", "idle_timeout_seconds": 5}, CODER),
        (lambda api, body: api.agents.find_created(body), {"name": "coder"}, None),
    ],
)
async def test_find_created_matches_the_name_and_the_fields_of_the_request(
    find: Callable[[Api, dict[str, Any]], Awaitable[Any]], body: dict[str, Any], found: dict[str, str] | None
) -> None:
    observed = []

    async def look(api: Api) -> None:
        observed.append(await find(api, body))

    # without an object, the client checks that the project exists
    [sent, *_arguments] = await record_requests(
        look, *([not_found_response(), page_response([])] if found is None else [json_response(json=found)])
    )
    assert sent.url.path.rpartition("/")[2] == body["name"]
    same = found is not None and all(found.get(name) == value for name, value in body.items())
    assert (observed[0] is not None) is same


def test_lifetime_elapsed_is_computed_from_the_timestamps_of_the_sandbox() -> None:
    api = connect(
        Settings("http://127.0.0.1:1", "key", "o", "p"), clock=FakeClock(), transport=ScriptedTransport(json_response())
    )
    now = datetime.fromtimestamp(EPOCH, UTC)
    early, late = ((now - timedelta(seconds=gone)).isoformat() for gone in (100, 0.5))
    end = (now + timedelta(seconds=50)).isoformat()
    for observed, age in (
        ({}, 0),
        ({"created_at": early}, 100),
        ({"created_at": late}, 1),
        ({"created_at": end}, 0),
        ({"created_at": now.isoformat()}, 0),
        ({"created_at": early, "hard_expires_at": end, "max_lifetime_seconds": 60}, 10),
        ({"created_at": early, "max_lifetime_seconds": 60}, 100),
        ({"created_at": early, "hard_expires_at": end}, 100),
    ):
        assert api.sandboxes.lifetime_elapsed(Sandbox.model_validate({**BOX, **observed})) == age
