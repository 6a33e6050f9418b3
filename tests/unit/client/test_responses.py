"""How responses are parsed, and the error for each error response."""

import pytest

from neev_provider.client.http.responses import ApiResponse, error_from_response, parse_response
from neev_provider.core import errors


def api_response(status: int = 200, body: bytes = b"{}", **headers: str) -> ApiResponse:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return ApiResponse("GET", "/x", status, {"content-type": "application/json"} | named, body)


def test_a_successful_response_is_parsed_from_its_json() -> None:
    assert parse_response(api_response(body=b"[1, 2]"), sum) == 3


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/problem+json",
        "Application/JSON",
        " APPLICATION/Vnd.Neev+Json ;charset=utf-8",
        "text/json",
    ],
)
def test_every_json_content_type_is_accepted(kind: str) -> None:
    assert parse_response(api_response(content_type=kind), len) == 0


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (api_response(content_type="text/html"), "content type 'text/html' in place of JSON"),
        (api_response(content_type="application/json-seq"), "content type 'application/json-seq' in place of JSON"),
        (api_response(content_type="text/html; profile=json"), "in place of JSON"),
        (api_response(content_type="application/x-ndjson"), "in place of JSON"),
        (ApiResponse("GET", "/x", 200, {}, b"{}"), "content type 'not given' in place of JSON"),
        (api_response(body=b'{"a":'), "the JSON is cut off or malformed"),
        (api_response(body=b"\xff"), "the JSON is cut off or malformed"),
        (api_response(body=b"[" * 100_000), "the JSON is cut off or malformed"),
        (api_response(body=b'"seven"'), "not the documented shape: invalid literal"),
    ],
)
def test_an_unreadable_success_raises_unexpected_response_with_the_reason(given: ApiResponse, reason: str) -> None:
    with pytest.raises(errors.UnexpectedResponse, match=reason):
        parse_response(given, int)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_2xx_status_is_a_success(status: int) -> None:
    assert parse_response(api_response(status, b""), lambda content: content) is None


@pytest.mark.parametrize("status", [199, 300, 400])
def test_a_status_other_than_2xx_raises_an_api_error(status: int) -> None:
    with pytest.raises(errors.ApiError):
        parse_response(api_response(status), lambda content: content)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"message": "m", "error": "e"}', "m"),
        (b'{"message": "", "error": "e"}', "e"),
        (b'{"message": 7, "error": "e"}', "e"),
        (b'["m"]', ""),
        (b"<p>", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_the_error_message_is_read_from_message_or_else_from_error(body: bytes, message: str) -> None:
    assert error_from_response(api_response(409, body)).message == message


def test_an_error_contains_the_fields_of_the_error_response() -> None:
    body = b'{"message": "m", "code": "conflict", "details": "d", "scope": "project"}'
    error = error_from_response(api_response(409, body, x_request_id="r"))
    assert isinstance(error, errors.Conflict)
    assert (error.code, error.details, error.scope, error.request_id) == ("conflict", "d", "project", "r")
    assert (error.method, error.path, error.status) == ("GET", "/x", 409)


@pytest.mark.parametrize("status", [500, 501, 599])
def test_every_5xx_status_is_an_unavailable_error(status: int) -> None:
    assert type(error_from_response(api_response(status))) is errors.Unavailable


@pytest.mark.parametrize("path", ["/sandboxes", "/agents", "/sandboxes/x/fork", "/sandboxes/x/snapshots"])
def test_a_404_for_a_create_names_the_missing_object_and_suggests_no_refresh(
    path: str,
) -> None:
    body = b'{"code": "not_found", "message": "Sandbox template x not found"}'
    error = error_from_response(ApiResponse("POST", path, 404, {"content-type": "application/json"}, body))
    assert isinstance(error, errors.NotFound)
    assert "Sandbox template x not found. Nothing was created. Check" in str(error)
    assert "refresh" not in str(error)


@pytest.mark.parametrize(("method", "path"), [("GET", "/sandboxes"), ("POST", "/sandboxes/x/pause")])
def test_a_404_for_other_requests_has_the_default_hint(method: str, path: str) -> None:
    error = error_from_response(ApiResponse(method, path, 404, {}, b'{"code": "not_found"}'))
    assert error.hint == errors.NotFound.default_hint


def test_a_402_is_a_payment_required_error_with_a_billing_hint() -> None:
    error = error_from_response(api_response(402, b'{"message": "no credit"}'))
    assert isinstance(error, errors.PaymentRequired)
    assert "answered with 402: no credit. Nothing was done. Check the billing" in str(error)


def test_a_redirect_error_shows_the_host_but_not_the_rest_of_the_url() -> None:
    assert error_from_response(api_response(302, b"", location="https://e.test/?token=1")).message == (
        "a redirect to e.test, which is not followed"
    )
    assert "another path" in error_from_response(api_response(302, b"", location="/y")).message


def test_repr_of_a_response_hides_its_body_and_headers() -> None:
    shown = repr(api_response(503, b"hunter2", set_cookie="hunter2"))
    assert "503" in shown
    assert "hunter2" not in shown


def test_an_empty_response_without_a_content_type_is_parsed_as_none() -> None:
    assert parse_response(ApiResponse("GET", "/x", 204, {}, b""), lambda content: content) is None
