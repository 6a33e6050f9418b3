"""Behaviour of all paths: authorization, invalid requests and the format of errors."""

import json
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.types import Message, Receive, Scope, Send

from helpers.emulator_harness import START, ApiDriver
from neev_emulator import Backend, create_app
from neev_emulator.api import requests
from neev_emulator.api.middleware import RequestMiddleware, TrafficControl
from neev_emulator.api.request_context import parse_model
from neev_emulator.errors import ApiError

BODIES = [model for model in vars(requests).values() if isinstance(model, type) and issubclass(model, requests.Body)]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["name", "egress", "allow"]), inner),
    max_leaves=20,
)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic {key}", "{key}", "Bearer {key}x"])
async def test_requests_without_the_valid_key_return_401(
    api: ApiDriver, backend: Backend, authorization: str | None
) -> None:
    del api.client.headers["authorization"]
    headers = {} if authorization is None else {"authorization": authorization.format(key=backend.api_key)}
    for path in (f"{api.project}/sandboxes", "/agent/api/v1beta1/sandbox-templates"):
        response = await api.client.get(path, headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


async def test_another_organization_is_forbidden_and_an_unknown_project_is_not_found(
    api: ApiDriver, backend: Backend
) -> None:
    other_org = api.project.replace(backend.org_id, "org-other")
    other_project = api.project.replace(backend.project_ids[0], "project-nowhere")
    assert (await api.client.get(f"{other_org}/sandboxes")).json()["code"] == "forbidden"
    response = await api.client.get(f"{other_project}/sandboxes")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_every_response_has_a_date_header_with_the_emulated_time(api: ApiDriver) -> None:
    first = await api.send("GET", "/sandboxes")
    api.backend.advance(3600)
    later = await api.send("GET", "/sandboxes")
    times = [parsedate_to_datetime(response.headers["date"]).timestamp() for response in (first, later)]
    assert times == [START, START + 3600]


async def test_every_response_has_a_unique_request_id(api: ApiDriver) -> None:
    responses = [
        await api.send("GET", "/sandboxes"),
        await api.send("POST", "/sandboxes", {"name": "web"}),
        await api.send("DELETE", "/sandboxes/web"),
        await api.send("GET", "/sandboxes/nobody"),
        await api.send("PUT", "/sandboxes"),
        await api.client.get("/nothing/here"),
        await api.client.get("/agent/api/v1beta1/orgs"),
        await api.client.post("/sandboxes-runtime/v1/exec", json={}),
    ]
    assert [response.status_code for response in responses] == [200, 201, 204, 404, 405, 404, 404, 400]
    assert len({response.headers["x-request-id"] for response in responses}) == len(responses)


async def test_error_responses_have_the_same_text_in_error_and_message(api: ApiDriver) -> None:
    refusal = (await api.send("GET", "/sandboxes/nobody")).json()
    assert refusal["error"] == refusal["message"] == "Sandbox 'nobody' not found"
    assert set(refusal) == {"error", "message", "code"}


async def test_an_unsupported_method_returns_405_with_an_allow_header(api: ApiDriver) -> None:
    response = await api.send("PUT", "/sandboxes/web")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert set(response.headers["allow"].split(", ")) == {"DELETE", "GET", "HEAD", "PATCH"}


@pytest.mark.parametrize(
    ("content", "media", "code"),
    [
        (b"{", "application/json", "bad_request"),
        (b"\xff", "application/json", "bad_request"),
        (b'{"name": NaN}', "application/json", "bad_request"),
        (b'{"name": "\\ud800"}', "application/json", "bad_request"),
        (b"[" * 100_000, "application/json", "bad_request"),
        (b"[]", "application/json", "validation_error"),
        (b"{}", "text/plain", "unsupported_media_type"),
        (b"name=web", "application/x-www-form-urlencoded", "unsupported_media_type"),
    ],
)
async def test_an_invalid_body_is_rejected(api: ApiDriver, content: bytes, media: str, code: str) -> None:
    response = await api.client.post(f"{api.project}/sandboxes", content=content, headers={"content-type": media})
    assert (response.json()["code"], response.status_code) == (code, 415 if code == "unsupported_media_type" else 400)


async def test_a_missing_body_is_accepted_if_no_field_is_required(api: ApiDriver) -> None:
    assert (await api.send("POST", "/sandboxes")).status_code == 201
    assert (await api.send_refused("POST", "/sandboxes/web/fork"))[:2] == (400, "validation_error")


async def test_a_charset_and_unknown_fields_are_accepted(api: ApiDriver) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    response = await api.client.post(f"{api.project}/sandboxes", content=b'{"colour": "blue"}', headers=headers)
    assert response.status_code == 201


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=one", "limit=0", "limit=101", "page=", "page=\u00b2"])
async def test_an_invalid_page_or_limit_is_rejected(api: ApiDriver, query: str) -> None:
    status, code, message = await api.send_refused("GET", f"/sandboxes?{query}")
    assert (status, code) == (400, "validation_error")
    assert message.startswith(query.partition("=")[0])


async def test_a_page_after_the_last_is_empty(api: ApiDriver) -> None:
    await api.create(name="web")
    assert await api.read("/sandboxes?page=2") == {"items": [], "total": 1, "page": 2, "limit": 20}


async def test_lists_are_sorted_by_newest_first(api: ApiDriver) -> None:
    for name in ("first", "second", "third"):
        await api.create(name=name)
    assert [item["name"] for item in (await api.read("/sandboxes?limit=2"))["items"]] == ["third", "second"]


async def test_all_filters_of_a_list_must_match(api: ApiDriver) -> None:
    ready = await api.create_ready(name="web-ready")
    await api.create(name="web-new")
    page = await api.read(f"/sandboxes?name=WEB&status=Ready&sandbox_id={ready['id'].upper()}")
    assert [item["name"] for item in page["items"]] == ["web-ready"]
    assert (await api.read("/sandboxes?status=Hibernating"))["total"] == 0
    assert (await api.send_refused("GET", "/sandboxes?sandbox_id=web"))[:2] == (400, "validation_error")


@pytest.mark.parametrize("name", ["..", "%2e%2e%2f", "%00", "a b", "x" * 5000, "%F0%9F%A6%8A", "'; DROP TABLE records"])
async def test_unknown_names_with_special_characters_are_not_found(api: ApiDriver, name: str) -> None:
    assert (await api.send("GET", f"/sandboxes/{name}/ports")).status_code == 404


async def test_head_returns_the_status_of_get_without_a_body(api: ApiDriver) -> None:
    await api.create(name="web")
    response = await api.send("HEAD", "/sandboxes/web")
    assert (response.status_code, response.content) == (200, b"")


async def test_a_path_with_a_trailing_slash_is_not_found(api: ApiDriver) -> None:
    assert (await api.send("GET", "/sandboxes/")).status_code == 404


@pytest.mark.parametrize(
    "query", ["from=yesterday", "to=2026-01-01", "from=2027-01-01T00:00:00Z", "step=fast", "step=-1s"]
)
async def test_an_invalid_metrics_window_or_step_is_rejected(api: ApiDriver, query: str) -> None:
    await api.create(name="web")
    status, code, message = await api.send_refused("GET", f"/sandboxes/web/metrics?{query}")
    assert (status, code) == (400, "validation_error")
    assert message.startswith(query.partition("=")[0])


@pytest.mark.parametrize("cursor", ["x", "YQ==", "w6k=", "%F0%9F%A6%8A"])
async def test_an_invalid_cursor_is_rejected(api: ApiDriver, cursor: str) -> None:
    await api.create(name="web")
    assert (await api.send_refused("GET", f"/sandboxes/web/audit?cursor={cursor}"))[:2] == (400, "validation_error")


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "99999999999999999999"])
async def test_an_invalid_port_is_rejected(api: ApiDriver, port: str) -> None:
    await api.create(name="web")
    assert (await api.send_refused("DELETE", f"/sandboxes/web/ports/{port}"))[:2] == (400, "validation_error")


@given(value=ANY_JSON, model=st.sampled_from(BODIES))
def test_any_json_body_is_accepted_or_rejected_with_a_client_error(value: object, model: type[BaseModel]) -> None:
    raw = json.dumps(value).encode()
    codes = ["understood"]
    try:
        parse_model(model, raw)
    except ApiError as refusal:
        codes = [refusal.code]
    assert codes[0] in {"understood", "bad_request", "validation_error"}


async def test_an_internal_failure_returns_500_in_the_error_format(tmp_path: Path) -> None:
    backend = Backend(data=tmp_path)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(backend)), base_url="http://emulator"
    ) as http:
        http.headers["authorization"] = f"Bearer {backend.api_key}"
        backend.store.close()
        response = await ApiDriver(backend, http).send("POST", "/sandboxes", {})
    assert (response.status_code, response.json()["code"]) == (500, "internal_server_error")
    assert response.headers["x-request-id"]


async def test_a_request_is_logged_before_its_response_is_sent(backend: Backend) -> None:
    """Assert it for chunked responses too: a caller that knows the length continues before their end is sent."""
    traffic, messages = TrafficControl(backend), []

    async def respond_in_chunks(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    async def receive() -> Message:
        raise NotImplementedError

    async def send(message: Message) -> None:
        messages.append((message["type"], message.get("body"), len(traffic.log.records)))

    scope = {"type": "http", "method": "POST", "path": "/sandboxes-runtime/v1/exec"}
    await RequestMiddleware(respond_in_chunks, backend=backend, traffic=traffic)(scope, receive, send)
    assert messages == [
        ("http.response.start", None, 1),
        ("http.response.body", b"a", 1),
        ("http.response.body", b"b", 1),
    ]
    assert [(item.template, item.status) for item in traffic.log.records] == [("/v1/exec", 200)]
