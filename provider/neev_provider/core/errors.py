"""Errors that the user can see, by what the user does next.

NeevError
├── ConfigError           settings are missing or wrong: fix the configuration
├── InputError            an input is wrong: fix the program
├── ApiError              the API's response is an error
│   ├── Unauthorized      401: the key is not accepted
│   ├── PaymentRequired   402: the organization has to pay first
│   ├── Forbidden         403: the key may not do this
│   │   └── QuotaExceeded a limit of the project or organization is reached
│   ├── NotFound          404: it does not exist
│   ├── ProjectNotFound   404: the project itself does not exist
│   ├── Conflict          409: an existing object or its phase prevents it
│   ├── InvalidRequest    400, 422: the API refuses the values
│   ├── RateLimited       429, still after every retry
│   ├── Unavailable       5xx, 408, 425, 499 or no response, still after every retry
│   └── UnexpectedResponse a response that the API does not document
├── RuntimeRejected       the sandbox rejects the request: it did nothing
├── RequestNotSent        no connection to the API: the request had no effect
├── OutcomeUnknown        a write may or may not have happened
├── DeadlineExceeded      a wait reached its deadline
├── OperationFailed       the API reports that the operation failed
└── Cancelled             the user asked to stop
"""

from typing import ClassVar

from neev_provider.core.hints import Hint


class NeevError(Exception):
    """An error that the user can act on.

    Raised only as one of its subclasses.
    `str()` gives one short paragraph: what failed, what the API said, and what to do next. An adapter renders it for
    its engine, whose words for a hint and for "the setting `orgId`" are the adapter's.
    """

    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint

    @property
    def summary(self) -> str:
        """Return what happened, as a sentence without the hint."""
        return _end_sentence(self.message)

    def __str__(self) -> str:
        return f"{self.summary} {self.hint}".strip()


class ConfigError(NeevError):
    """A setting of the provider is missing or invalid.

    Raised before anything is sent. The reader sets the key or the variable that the message names.
    """


class InputError(NeevError):
    """An input of a resource or function is invalid.

    Raised before anything is sent. The reader corrects the property at `path` in the program.
    """

    def __init__(self, path: str, reason: str, *, hint: str | None = None) -> None:
        super().__init__(f"{path}: {reason}" if path else reason, hint=hint)
        self.path = path
        self.reason = reason


class ApiError(NeevError):
    """The API's response to a request is an error.

    `status` is 0 if there was no response; `retry_after` is in seconds. The reader follows the hint, or asks support.
    """

    default_hint = "If it happens again, give the request id to NeevAI support."

    def __init__(  # noqa: PLR0913  one keyword for each field of an error
        self,
        status: int,
        message: str = "",
        *,
        code: str | None = None,
        details: str | None = None,
        scope: str | None = None,
        request_id: str | None = None,
        method: str = "",
        path: str = "",
        retry_after: float | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.details = details
        self.scope = scope
        self.request_id = request_id
        self.method = method
        self.path = path
        self.retry_after = retry_after

    @property
    def summary(self) -> str:
        """Return the request, the status and code of the response, and the API's reason."""
        status = " ".join(part for part in (str(self.status) if self.status else "nothing", self.code) if part)
        reason = "; ".join(part for part in (self.message, self.details) if part) or "the API gave no reason"
        notes = [f"limit of the {self.scope}"] if self.scope else []
        notes += [f"request id {self.request_id}"] if self.request_id else []
        noted = f" ({', '.join(notes)})" if notes else ""
        request = f"{self.method} {self.path}".strip() or "The request"
        return f"{request} was answered with {status}: {_end_sentence(reason.rstrip('.') + noted)}"


class Unauthorized(ApiError):
    """The API does not accept the key (401).

    The reader sets a key that is valid and not expired.
    """

    default_hint = Hint.CHECK_API_KEY


class PaymentRequired(ApiError):
    """The organization has to pay before the API does this (402).

    Nothing was done. The reader settles the bill, or adds credit or a payment method.
    """

    default_hint = Hint.CHECK_BILLING


class Forbidden(ApiError):
    """The key is known but may not do this (403).

    The reader checks organization and project, or asks for the right or the verification that the message names.
    """

    default_hint: ClassVar[str] = Hint.CHECK_ACCESS


class QuotaExceeded(Forbidden):
    """A quota of the project or organization is used up (403 with a quota code).

    The reader deletes what is no longer needed or asks for a higher quota; `scope` says which limit it is.
    """

    default_hint = "Delete what is no longer needed, or ask NeevAI for a higher quota; then run the same command again."


class NotFound(ApiError):
    """What the request names does not exist (404).

    The reader checks the id or name; a refresh brings the state in line when it was deleted elsewhere.
    """

    default_hint = Hint.REFRESH


class ProjectNotFound(ApiError):
    """The API does not know the project that the settings name (404).

    Nothing was done. The reader corrects the settings.
    """

    default_hint = Hint.CHECK_ACCOUNT


class Conflict(ApiError):
    """The request conflicts with what exists: a name that is taken, or a state that does not allow the operation (409).

    The reader removes the obstacle that the message names, or chooses another name.
    """

    default_hint = "Remove what stands in the way or choose another name, then run the same command again."


class InvalidRequest(ApiError):
    """The API refuses the values that were sent (400, 422).

    The reader corrects the inputs that the message names.
    """

    default_hint = "Correct the inputs that the message names."


class RateLimited(ApiError):
    """The API limits the rate of requests, even after every retry (429).

    Nothing was done. The reader tries later, or with fewer operations at a time.
    """

    default_hint = Hint.LOWER_PARALLELISM


class Unavailable(ApiError):
    """The API did not serve the request, even after every retry.

    Raised for 5xx, 408, 425 and 499, and for a read without a response.

    The reader tries later.
    """

    default_hint = "The service has a problem at the moment: run the same command again later."


class UnexpectedResponse(ApiError):
    """The response is not documented: another status, another content type, another schema.

    The reader checks the base URL (a proxy or another service may be answering), else reports a bug.
    """

    default_hint = Hint.CHECK_BASE_URL


class RuntimeRejected(NeevError):
    """The sandbox's runtime rejected a request and did nothing; `code` is its reason code.

    The reader corrects the program or path that the message names.
    """

    default_hint = (
        "Nothing was done. Inside a sandbox a program is found by its name or path, without a shell, and files are "
        "those below the workspace."
    )

    def __init__(self, code: str, message: str, *, subject: str, hint: str | None = None) -> None:
        super().__init__(f"{subject}: the sandbox refuses ({code}): {message}", hint=hint)
        self.code = code


class RequestNotSent(NeevError):
    """No connection to the API was established, so the request had no effect.

    The reader checks network and base URL, and runs the same command again.
    """

    default_hint = Hint.CHECK_NETWORK


class OutcomeUnknown(NeevError):
    """A write was sent, and its outcome is unknown.

    Raised after a timeout, a lost connection, or a response of a gateway (502, 504).
    The reader checks the object that the message names before trying again.
    """

    default_hint = "It may or may not have taken effect: look before you run the same command again."


class DeadlineExceeded(NeevError):
    """A wait reached its deadline; the operation itself may still finish.

    The reader runs the same command again, or raises the timeout.
    """

    default_hint = Hint.RAISE_TIMEOUT

    def __init__(self, action: str, elapsed: float, last_status: str, *, hint: str | None = None) -> None:
        super().__init__(f"{action}: not done after {elapsed:.0f} s; last seen: {last_status}", hint=hint)
        self.action = action
        self.elapsed = elapsed
        self.last_status = last_status


class OperationFailed(NeevError):
    """The API reports that the operation failed.

    The reader acts on `reason`, which comes from the API.
    """

    def __init__(self, reason: str, *, action: str = "", hint: str | None = None) -> None:
        super().__init__(f"{action}: {reason}" if action else reason, hint=hint)
        self.action = action
        self.reason = reason


class Cancelled(NeevError):
    """The user canceled the wait; the operation itself goes on.

    The reader runs the same command again, which waits for it again.
    """

    default_hint = "The platform goes on by itself: run the same command again to go on from there."

    def __init__(self, action: str, *, hint: str | None = None) -> None:
        super().__init__(f"{action}: stopped waiting, as asked", hint=hint)
        self.action = action


def _end_sentence(text: str) -> str:
    """Return the text with a full stop, unless it ends as a sentence already."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
