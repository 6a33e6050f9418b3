"""A 404 means that an object does not exist only if it is from the API and the project exists."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_transport import ScriptedTransport, json_response, not_found_response, page_response

from neev_provider.client import Settings
from neev_provider.client.http.transport import Transport
from neev_provider.core import errors

OK_RESPONSE = json_response(json={"id": "x"})


def new_transport(script: httpx.AsyncBaseTransport) -> Transport:
    return Transport(Settings("http://127.0.0.1:1", "key", "o", "p"), clock=FakeClock(), transport=script)


def parse_id(content: Any) -> str:
    return str(content["id"])


IN_PROJECT = "/api/v1beta1/orgs/o/projects/p/sandboxes/box"
PAGE_OF_A_WEB_SERVER = httpx.Response(404, html="<h1>Not Found</h1>")
NOT_THE_API = [
    PAGE_OF_A_WEB_SERVER,
    httpx.Response(404),
    json_response(404),
    json_response(404, {"error": "not found"}),
    json_response(404, {"code": "no_route", "message": "not found"}),
    json_response(404, ["not_found"]),
]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("ending", NOT_THE_API)
async def test_a_404_that_is_not_from_the_api_raises_unexpected_response(method: str, ending: httpx.Response) -> None:
    script = ScriptedTransport(ending)
    with pytest.raises(errors.UnexpectedResponse, match="the setting `baseUrl`"):
        await new_transport(script).request(method, IN_PROJECT, parse=parse_id)
    assert len(script.sent) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
async def test_a_404_raises_not_found_after_one_check_that_the_project_exists(method: str) -> None:
    script = ScriptedTransport(not_found_response(), page_response([]), not_found_response())
    wire = new_transport(script)
    for _ in range(2):
        with pytest.raises(errors.NotFound):
            await wire.request(method, IN_PROJECT, parse=parse_id)
    assert script.sent_lines == [f"{method} box", "GET sandboxes", f"{method} box"]


async def test_a_successful_response_from_the_project_confirms_that_it_exists() -> None:
    script = ScriptedTransport(OK_RESPONSE, not_found_response())
    wire = new_transport(script)
    assert await wire.request("GET", IN_PROJECT, parse=parse_id) == "x"
    with pytest.raises(errors.NotFound):
        await wire.request("GET", IN_PROJECT, parse=parse_id)
    assert script.sent_lines == ["GET box", "GET box"]


async def test_a_404_for_a_path_without_a_project_needs_no_project_check() -> None:
    script = ScriptedTransport(not_found_response())
    with pytest.raises(errors.NotFound):
        await new_transport(script).request("GET", "/api/v1beta1/sandbox-templates/t", parse=parse_id)
    assert script.sent_lines == ["GET t"]


@pytest.mark.parametrize(
    ("ending", "kind"),
    [
        (not_found_response("Project 'p' not found", x_request_id="r-7"), errors.ProjectNotFound),
        (PAGE_OF_A_WEB_SERVER, errors.UnexpectedResponse),
        (json_response(401), errors.Unauthorized),
        (json_response(502), errors.Unavailable),
    ],
)
async def test_a_404_does_not_raise_not_found_if_the_project_check_fails(
    ending: httpx.Response, kind: type[errors.ApiError]
) -> None:
    wire = new_transport(ScriptedTransport(not_found_response(), ending))
    with pytest.raises(errors.ApiError) as caught:
        await wire.request("GET", IN_PROJECT, parse=parse_id)
    assert type(caught.value) is kind
    assert "refresh" not in str(caught.value)


async def test_the_error_for_a_missing_project_names_it_and_its_settings() -> None:
    wire = new_transport(ScriptedTransport(not_found_response("Project 'p' not found", x_request_id="r-7")))
    with pytest.raises(errors.ProjectNotFound) as caught:
        await wire.request("GET", IN_PROJECT, parse=parse_id)
    text = str(caught.value)
    assert "there is no project p of the organization o at http://127.0.0.1:1" in text
    assert all(name in text for name in ("r-7", "`projectId`", "`orgId`", "`baseUrl`"))


async def test_concurrent_404_responses_check_the_project_once() -> None:
    arguments: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        arguments.append(request.url.path.rpartition("/")[2])
        return page_response([]) if arguments[-1] == "sandboxes" else not_found_response()

    wire = new_transport(httpx.MockTransport(respond))
    ended = await asyncio.gather(
        *(wire.request("GET", IN_PROJECT, parse=parse_id) for _ in range(5)), return_exceptions=True
    )
    assert [type(item) for item in ended] == [errors.NotFound] * 5
    assert arguments.count("sandboxes") == 1
