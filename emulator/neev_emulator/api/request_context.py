"""What every handler needs: who asks, in which project, with which body, and how answers look."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json
from starlette.requests import Request

from neev_emulator.api.json_response import JSONResponse
from neev_emulator.api.serializers import failure
from neev_emulator.errors import Refusal, invalid, not_found
from neev_emulator.state.backend import World
from neev_emulator.state.records import Agent, Sandbox

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

STATUS = {
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
LARGEST_PAGE = 100
_USUAL_PAGE = 20
_EARLIEST, _LATEST = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in (2, 9999))
_NO_MOMENT = "must be a moment such as 2026-03-01T12:00:00Z"


@dataclass(frozen=True)
class Call:
    """One request that was let in, to the catalogue or to a project."""

    world: World
    request: Request
    project_id: str

    @property
    def origin(self) -> str:
        """Scheme, host and port under which the caller reached the emulator."""
        return f"{self.request.url.scheme}://{self.request.url.netloc}"

    def sandbox(self) -> Sandbox:
        """The sandbox that the path names by id or by name."""
        return self.world.sandboxes.find(self.project_id, self.part("sandbox"))

    def agent(self) -> Agent:
        """The agent that the path names by id or by name."""
        return self.world.agents.find(self.project_id, self.part("agent"))

    def backing(self) -> Sandbox:
        """The sandbox that the path names, or the one that runs the agent it names."""
        if "agent" in self.request.path_params:
            return self.world.sandboxes.find(self.project_id, self.agent().sandbox_id)
        return self.sandbox()

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str | None:
        """A parameter of the query."""
        return self.request.query_params.get(name)

    def whole_number(self, name: str, usual: int, *, at_most: int | None = None) -> int:
        """A parameter that is a number from 1 on."""
        text = self.query(name)
        if text is None:
            return usual
        allowed = f"from 1 to {at_most}" if at_most else "from 1 on"
        if not (text.isascii() and text.isdigit() and len(text) < len(str(2**63))):
            raise invalid(name, f"must be a whole number {allowed}")
        number = int(text)
        if number < 1 or (at_most is not None and number > at_most):
            raise invalid(name, f"must be a whole number {allowed}")
        return number

    def moment(self, name: str, usual: float) -> float:
        """A parameter that is a moment in RFC 3339."""
        text = self.query(name)
        if text is None:
            return usual
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return moment.timestamp()
        except (ValueError, OverflowError) as error:
            raise invalid(name, _NO_MOMENT) from error
        raise invalid(name, _NO_MOMENT)

    def window(self, usual: float) -> tuple[float, float]:
        """The moments `from` and `to`; without them the seconds until now."""
        end = self.moment("to", self.world.clock.now())
        start = self.moment("from", end - usual)
        if start >= end:
            raise invalid("from", "must be before to")
        if start < _EARLIEST or end > _LATEST:
            raise invalid("from", "and to must be of the years 2 to 9998")
        return start, end

    async def body(self, model: type[M]) -> M:
        """The body, once it is known to be acceptable; no body is an empty one."""
        raw = await self.request.body()
        media = self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if raw and media != "application/json":
            raise Refusal("unsupported_media_type", "the body must be application/json")
        return parsed(model, raw or b"{}")

    def page(self, items: Sequence[T], show: Callable[[T], Any]) -> JSONResponse:
        """One page of the items."""
        page = self.whole_number("page", 1)
        limit = self.whole_number("limit", _USUAL_PAGE, at_most=LARGEST_PAGE)
        shown = items[(page - 1) * limit : page * limit]
        body = {"items": [show(item) for item in shown], "total": len(items), "page": page, "limit": limit}
        return JSONResponse(body)


NO_CONTENT = 204


def parsed(model: type[M], raw: bytes) -> M:
    """The model that this JSON is; malformed JSON is told apart from wrong values."""
    try:
        from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise Refusal("bad_request", "the body is not valid JSON", details=str(error)) from error
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise _refusal(error) from error


def authorized(world: World, request: Request) -> bool:
    """Whether the request carries the key."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), world.api_key.encode())


def refused(refusal: Refusal) -> JSONResponse:
    """The answer to a request that was refused."""
    body = failure(refusal.code, refusal.message, details=refusal.details, scope=refusal.scope)
    return JSONResponse(body, refusal.status or STATUS[refusal.code])


def let_in(world: World, request: Request) -> str:
    """The project that the request is for, once its key is known to open that."""
    if not authorized(world, request):
        raise Refusal("unauthorized", "a valid API key is required")
    parts: Mapping[str, str] = request.path_params
    if "org" not in parts:
        return world.project_ids[0]
    if parts["org"] != world.org_id:
        raise Refusal("forbidden", f"the API key has no access to organization {parts['org']!r}")
    if parts["project"] not in world.project_ids:
        raise not_found("Project", parts["project"])
    return parts["project"]


def _refusal(error: ValidationError) -> Refusal:
    problems = [_problem(details) for details in error.errors(include_url=False, include_input=False)]
    fields = ", ".join(path for path, _ in problems if path)
    said = "; ".join(f"{path}: {text}" if path else text for path, text in problems)
    return Refusal("validation_error", said, details=fields or None)


def _problem(details: ErrorDetails) -> tuple[str, str]:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in details["loc"])
    return path.removeprefix("."), details["msg"].removeprefix("Value error, ")
