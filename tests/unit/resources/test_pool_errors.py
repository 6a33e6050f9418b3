"""The error for a pool in which members failed."""

from neev_provider.core.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    NeevError,
    OperationFailed,
    OutcomeUnknown,
    RateLimited,
)
from neev_provider.resources.pool.errors import aggregate_error


def test_the_error_groups_the_failed_members_by_reason() -> None:
    refused = {
        f"fleet-{n}": InvalidRequest(400, "no such image", code="bad_request", request_id=f"r{n}") for n in range(2)
    }
    late = {"fleet-7": DeadlineExceeded("waiting until it is Ready", 20, "Pending")}
    error = aggregate_error({**refused, **late}, "of 9 members failed")
    assert str(error) == (
        "3 of 9 members failed. The request was answered with 400 bad_request: no such image (request id r0) "
        "(fleet-0, fleet-1). waiting until it is Ready: not done after 20 s; last seen: Pending (fleet-7). "
        "Correct the inputs that the message names."
    )


def test_the_error_for_a_thousand_members_is_short() -> None:
    error = aggregate_error(
        {f"fleet-{n}": OperationFailed(f"reason {n % 7}") for n in range(1000)}, "of 1000 members failed"
    )
    assert "and 133 more" in str(error)
    assert "And 2 other reasons." in str(error)
    assert len(str(error)) < 1000


def test_the_error_is_cancelled_if_all_members_were_cancelled() -> None:
    stopped = aggregate_error({name: Cancelled(name) for name in ("a", "b")}, "of 2 members failed")
    assert isinstance(stopped, Cancelled)
    mixed = aggregate_error({"a": Cancelled("a"), "b": RateLimited(429, "slow down")}, "of 2 members failed")
    assert not isinstance(mixed, Cancelled)
    assert isinstance(mixed, NeevError)


def test_an_unexpected_exception_is_returned_unchanged() -> None:
    bug = KeyError("bug")
    assert aggregate_error({"a": OperationFailed("reason"), "b": bug}, "of 2 members failed") is bug


def test_the_hint_for_unknown_outcomes_is_to_run_the_command_again() -> None:
    """No member has to be imported or deleted manually."""
    error = aggregate_error(
        {f"f-{n}": OutcomeUnknown(f"f-{n} has not appeared since") for n in range(3)}, "of 9 members failed"
    )
    assert str(error) == (
        "3 of 9 members failed. f-0 has not appeared since (f-0, f-1, f-2). "
        "Run the same command again: what has appeared by then is taken, and the rest is made."
    )
