"""What the handlers need: authorization, path and query parameters, bodies and pages."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json
from starlette.requests import Request

from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.serializers import error_body
from neev_emulator.errors import ApiError, invalid, not_found
from neev_emulator.settings import Settings
from neev_emulator.state.backend import Backend
from neev_emulator.state.records import AgentRecord, SandboxRecord

ModelT = TypeVar("ModelT", bound=BaseModel)
T = TypeVar("T")

STATUS_BY_CODE = {
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "unsupported_media_type": 415,
    "validation_error": 400,
    "bad_request": 400,
    "conflict": 409,
    "too_early": 425,
    "service_unavailable": 503,
    "internal_server_error": 500,
    "phone_verification_required": 403,
    "kyc_verification_required": 403,
    "kyc_verification_required_by_owner": 403,
    "sandbox_quota_exceeded": 403,
    "agent_quota_exceeded": 403,
}
MAX_PAGE_SIZE = 100
_DEFAULT_PAGE_SIZE = 20
_MIN_TIME, _MAX_TIME = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2, 9999))
_INVALID_TIME = "must be a time such as 2026-03-01T12:00:00Z"


@dataclass(frozen=True)
class RequestContext:
    """An authorized request, to the catalog or to a project."""

    backend: Backend
    http_request: Request
    project_id: str

    @property
    def origin(self) -> str:
        """Scheme, host and port at which the caller reached the emulator."""
        return f"{self.http_request.url.scheme}://{self.http_request.url.netloc}"

    def find_sandbox(self) -> SandboxRecord:
        """Return the sandbox that the path names by id or name."""
        return self.backend.sandboxes.find(self.project_id, self.path_param("sandbox"))

    def find_agent(self) -> AgentRecord:
        """Return the agent that the path names by id or name."""
        return self.backend.agents.find(self.project_id, self.path_param("agent"))

    def target_sandbox(self) -> SandboxRecord:
        """Return the sandbox that the path names, or the one of the agent that it names."""
        if "agent" in self.http_request.path_params:
            return self.backend.sandboxes.find(self.project_id, self.find_agent().sandbox_id)
        return self.find_sandbox()

    def path_param(self, name: str) -> str:
        """Return a path parameter."""
        return str(self.http_request.path_params[name])

    def query_param(self, name: str) -> str | None:
        """Return a query parameter."""
        return self.http_request.query_params.get(name)

    def int_query(self, name: str, default: int, *, maximum: int | None = None) -> int:
        """Return a query parameter that is a positive integer."""
        text = self.query_param(name)
        if text is None:
            return default
        expectation = f"from 1 to {maximum}" if maximum else "from 1 on"
        if not (text.isascii() and text.isdigit() and len(text) < len(str(2**63))):
            raise invalid(name, f"must be a whole number {expectation}")
        number = int(text)
        if number < 1 or (maximum is not None and number > maximum):
            raise invalid(name, f"must be a whole number {expectation}")
        return number

    def time_query(self, name: str, default: float) -> float:
        """Return a query parameter that is an RFC 3339 time, in seconds since the epoch."""
        text = self.query_param(name)
        if text is None:
            return default
        try:
            time = datetime.fromisoformat(text)
            if time.tzinfo is not None:
                return time.timestamp()
        except (ValueError, OverflowError) as error:
            raise invalid(name, _INVALID_TIME) from error
        raise invalid(name, _INVALID_TIME)

    def time_range(self, default: float) -> tuple[float, float]:
        """Return the times `from` and `to`; by default the last `default` seconds."""
        end = self.time_query("to", self.backend.clock.now())
        start = self.time_query("from", end - default)
        if start >= end:
            raise invalid("from", "must be before to")
        if start < _MIN_TIME or end > _MAX_TIME:
            raise invalid("from", "and to must be in the years 2 to 9998")
        return start, end

    async def parse_body(self, model: type[ModelT]) -> ModelT:
        """Return the validated body; an empty body is `{}`."""
        raw = await self.http_request.body()
        media_type = self.http_request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if raw and media_type != "application/json":
            raise ApiError("unsupported_media_type", "the body must be application/json")
        return parse_model(model, raw or b"{}", self.backend.settings)

    def paginate(self, items: Sequence[T], serialize: Callable[[T], Any]) -> JSONResponse:
        """Return one page of the items."""
        page = self.int_query("page", 1)
        limit = self.int_query("limit", _DEFAULT_PAGE_SIZE, maximum=MAX_PAGE_SIZE)
        page_items = items[(page - 1) * limit : page * limit]
        body = {"items": [serialize(item) for item in page_items], "total": len(items), "page": page, "limit": limit}
        return JSONResponse(body)


NO_CONTENT = 204


def parse_model(model: type[ModelT], raw: bytes, settings: Settings | None = None) -> ModelT:
    """Return the model of the JSON; raise distinct errors for malformed JSON and invalid values.

    Some fields depend on the settings.
    """
    try:
        from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise ApiError("bad_request", "the body is not valid JSON", details=str(error)) from error
    try:
        return model.model_validate_json(raw, context=settings)
    except ValidationError as error:
        raise _validation_error(error) from error


def has_valid_key(backend: Backend, request: Request) -> bool:
    """Return whether the request has the API key."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and is_valid_key(backend, key.strip())


def is_valid_key(backend: Backend, key: str) -> bool:
    """Return whether this is the API key."""
    return hmac.compare_digest(key.encode(), backend.api_key.encode())


def error_response(error: ApiError) -> JSONResponse:
    """Return the response for an error."""
    body = error_body(error.code, error.message, details=error.details, scope=error.scope)
    return JSONResponse(body, error.status or STATUS_BY_CODE[error.code])


def authorize(backend: Backend, request: Request) -> str:
    """Return the request's project; raise `ApiError` if the key does not give access to it."""
    if not has_valid_key(backend, request):
        raise ApiError("unauthorized", "a valid API key is required")
    parts: Mapping[str, str] = request.path_params
    if "org" not in parts:
        return backend.project_ids[0]
    if parts["org"] != backend.org_id:
        raise ApiError("forbidden", f"the API key has no access to organization {parts['org']!r}")
    if parts["project"] not in backend.project_ids:
        raise not_found("Project", parts["project"])
    return parts["project"]


def _validation_error(error: ValidationError) -> ApiError:
    problems = [_format_problem(details) for details in error.errors(include_url=False, include_input=False)]
    fields = ", ".join(path for path, _ in problems if path)
    message = "; ".join(f"{path}: {text}" if path else text for path, text in problems)
    return ApiError("validation_error", message, details=fields or None)


def _format_problem(details: ErrorDetails) -> tuple[str, str]:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in details["loc"])
    return path.removeprefix("."), details["msg"].removeprefix("Value error, ")
