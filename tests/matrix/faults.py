"""The faults, what an error message has to name for each, and the calls that cannot meet it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

REQUEST_TIMEOUT = 2
"""The request timeout in these tests, in seconds."""
SLOW_PHASE_SECONDS = 1000
"""The delay of a stuck phase in seconds. The clock advances by as much before the second command."""
OPERATION_TIMEOUT = "12s"
"""The timeout of a resource whose phase does not come, or whose connection is refused."""


@dataclass(frozen=True, eq=False)
class Fault:
    """One way in which a call fails."""

    name: str
    title: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    cause: str = ""
    """The text that a message about it contains."""
    terraform_cause: str = ""
    """The text in the words of Terraform, if it is another."""
    only: tuple[str, ...] | None = None
    """The calls that can meet it, or ``None`` for all."""
    repeated: bool = False
    """Whether it proves that the call had no effect, so that every call is sent again."""
    final: bool = False
    """Whether no call is sent again after it, so that it cannot last."""
    not_for: str = ""
    """The reason why the other calls cannot meet it."""

    def can_hit(self, api_call: str) -> bool:
        """Return whether the call can meet the fault."""
        return self.only is None or api_call in self.only


TRANSITION_CALLS = ("create", "fork", "snapshot", "pause", "resume", "rollback", "delete")
NOT_A_LIST_REASON = "its answer is no list"
NO_WAIT_REASON = "nothing is waited for after it"

REFUSED = Fault("refused", "connection refused", "refused", {}, "no connection to", repeated=True)
"""Nothing listens at the address. This affects a whole command, not one resource of it."""
STUCK_PHASE = Fault(
    "never",
    "phase that is never reached",
    "slow_phase",
    {"seconds": SLOW_PHASE_SECONDS},
    "not done after",
    only=TRANSITION_CALLS,
    not_for=NO_WAIT_REASON,
)
REFRESH_CALLS = ("delete", "get", "list")
OTHER_RESOURCES_REASON = "it would mean other resources"
ACCOUNT = Fault(
    "account",
    "another account",
    "account",
    {},
    "neev:projectId",
    "`project_id`",
    only=REFRESH_CALLS,
    not_for=OTHER_RESOURCES_REASON,
)
"""The settings name another project. This affects a whole command, too."""
ENDPOINT = Fault(
    "endpoint",
    "another endpoint",
    "endpoint",
    {},
    "neev:baseUrl",
    "`base_url`",
    only=REFRESH_CALLS,
    not_for=OTHER_RESOURCES_REASON,
)
"""The settings name another service, which has no object of the stack."""
COMMAND_FAULTS = (REFUSED, ACCOUNT, ENDPOINT)
"""The faults of a whole command, not of one call."""
REJECTED_FAULTS = (
    REFUSED,
    Fault("s429", "429, Retry-After", "status", {"status": 429, "retry_after": 1}, "answered with 429", repeated=True),
)
INJECTED_FAULTS = (
    Fault("late-before", "timeout, not executed", "delay", {}, f"no answer within {REQUEST_TIMEOUT} s"),
    Fault("late-after", "timeout, executed", "delay", {"execute_first": True}, f"no answer within {REQUEST_TIMEOUT} s"),
    Fault("cut", "truncated response", "truncate_body", {}, "the connection was lost"),
    Fault("s408", "408, executed", "status", {"status": 408, "execute_first": True}, "answered with 408"),
    Fault("s425", "425, executed", "status", {"status": 425, "execute_first": True}, "answered with 425"),
    Fault("s500", "500, not executed", "status", {"status": 500}, "answered with 500"),
    Fault("s500-done", "500, executed", "status", {"status": 500, "execute_first": True}, "answered with 500"),
    Fault("s502", "502, executed", "status", {"status": 502, "execute_first": True}, "answered with 502"),
    Fault("s503", "503, not executed", "status", {"status": 503}, "answered with 503"),
    Fault("malformed", "malformed JSON", "malformed_body", {}, "the JSON is cut off or malformed"),
    Fault("web-page", "HTML page", "wrong_content_type", {}, "content type 'text/html"),
    Fault("page-404", "HTML 404", "page", {"status": 404}, "answered with 404", final=True),
    Fault("media-type", "wrong case of the media type", "media_type"),
    Fault("truncated", "list with half of its items", "truncated_list", {}, only=("list",), not_for=NOT_A_LIST_REASON),
    Fault("unknown", "unknown phase", "unknown_phase", {"phase": "Hibernating"}),
    STUCK_PHASE,
)
REDIRECTED_FAULTS = (ACCOUNT, ENDPOINT)


FAULTS = REJECTED_FAULTS + REDIRECTED_FAULTS + INJECTED_FAULTS
