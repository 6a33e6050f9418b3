"""Each timer is due once, at its earliest time."""

from neev_emulator.state.timers import TimerKey, TimerQueue

WEB, OTHER = TimerKey("Sandbox", "web"), TimerKey("Sandbox", "other")


def test_keys_come_up_in_the_order_of_their_moments_and_not_before() -> None:
    calendar = TimerQueue()
    calendar.schedule(WEB, 20)
    calendar.schedule(OTHER, 10)
    assert (
        calendar.next_due_at(),
        calendar.pop_due(5),
        calendar.pop_due(10),
        calendar.pop_due(10),
        calendar.pop_due(20),
    ) == (
        10,
        None,
        OTHER,
        None,
        WEB,
    )


def test_a_key_that_is_planned_again_comes_up_at_the_earlier_moment_only() -> None:
    calendar = TimerQueue()
    for moment in (30, 10, 20):
        calendar.schedule(WEB, moment)
    assert [calendar.pop_due(100), calendar.pop_due(100)] == [WEB, None]


def test_a_key_can_be_planned_again_once_it_came_up() -> None:
    calendar = TimerQueue()
    calendar.schedule(WEB, 10)
    assert calendar.pop_due(10) == WEB
    calendar.schedule(WEB, 15)
    assert (calendar.pop_due(14), calendar.pop_due(15)) == (None, WEB)


def test_planning_the_same_thing_often_takes_no_more_room() -> None:
    calendar = TimerQueue()
    for moment in range(1000, 5000):
        calendar.schedule(WEB, moment)
    assert len(calendar._heap) == 1


def test_an_empty_calendar_has_nothing_to_come() -> None:
    assert (TimerQueue().next_due_at(), TimerQueue().pop_due(1e12)) == (None, None)
