"""What is taken for ours after an unclear answer, and what is not."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from tests.fakes.clock import EPOCH, FakeClock

from neev_provider.client.http.idempotency import CREATED_AT_TOLERANCE, LOOKUP_DELAYS, create_or_adopt, poll_for
from neev_provider.client.http.server_clock import ServerClock
from neev_provider.core import errors
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.wait import Deadline, send_deadline, wait_before_send


@dataclass(frozen=True)
class CreatedObject:
    created_at: str | None


def created_after(seconds: float) -> CreatedObject:
    """Return something made so many seconds after the test began."""
    return CreatedObject(datetime.fromtimestamp(EPOCH + seconds, UTC).isoformat())


class UnclearCreator:
    """Makes something with an unclear answer, after which each look shows the next of the lists."""

    def __init__(self, *shown: Iterable[CreatedObject] | errors.NeevError, ending: Exception | None = None) -> None:
        self.clock = FakeClock()
        self.outcome = ending or errors.OutcomeUnknown("POST /sandboxes: no answer within 30 s")
        self.create_count = 0
        self._listings = list(shown)

    async def create(self) -> CreatedObject:
        self.create_count += 1
        raise self.outcome

    async def list_candidates(self) -> Iterable[CreatedObject]:
        shown = self._listings.pop(0) if len(self._listings) > 1 else self._listings[0]
        if isinstance(shown, errors.NeevError):
            raise shown
        return shown

    async def create_or_adopt(self) -> CreatedObject:
        return await create_or_adopt(
            self.create,
            self.list_candidates,
            subject="the sandbox n",
            clock=self.clock,
            server_clock=ServerClock(self.clock),
        )


async def test_what_was_created_with_a_clear_response_is_not_looked_up() -> None:
    maker = UnclearCreator(errors.RequestNotSent("nobody asks"))

    async def make() -> CreatedObject:
        return created_after(5)

    found = await create_or_adopt(
        make, maker.list_candidates, subject="x", clock=maker.clock, server_clock=ServerClock(maker.clock)
    )
    assert found == created_after(5)
    assert maker.clock.sleep_calls == []


@pytest.mark.parametrize("moment", [0.0, 0.5, 100.0, -CREATED_AT_TOLERANCE])
async def test_one_created_since_is_adopted(moment: float) -> None:
    maker = UnclearCreator([created_after(moment)])
    assert await maker.create_or_adopt() == created_after(moment)
    assert (maker.create_count, maker.clock.sleep_calls) == (1, [LOOKUP_DELAYS[0]])


async def test_it_may_appear_late() -> None:
    maker = UnclearCreator([], [], [created_after(3)])
    assert await maker.create_or_adopt() == created_after(3)
    assert maker.clock.sleep_calls == list(LOOKUP_DELAYS[:3])


async def test_lookups_that_fail_in_passing_are_repeated() -> None:
    maker = UnclearCreator(
        errors.Unavailable(503), errors.RequestNotSent("x"), errors.RateLimited(429), [created_after(3)]
    )
    assert await maker.create_or_adopt() == created_after(3)


async def test_what_may_be_there_is_looked_for_even_when_the_user_cancels() -> None:
    stop = asyncio.Event()
    stop.set()
    maker = UnclearCreator([], [created_after(3)])

    async def candidates() -> Iterable[CreatedObject]:
        return await wait_before_send(maker.list_candidates, action="GET /sandboxes", last_status="nothing")

    with send_deadline(Deadline(1, SYSTEM_CLOCK, stop)):
        found = await create_or_adopt(
            maker.create, candidates, subject="it", clock=maker.clock, server_clock=ServerClock(maker.clock)
        )
    assert found == created_after(3)


async def test_lookups_that_fail_for_good_are_the_error() -> None:
    with pytest.raises(errors.Unauthorized):
        await UnclearCreator(errors.Unauthorized(401)).create_or_adopt()


async def test_older_ones_of_the_same_name_are_passed_over() -> None:
    assert await UnclearCreator([created_after(-3600), created_after(2)]).create_or_adopt() == created_after(2)


@pytest.mark.parametrize(
    "shown",
    [
        [created_after(-CREATED_AT_TOLERANCE - 0.01)],
        [created_after(-3600)],
        [CreatedObject(None)],
        [CreatedObject("yesterday")],
        [created_after(1), created_after(2)],
    ],
    ids=["just before", "long before", "no time", "no readable time", "two"],
)
async def test_one_that_cannot_be_proven_to_be_ours_is_never_adopted(shown: list[CreatedObject]) -> None:
    maker = UnclearCreator(shown)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        await maker.create_or_adopt()
    assert str(caught.value) == (
        "POST /sandboxes: no answer within 30 s. The sandbox n exists, but is not what this request asked for. "
        "Use another name, or import or delete that one."
    )
    assert maker.create_count == 1
    assert maker.clock.sleep_calls == list(LOOKUP_DELAYS)


async def test_one_that_never_appears_is_an_error_that_names_it_and_what_happened() -> None:
    maker = UnclearCreator([])
    with pytest.raises(errors.OutcomeUnknown) as caught:
        await maker.create_or_adopt()
    assert str(caught.value) == (
        "POST /sandboxes: no answer within 30 s. The sandbox n has not appeared since. "
        "If it appears later, import or delete it; else run the same command again."
    )
    assert maker.create_count == 1


@pytest.mark.parametrize("ending", [errors.Conflict(409), errors.RequestNotSent("x"), errors.InvalidRequest(422)])
async def test_a_clear_failure_is_not_looked_up(ending: errors.NeevError) -> None:
    maker = UnclearCreator([created_after(1)], ending=ending)
    with pytest.raises(type(ending)):
        await maker.create_or_adopt()
    assert maker.clock.sleep_calls == []


async def test_lookups_without_a_result_return_none() -> None:
    clock = FakeClock()

    async def look() -> str | None:
        return None

    assert await poll_for(look, clock=clock) is None
    assert clock.sleep_calls == list(LOOKUP_DELAYS)
