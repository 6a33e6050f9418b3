"""The decisions of the schedule as a table: pending items, previous reads and the next read."""

from collections.abc import Sequence

import pytest

from neev_provider.client.polling.schedule import History, Pending, PollAll, ProbeOne, Sleep, next_read

NOW = 100.0
MANY = [str(number) for number in range(250)]


def request_all(ids: Sequence[str], *, at: float = NOW, max_delay: float = 1.0) -> list[Pending]:
    return [Pending(id, at, max_delay) for id in ids]


def new_history(ids: Sequence[str], *, at: float = NOW) -> History:
    return History(at, frozenset(ids))


@pytest.mark.parametrize(
    ("pending", "history", "expected"),
    [
        pytest.param(request_all("a"), History(), Sleep(1), id="one item, not due"),
        pytest.param(request_all("a", at=NOW - 1), History(), PollAll(), id="one item, due"),
        pytest.param(
            [*request_all("a", max_delay=9), *request_all("b", max_delay=2)],
            History(),
            Sleep(2),
            id="sleep until the first item is due",
        ),
        pytest.param(request_all("a", max_delay=0), new_history("a"), PollAll(), id="a single item is not delayed"),
        pytest.param(request_all("ab", max_delay=0), new_history("ab"), Sleep(0.05), id="two items share a poll"),
        pytest.param(
            request_all(MANY[:50], max_delay=0),
            new_history(MANY[:50]),
            Sleep(0.35),
            id="50 items share a poll after a longer delay",
        ),
        pytest.param(request_all("abc"), new_history("abcd"), Sleep(0.1), id="one of four completed"),
        pytest.param(
            request_all("abc"),
            new_history("abcd", at=NOW - 0.1),
            PollAll(),
            id="one of four completed, and the others are due",
        ),
        pytest.param(request_all(MANY[:150]), new_history(MANY), Sleep(0.2), id="the delay is doubled for two pages"),
        pytest.param(request_all(MANY[1:90]), new_history(MANY[:90]), Sleep(1), id="one of 90 completed"),
        pytest.param(request_all("x"), new_history("abcd"), Sleep(1), id="all completed, and one new item"),
        pytest.param(request_all("abc"), new_history("abc"), Sleep(1), id="none completed"),
        pytest.param(request_all(MANY, at=NOW - 1), History(), PollAll(), id="new items are polled"),
        pytest.param(request_all(MANY), new_history(MANY), Sleep(1), id="a probe waits until it is due"),
        pytest.param(
            request_all(MANY, at=NOW - 1),
            new_history(MANY, at=NOW - 1),
            ProbeOne("0"),
            id="one of many items is probed",
        ),
        pytest.param(
            [*request_all(MANY[:200], at=NOW - 1), *request_all(MANY[200:], at=NOW - 2, max_delay=2)],
            new_history(MANY, at=NOW - 2),
            ProbeOne("200"),
            id="the item that is awaited longest is probed",
        ),
        pytest.param(
            [*request_all(MANY[:200], at=NOW - 1), *request_all(MANY[200:], at=NOW - 2, max_delay=2)],
            new_history(MANY, at=NOW - 2).add_probe(NOW - 1, "200"),
            ProbeOne("201"),
            id="a probed item is not probed again",
        ),
        pytest.param(
            request_all(MANY, at=NOW - 1),
            new_history(MANY, at=NOW - 1).add_probe(NOW - 0.4, "249"),
            Sleep(0.6),
            id="a recent probe delays all due items",
        ),
        pytest.param(
            request_all(MANY, at=NOW - 9),
            new_history(MANY, at=NOW - 9).add_probe(NOW - 2, "248").add_probe(NOW - 1, "249"),
            PollAll(),
            id="probes cost no more than a poll",
        ),
        pytest.param(
            request_all(MANY[1:]),
            new_history(MANY).add_probe(NOW, "0"),
            PollAll(),
            id="a probed item completed: poll all",
        ),
        pytest.param(
            [*request_all(MANY), *request_all(["new"], at=NOW - 1)],
            new_history(MANY),
            Sleep(0.05 * 250**0.5),
            id="a new item ends the probes",
        ),
        pytest.param(
            request_all(MANY[:100], at=NOW - 1), new_history(MANY[:100], at=NOW - 1), PollAll(), id="one page"
        ),
    ],
)
def test_next_read_follows_from_the_pending_items_and_the_history(
    pending: list[Pending], history: History, expected: ProbeOne | PollAll | Sleep
) -> None:
    decision = next_read(NOW, pending, history)
    if isinstance(expected, Sleep):
        assert isinstance(decision, Sleep)
        assert decision.seconds == pytest.approx(expected.seconds)
    else:
        assert decision == expected
