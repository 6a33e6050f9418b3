"""The text and the attributes of the errors."""

import inspect
from collections.abc import Callable

import pytest

from neev_provider.core import errors
from neev_provider.core.errors import (
    ApiError,
    Cancelled,
    ConfigError,
    DeadlineExceeded,
    Forbidden,
    InputError,
    NeevError,
    OperationFailed,
    OutcomeUnknown,
    QuotaExceeded,
    RequestNotSent,
    RuntimeRejected,
    Unavailable,
)

CLASSES = [
    getmember for _, getmember in inspect.getmembers(errors, inspect.isclass) if getmember.__module__ == errors.__name__
]


def test_the_class_tree_in_the_docstring_lists_every_error_class() -> None:
    drawn = {line.split("─ ")[-1].split()[0] for line in (errors.__doc__ or "").splitlines() if "─" in line}
    assert drawn | {"NeevError"} == {class_.__name__ for class_ in CLASSES}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_class_documents_when_it_is_raised(kind: type[NeevError]) -> None:
    assert issubclass(kind, NeevError)
    assert len((kind.__doc__ or "").strip().splitlines()) > 2


def test_an_api_error_contains_the_code_request_id_scope_and_hint() -> None:
    error = QuotaExceeded(
        403,
        "no sandboxes left.",
        code="sandbox_quota_exceeded",
        details="20 of 20 in use",
        scope="project",
        request_id="r-1",
        method="POST",
        path="/sandboxes",
    )
    assert str(error) == (
        "POST /sandboxes was answered with 403 sandbox_quota_exceeded: no sandboxes left.; 20 of 20 in use "
        "(limit of the project, request id r-1). Delete what is no longer needed, or ask NeevAI for a higher quota; "
        "then run the same command again."
    )
    assert isinstance(error, Forbidden)
    assert error.scope == "project"


def test_an_api_error_without_a_message_has_a_default_summary() -> None:
    assert ApiError(500, hint="").summary == "The request was answered with 500: the API gave no reason."


def test_an_api_error_without_a_response_has_its_own_summary() -> None:
    error = Unavailable(0, "no answer within 30 s", method="GET", path="/sandboxes")
    assert error.summary == "GET /sandboxes was answered with nothing: no answer within 30 s."


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (lambda: ConfigError("neev:orgId is missing", hint="Set it."), "neev:orgId is missing. Set it."),
        (lambda: ConfigError("Is it there?"), "Is it there?"),
        (lambda: ConfigError("It is there."), "It is there."),
        (lambda: InputError("egress.allow[0].host", "not a domain"), "egress.allow[0].host: not a domain."),
        (lambda: InputError("cpu", "too big", hint="Take less."), "cpu: too big. Take less."),
        (
            lambda: RuntimeRejected("not_found", "no tool", subject="tool", hint="Look."),
            "tool: the sandbox refuses (not_found): no tool. Look.",
        ),
        (lambda: RequestNotSent("no connection"), f"no connection. {RequestNotSent.default_hint}"),
        (lambda: OutcomeUnknown("lost!"), f"lost! {OutcomeUnknown.default_hint}"),
        (
            lambda: DeadlineExceeded("waiting", 12.4, "Pending", hint="Wait."),
            "waiting: not done after 12 s; last seen: Pending. Wait.",
        ),
        (lambda: OperationFailed("no space", action="the snapshot s"), "the snapshot s: no space."),
        (lambda: OperationFailed("no space", hint="Make some."), "no space. Make some."),
        (lambda: OperationFailed("no space"), "no space."),
        (lambda: Cancelled("waiting", hint="Go on."), "waiting: stopped waiting, as asked. Go on."),
    ],
)
def test_every_error_text_is_a_summary_and_a_hint(error: Callable[[], NeevError], text: str) -> None:
    assert str(error()) == text


def test_errors_expose_their_parts_as_attributes() -> None:
    late, failed, wrong = (
        DeadlineExceeded("w", 1.5, "Pending"),
        OperationFailed("full", action="w"),
        InputError("cpu", "too big"),
    )
    assert (late.action, late.elapsed, late.last_status) == ("w", 1.5, "Pending")
    assert (failed.action, failed.reason) == ("w", "full")
    assert (wrong.path, wrong.reason) == ("cpu", "too big")
    assert Cancelled("w").action == "w"
    assert failed.args == ("w: full",)
    assert OperationFailed("full").action == ""
