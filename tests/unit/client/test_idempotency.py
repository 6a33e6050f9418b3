"""What is taken for ours after an unclear answer, and what is not."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from tests.fakes.clock import EPOCH, FakeClock

from neev_provider.client.http.idempotency import LOOKUP_DELAYS, CREATED_AT_TOLERANCE, poll_for, create_or_adopt
from neev_provider.client.http.server_clock import ServerClock
from neev_provider.core import errors
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.wait import Deadline, wait_before_send, send_deadline


@dataclass(frozen=True)
class Made:
    created_at: str | None


def made(seconds: float) -> Made:
    """Return something made so many seconds after the test began."""
    return Made(datetime.fromtimestamp(EPOCH + seconds, UTC).isoformat())


class Maker:
    """Makes something with an unclear answer, after which each look shows the next of the lists."""

    def __init__(self, *shown: Iterable[Made] | errors.NeevError, ending: Exception | None = None) -> None:
        self.clock = FakeClock()
        self.ending = ending or errors.OutcomeUnknown("POST /sandboxes: no answer within 30 s")
        self.made = 0
        self._shown = list(shown)

    async def make(self) -> Made:
        self.made += 1
        raise self.ending

    async def candidates(self) -> Iterable[Made]:
        shown = self._shown.pop(0) if len(self._shown) > 1 else self._shown[0]
        if isinstance(shown, errors.NeevError):
            raise shown
        return shown

    async def once(self) -> Made:
        return await create_or_adopt(
            self.make,
            self.candidates,
            subject="the sandbox n",
            clock=self.clock,
            server_clock=ServerClock(self.clock),
        )


async def test_what_was_made_with_a_clear_answer_is_not_looked_for() -> None:
    maker = Maker(errors.RequestNotSent("nobody asks"))

    async def make() -> Made:
        return made(5)

    found = await create_or_adopt(
        make, maker.candidates, subject="x", clock=maker.clock, server_clock=ServerClock(maker.clock)
    )
    assert found == made(5)
    assert maker.clock.slept == []


@pytest.mark.parametrize("moment", [0.0, 0.5, 100.0, -CREATED_AT_TOLERANCE])
async def test_one_made_since_is_taken_for_ours(moment: float) -> None:
    maker = Maker([made(moment)])
    assert await maker.once() == made(moment)
    assert (maker.made, maker.clock.slept) == (1, [LOOKUP_DELAYS[0]])


async def test_it_may_appear_late() -> None:
    maker = Maker([], [], [made(3)])
    assert await maker.once() == made(3)
    assert maker.clock.slept == list(LOOKUP_DELAYS[:3])


async def test_looks_that_fail_in_passing_are_repeated() -> None:
    maker = Maker(errors.Unavailable(503), errors.RequestNotSent("x"), errors.RateLimited(429), [made(3)])
    assert await maker.once() == made(3)


async def test_what_may_be_there_is_looked_for_even_when_the_user_asks_to_stop() -> None:
    stop = asyncio.Event()
    stop.set()
    maker = Maker([], [made(3)])

    async def candidates() -> Iterable[Made]:
        return await wait_before_send(maker.candidates, action="GET /sandboxes", last_status="nothing")

    with send_deadline(Deadline(1, SYSTEM_CLOCK, stop)):
        found = await create_or_adopt(
            maker.make, candidates, subject="it", clock=maker.clock, server_clock=ServerClock(maker.clock)
        )
    assert found == made(3)


async def test_looks_that_fail_for_good_are_the_error() -> None:
    with pytest.raises(errors.Unauthorized):
        await Maker(errors.Unauthorized(401)).once()


async def test_older_ones_of_the_same_name_are_passed_over() -> None:
    assert await Maker([made(-3600), made(2)]).once() == made(2)


@pytest.mark.parametrize(
    "shown",
    [[made(-CREATED_AT_TOLERANCE - 0.01)], [made(-3600)], [Made(None)], [Made("yesterday")], [made(1), made(2)]],
    ids=["just before", "long before", "no time", "no readable time", "two"],
)
async def test_one_that_cannot_be_told_to_be_ours_is_never_taken(shown: list[Made]) -> None:
    maker = Maker(shown)
    with pytest.raises(errors.OutcomeUnknown) as caught:
        await maker.once()
    assert str(caught.value) == (
        "POST /sandboxes: no answer within 30 s. The sandbox n exists, but is not what this request asked for. "
        "Use another name, or import or delete that one."
    )
    assert maker.made == 1
    assert maker.clock.slept == list(LOOKUP_DELAYS)


async def test_one_that_never_appears_is_an_error_that_names_it_and_what_happened() -> None:
    maker = Maker([])
    with pytest.raises(errors.OutcomeUnknown) as caught:
        await maker.once()
    assert str(caught.value) == (
        "POST /sandboxes: no answer within 30 s. The sandbox n has not appeared since. "
        "If it appears later, import or delete it; else run the same command again."
    )
    assert maker.made == 1


@pytest.mark.parametrize("ending", [errors.Conflict(409), errors.RequestNotSent("x"), errors.InvalidRequest(422)])
async def test_a_clear_failure_is_not_looked_into(ending: errors.NeevError) -> None:
    maker = Maker([made(1)], ending=ending)
    with pytest.raises(type(ending)):
        await maker.once()
    assert maker.clock.slept == []


async def test_a_look_in_vain_ends_with_none() -> None:
    clock = FakeClock()

    async def look() -> str | None:
        return None

    assert await poll_for(look, clock=clock) is None
    assert clock.slept == list(LOOKUP_DELAYS)
