"""The rules of repetition that the transport's tests do not show."""

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
def test_a_retry_after_is_seconds_or_a_date_and_at_most_a_minute(header: str | None, seconds: float | None) -> None:
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
def test_nothing_was_done_only_where_the_server_or_the_network_says_so(error: Exception, *, nothing: bool) -> None:
    assert had_no_effect(error) is nothing
