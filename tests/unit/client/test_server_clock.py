"""The server's time, estimated from the dates of its responses."""

from email.utils import formatdate

import pytest
from tests.fakes.clock import EPOCH, FakeClock

from neev_provider.client.http.server_clock import ServerClock, parse_date

AHEAD = 1000.25


def record_response(clock: FakeClock, server_clock: ServerClock, *, after: float = 0.2, ahead: float = AHEAD) -> None:
    """Record a response whose Date is the server's time, in whole seconds, in the middle of the exchange."""
    sent = clock.monotonic()
    clock.advance(after)
    date = formatdate(int(EPOCH + sent + after / 2 + ahead), usegmt=True)
    server_clock.record_date(date, sent_at=sent, received_at=clock.monotonic())


def test_the_server_time_is_the_local_time_before_the_first_response() -> None:
    clock = FakeClock()
    server_clock = ServerClock(clock)
    clock.advance(9)
    assert server_clock.now() == EPOCH + 9
    assert server_clock.earliest(4) == EPOCH + 4


def test_one_response_gives_the_server_time_to_within_a_second() -> None:
    clock = FakeClock()
    server_clock = ServerClock(clock)
    clock.advance(100)
    record_response(clock, server_clock)
    assert server_clock.now() == pytest.approx(clock.now() + AHEAD, abs=0.7)


def test_the_earliest_time_approaches_the_true_time_from_below() -> None:
    clock = FakeClock()
    server_clock = ServerClock(clock)
    for _ in range(50):
        record_response(clock, server_clock, after=0.17)
        assert server_clock.earliest(3) <= EPOCH + 3 + AHEAD
    assert server_clock.earliest(3) == pytest.approx(EPOCH + 3 + AHEAD, abs=0.3)


def test_the_estimate_follows_a_server_clock_that_was_changed() -> None:
    clock = FakeClock()
    server_clock = ServerClock(clock)
    record_response(clock, server_clock)
    record_response(clock, server_clock, ahead=-5000)
    assert server_clock.now() == pytest.approx(clock.now() - 5000, abs=0.7)


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_a_response_without_a_valid_date_is_ignored(date: str | None) -> None:
    server_clock = ServerClock(FakeClock())
    server_clock.record_date(date, sent_at=0, received_at=1)
    assert server_clock.now() == EPOCH
    assert parse_date(date) is None
