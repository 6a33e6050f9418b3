"""Which object is adopted after a create with an unknown outcome, and which is not."""

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
    """Return an object created so many seconds after the start of the test."""
    return CreatedObject(datetime.fromtimestamp(EPOCH + seconds, UTC).isoformat())


class UnclearCreator:
    """A create with an unknown outcome; each lookup returns the next of the lists."""

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


async def test_a_successful_create_is_not_looked_up() -> None:
    creator = UnclearCreator(errors.RequestNotSent("not used"))

    async def create() -> CreatedObject:
        return created_after(5)

    found = await create_or_adopt(
        create, creator.list_candidates, subject="x", clock=creator.clock, server_clock=ServerClock(creator.clock)
    )
    assert found == created_after(5)
    assert creator.clock.sleep_calls == []


@pytest.mark.parametrize("moment", [0.0, 0.5, 100.0, -CREATED_AT_TOLERANCE])
async def test_an_object_created_after_the_request_is_adopted(moment: float) -> None:
    creator = UnclearCreator([created_after(moment)])
    assert await creator.create_or_adopt() == created_after(moment)
    assert (creator.create_count, creator.clock.sleep_calls) == (1, [LOOKUP_DELAYS[0]])


async def test_an_object_that_appears_late_is_adopted() -> None:
    creator = UnclearCreator([], [], [created_after(3)])
    assert await creator.create_or_adopt() == created_after(3)
    assert creator.clock.sleep_calls == list(LOOKUP_DELAYS[:3])


async def test_lookups_are_retried_after_transient_errors() -> None:
    creator = UnclearCreator(
        errors.Unavailable(503), errors.RequestNotSent("x"), errors.RateLimited(429), [created_after(3)]
    )
    assert await creator.create_or_adopt() == created_after(3)


async def test_the_object_is_looked_up_even_if_the_user_cancels() -> None:
    stop = asyncio.Event()
    stop.set()
    creator = UnclearCreator([], [created_after(3)])

    async def candidates() -> Iterable[CreatedObject]:
        return await wait_before_send(creator.list_candidates, action="GET /sandboxes", last_status="nothing")

    with send_deadline(Deadline(1, SYSTEM_CLOCK, stop)):
        found = await create_or_adopt(
            creator.create, candidates, subject="it", clock=creator.clock, server_clock=ServerClock(creator.clock)
        )
    assert found == created_after(3)


async def test_a_permanent_error_of_a_lookup_is_raised() -> None:
    with pytest.raises(errors.Unauthorized):
        await UnclearCreator(errors.Unauthorized(401)).create_or_adopt()


async def test_an_older_object_of_the_same_name_is_ignored() -> None:
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
    ids=["just before", "long before", "no time", "invalid time", "two objects"],
)
async def test_an_object_that_may_not_be_from_this_create_is_never_adopted(shown: list[CreatedObject]) -> None:
    creator = UnclearCreator(shown)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        await creator.create_or_adopt()
    assert str(caught.value) == (
        "POST /sandboxes: no answer within 30 s. The sandbox n exists, but is not what this request asked for. "
        "Use another name, or import or delete that one."
    )
    assert creator.create_count == 1
    assert creator.clock.sleep_calls == list(LOOKUP_DELAYS)


async def test_an_object_that_never_appears_raises_outcome_unknown_with_its_name() -> None:
    creator = UnclearCreator([])
    with pytest.raises(errors.OutcomeUnknown) as caught:
        await creator.create_or_adopt()
    assert str(caught.value) == (
        "POST /sandboxes: no answer within 30 s. The sandbox n has not appeared since. "
        "If it appears later, import or delete it; else run the same command again."
    )
    assert creator.create_count == 1


@pytest.mark.parametrize("ending", [errors.Conflict(409), errors.RequestNotSent("x"), errors.InvalidRequest(422)])
async def test_a_definite_failure_is_not_looked_up(ending: errors.NeevError) -> None:
    creator = UnclearCreator([created_after(1)], ending=ending)
    with pytest.raises(type(ending)):
        await creator.create_or_adopt()
    assert creator.clock.sleep_calls == []


async def test_lookups_without_a_result_return_none() -> None:
    clock = FakeClock()

    async def look() -> str | None:
        return None

    assert await poll_for(look, clock=clock) is None
    assert clock.sleep_calls == list(LOOKUP_DELAYS)
