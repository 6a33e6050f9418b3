"""Which responses are accepted, and that errors about the others show no values."""

import pytest
from pydantic import ValidationError

from neev_provider.client.models import ApiObject, Page, build_parser, ignore_body, parse_timestamp


class Widget(ApiObject):
    size: int | None = None


def test_unknown_fields_of_a_newer_api_are_ignored() -> None:
    assert build_parser(Widget)({"id": "a", "size": 1, "colour": "red"}) == Widget(id="a", size=1)


def test_responses_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Widget(id="a").id = "b"  # type: ignore[misc]  # what is tested


@pytest.mark.parametrize("items", [None, []])
def test_a_page_with_null_or_empty_items_is_empty(items: object) -> None:
    assert build_parser(Page[Widget])({"items": items, "total": 0}).items == ()


def test_an_invalid_response_is_reported_with_field_names_and_without_values() -> None:
    with pytest.raises(ValueError, match=r"^items\.0\.size: Input should be a valid integer") as caught:
        build_parser(Page[Widget])({"items": [{"id": "a", "size": "hunter2"}], "total": 1})
    assert "hunter2" not in str(caught.value)


def test_a_validation_error_does_not_show_the_response() -> None:
    with pytest.raises(ValidationError) as caught:
        Widget.model_validate({"id": "a", "size": "hunter2"})
    assert "hunter2" not in f"{caught.value} {caught.value!r}"


def test_only_the_first_validation_errors_are_reported() -> None:
    with pytest.raises(ValueError, match="items") as caught:
        build_parser(Page[Widget])({"items": [{}] * 50, "total": 1})
    assert str(caught.value) == "; ".join(f"items.{number}.id: Field required" for number in range(3))


def test_a_response_that_is_not_an_object_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"^response: "):
        build_parser(Widget)(None)


def test_an_ignored_response_body_may_have_any_content() -> None:
    ignore_body({"a": 1})
    ignore_body(None)


@pytest.mark.parametrize(
    ("moment", "since_1970"),
    [
        ("1970-01-01T00:00:07Z", 7.0),
        ("1970-01-01T00:00:07.25+00:00", 7.25),
        ("1970-01-01T01:00:07+01:00", 7.0),
        ("1970-01-01T00:00:07", None),
        ("now", None),
        ("", None),
        (None, None),
    ],
)
def test_a_timestamp_is_parsed_only_if_it_is_valid_and_has_a_time_zone(
    moment: str | None, since_1970: float | None
) -> None:
    assert parse_timestamp(moment) == since_1970
