"""Base classes of the models of the API's responses."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from neev_provider.core.errors import UnexpectedResponse

ModelT = TypeVar("ModelT", bound=BaseModel)
ItemT = TypeVar("ItemT", bound="ApiObject")
QueryValue = str | int | Sequence[str] | None
"""A parameter of a query; a sequence repeats it."""


class ApiModel(BaseModel):
    """Part of a response: frozen. Fields that a newer API adds are ignored."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
        defer_build=True,
    )


class ApiObject(ApiModel):
    """An object of a list, with its id."""

    id: str


class Page(ApiModel, Generic[ItemT]):
    """One page of a list; an empty page may have no `items`."""

    items: Annotated[tuple[ItemT, ...], BeforeValidator(lambda items: () if items is None else items)]
    total: int
    page: int = 1
    limit: int = 100


def build_parser(model: type[ModelT]) -> Callable[[Any], ModelT]:
    """Return a parser for the model; its ValueError names the invalid fields, never their values."""

    def parse(content: Any) -> ModelT:
        try:
            return model.model_validate(content)
        except ValidationError as error:
            failures = _summarize_errors(error)
            texts = (f"{'.'.join(map(str, failure['loc'])) or 'response'}: {failure['msg']}" for failure in failures)
            raise ValueError("; ".join(texts)) from None

    return parse


def convert_response(model: type[ModelT], values: Any) -> ModelT:
    """Return the model with these values of a response that was parsed.

    Raises:
        UnexpectedResponse: the response lacks a value that the model requires; the message names it.
    """
    try:
        return build_parser(model)(values)
    except ValueError as error:
        raise UnexpectedResponse(HTTPStatus.OK, f"not the documented shape: {error}") from None


def ignore_body(_content: Any) -> None:
    """Accept any response."""


def parse_timestamp(moment: str | None) -> float | None:
    """Return the seconds since 1970 of an RFC 3339 time, or None if it is not one."""
    try:
        parsed = datetime.fromisoformat(moment or "")
    except ValueError:
        return None
    return parsed.timestamp() if parsed.tzinfo else None


def format_timestamp(moment: float, *, timespec: str = "milliseconds") -> str:
    """Return the RFC 3339 time of the seconds since 1970, with so many digits as `timespec` of ``isoformat`` says."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def _summarize_errors(error: ValidationError) -> list[Any]:
    """Return the first few errors; an invalid page has one for each item."""
    return list(error.errors(include_input=False, include_url=False, include_context=False))[:3]
