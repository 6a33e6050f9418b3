"""What is due comes up once, at its earliest moment."""

from neev_emulator.state.timers import Calendar, Key

WEB, OTHER = Key("Sandbox", "web"), Key("Sandbox", "other")


def test_keys_come_up_in_the_order_of_their_moments_and_not_before() -> None:
    calendar = Calendar()
    calendar.plan(WEB, 20)
    calendar.plan(OTHER, 10)
    assert (calendar.next_at(), calendar.pop(5), calendar.pop(10), calendar.pop(10), calendar.pop(20)) == (
        10,
        None,
        OTHER,
        None,
        WEB,
    )


def test_a_key_that_is_planned_again_comes_up_at_the_earlier_moment_only() -> None:
    calendar = Calendar()
    for moment in (30, 10, 20):
        calendar.plan(WEB, moment)
    assert [calendar.pop(100), calendar.pop(100)] == [WEB, None]


def test_a_key_can_be_planned_again_once_it_came_up() -> None:
    calendar = Calendar()
    calendar.plan(WEB, 10)
    assert calendar.pop(10) == WEB
    calendar.plan(WEB, 15)
    assert (calendar.pop(14), calendar.pop(15)) == (None, WEB)


def test_planning_the_same_thing_often_takes_no_more_room() -> None:
    calendar = Calendar()
    for moment in range(1000, 5000):
        calendar.plan(WEB, moment)
    assert len(calendar._heap) == 1


def test_an_empty_calendar_has_nothing_to_come() -> None:
    assert (Calendar().next_at(), Calendar().pop(1e12)) == (None, None)
