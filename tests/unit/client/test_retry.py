"""Rules of retries that the tests of the transport do not cover."""

import pytest

from neev_provider.client.http.retry import had_no_effect, parse_retry_after
from neev_provider.core import errors


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("0", 0),
        ("7", 7),
        (" 1.5 ", 1.5),
        ("61", 60),
        ("Thu, 01 Jan 1970 00:01:47 GMT", 7),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 0),
        ("Thu, 01 Jan 1970 01:00:00 GMT", 60),
    ],
)
def test_retry_after_is_parsed_as_seconds_or_a_date_up_to_one_minute(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, now=100) == seconds


@pytest.mark.parametrize(
    ("error", "nothing"),
    [
        (errors.RequestNotSent("x"), True),
        (errors.RateLimited(429), True),
        (errors.Unavailable(503, retry_after=0.0), True),
        (errors.Unavailable(503), False),
        (errors.Unavailable(500, retry_after=1.0), False),
        (errors.OutcomeUnknown("x"), False),
        (errors.UnexpectedResponse(200), False),
        (ValueError(), False),
    ],
)
def test_had_no_effect_is_true_only_if_the_request_was_certainly_not_executed(
    error: Exception, *, nothing: bool
) -> None:
    assert had_no_effect(error) is nothing
