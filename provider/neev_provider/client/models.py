"""The ground that the models of the API's answers stand on."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

ModelT = TypeVar("ModelT", bound=BaseModel)
ItemT = TypeVar("ItemT", bound="ApiObject")


class ApiModel(BaseModel):
    """Part of an answer: frozen, and indifferent to fields that a newer API adds."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
        defer_build=True,
    )


class ApiObject(ApiModel):
    """Something that lists have, and that its id names."""

    id: str


class Page(ApiModel, Generic[ItemT]):
    """One page of a list; an empty one may come without items."""

    items: Annotated[tuple[ItemT, ...], BeforeValidator(lambda items: () if items is None else items)]
    total: int
    page: int = 1
    limit: int = 100


def build_parser(model: type[ModelT]) -> Callable[[Any], ModelT]:
    """Return what makes the model of an answer; its ValueError tells the fields at fault but never their values."""

    def parse(content: Any) -> ModelT:
        try:
            return model.model_validate(content)
        except ValidationError as error:
            faults = (
                f"{'.'.join(map(str, fault['loc'])) or 'answer'}: {fault['msg']}" for fault in _summarize_errors(error)
            )
            raise ValueError("; ".join(faults)) from None

    return parse


def ignore_body(_content: Any) -> None:
    """Accept any answer and keep nothing of it."""


def parse_timestamp(moment: str | None) -> float | None:
    """Return the seconds since 1970 of an RFC 3339 time, or None where it is none."""
    try:
        parsed = datetime.fromisoformat(moment or "")
    except ValueError:
        return None
    return parsed.timestamp() if parsed.tzinfo else None


def _summarize_errors(error: ValidationError) -> list[Any]:
    """Return the first few faults; a wrong page would name each item."""
    return list(error.errors(include_input=False, include_url=False, include_context=False))[:3]
