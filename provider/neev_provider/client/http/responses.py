"""The conversion of the API's responses to values or errors."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

from neev_provider.core import errors
from neev_provider.core.hints import Hint
from neev_provider.core.redaction import Redactor

T = TypeVar("T")
NO_SECRETS = Redactor.from_values()

ERROR_BY_STATUS: Mapping[int, type[errors.ApiError]] = {
    HTTPStatus.BAD_REQUEST: errors.InvalidRequest,
    HTTPStatus.UNAUTHORIZED: errors.Unauthorized,
    HTTPStatus.PAYMENT_REQUIRED: errors.PaymentRequired,
    HTTPStatus.FORBIDDEN: errors.Forbidden,
    HTTPStatus.NOT_FOUND: errors.NotFound,
    HTTPStatus.CONFLICT: errors.Conflict,
    HTTPStatus.UNPROCESSABLE_ENTITY: errors.InvalidRequest,
    HTTPStatus.TOO_MANY_REQUESTS: errors.RateLimited,
    # gateways send these three, too, so they do not show whether the request had an effect:
    HTTPStatus.REQUEST_TIMEOUT: errors.Unavailable,
    HTTPStatus.TOO_EARLY: errors.Unavailable,
    499: errors.Unavailable,  # the client closed the connection
}

CREATE_PATH_ENDINGS = ("sandboxes", "agents", "fork", "snapshots", "ports")
"""The endings of the paths to which a POST creates an object."""


@dataclass(frozen=True)
class ApiResponse:
    """A response, with the method and the path of its request."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    retry_after: float | None = None


def is_success(status: int) -> bool:
    """Return whether the status is 2xx."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def parse_response(response: ApiResponse, parse: Callable[[Any], T], *, redactor: Redactor = NO_SECRETS) -> T:
    """Return the result of `parse` for the response's JSON.

    Raises:
        ApiError: the status is no success, or `parse` rejects the content.
    """
    if not is_success(response.status):
        raise error_from_response(response, redactor)
    if not response.body:
        content = None
    elif not _is_json(response.headers.get("content-type", "")):
        raise _unexpected_response(
            response, f"content type {response.headers.get('content-type', 'not given')!r} in place of JSON"
        )
    else:
        content = _parse_json(response)
    try:
        return parse(content)
    except ValueError as error:
        raise _unexpected_response(response, f"not the documented shape: {error}") from None


def error_from_response(response: ApiResponse, redactor: Redactor = NO_SECRETS) -> errors.ApiError:
    """Return the error for a response without success, with the API key redacted.

    Only the API's own `not_found` is a `NotFound`: the 404 of a gateway or another service is not about the object.
    """
    message = _error_fields(response)
    if response.status == HTTPStatus.NOT_FOUND and message.get("code") != "not_found":
        return _unexpected_response(response, "this is not how the NeevAI API says that something does not exist")

    def text(*names: str) -> str | None:
        found = next((message[name] for name in names if isinstance(message.get(name), str) and message[name]), None)
        return None if found is None else redactor.redact(found)

    code = text("code")
    return _error_class(response.status, code)(
        response.status,
        text("message", "error") or _fallback_message(response),
        code=code,
        details=text("details"),
        scope=text("scope"),
        request_id=response.headers.get("x-request-id"),
        method=response.method,
        path=response.path,
        retry_after=response.retry_after,
        hint=Hint.CHECK_SOURCE if response.status == HTTPStatus.NOT_FOUND and _is_create(response) else None,
    )


def _is_json(content_type: str) -> bool:
    """Return whether the media type is JSON, ignoring parameters and case."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in ("application/json", "text/json") or media_type.endswith("+json")


def _is_create(response: ApiResponse) -> bool:
    """Return whether the request was to create an object."""
    return response.method == "POST" and response.path.rpartition("/")[2] in CREATE_PATH_ENDINGS


def _error_class(status: int, code: str | None) -> type[errors.ApiError]:
    """Return the class of error for a status and the API's code."""
    if status == HTTPStatus.FORBIDDEN and (code or "").endswith("_quota_exceeded"):
        return errors.QuotaExceeded
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return errors.Unavailable
    return ERROR_BY_STATUS.get(status, errors.UnexpectedResponse)


def _error_fields(response: ApiResponse) -> Mapping[str, Any]:
    """Return the fields of an error's body; none if the body is not a JSON object."""
    try:
        message = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _fallback_message(response: ApiResponse) -> str:
    """Return the message for an error without a message of its own."""
    target = response.headers.get("location")
    if not target:
        return ""
    return f"a redirect to {urlsplit(target).hostname or 'another path'}, which is not followed"


def _parse_json(response: ApiResponse) -> Any:
    """Return the body's JSON."""
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        raise _unexpected_response(response, "the JSON is cut off or malformed") from None


def _unexpected_response(response: ApiResponse, reason: str) -> errors.UnexpectedResponse:
    """Return the error for an unexpected response, without its body."""
    return errors.UnexpectedResponse(
        response.status,
        reason,
        request_id=response.headers.get("x-request-id"),
        method=response.method,
        path=response.path,
    )
