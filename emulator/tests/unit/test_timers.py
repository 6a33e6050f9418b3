"""The timer queue: each key is due once, at its earliest time."""

from neev_emulator.state.timers import TimerKey, TimerQueue

WEB, OTHER = TimerKey("Sandbox", "web"), TimerKey("Sandbox", "other")


def test_keys_are_due_in_the_order_of_their_times() -> None:
    queue = TimerQueue()
    queue.schedule(WEB, 20)
    queue.schedule(OTHER, 10)
    assert (
        queue.next_due_at(),
        queue.pop_due(5),
        queue.pop_due(10),
        queue.pop_due(10),
        queue.pop_due(20),
    ) == (
        10,
        None,
        OTHER,
        None,
        WEB,
    )


def test_a_key_scheduled_several_times_is_due_once_at_the_earliest_time() -> None:
    queue = TimerQueue()
    for time in (30, 10, 20):
        queue.schedule(WEB, time)
    assert [queue.pop_due(100), queue.pop_due(100)] == [WEB, None]


def test_a_key_can_be_scheduled_again_after_it_was_due() -> None:
    queue = TimerQueue()
    queue.schedule(WEB, 10)
    assert queue.pop_due(10) == WEB
    queue.schedule(WEB, 15)
    assert (queue.pop_due(14), queue.pop_due(15)) == (None, WEB)


def test_scheduling_one_key_repeatedly_does_not_grow_the_heap() -> None:
    queue = TimerQueue()
    for time in range(1000, 5000):
        queue.schedule(WEB, time)
    assert len(queue._heap) == 1


def test_an_empty_queue_has_no_due_keys() -> None:
    assert (TimerQueue().next_due_at(), TimerQueue().pop_due(1e12)) == (None, None)
