"""Errors of a sandbox's runtime: those that the official SDK raises, translated to the provider's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from neev_provider.client.resume_wait import CURRENT_CALL, RESUMING_REASON
from neev_provider.core import errors
from neev_provider.core.redaction import Redactor

if TYPE_CHECKING:
    from neevai.errors import APIError

REJECTION_CODES = ("invalid_argument", "permission_denied", "not_found", "failed_precondition", "resource_exhausted")
"""Reason codes of requests that had no effect, unless output was received before."""
AMBIGUOUS_STATUSES = (408, 425, 499)
"""Statuses that gateways send, too, so they do not show what the sandbox did."""
STREAM_ERROR_STATUS = 0
"""The status of an error that arrives as a frame of the response."""


@asynccontextmanager
async def translate_errors(
    subject: str, api_key: str, *, is_write: bool = False, output_received: Callable[[], bool] = lambda: False
) -> AsyncIterator[None]:
    """Translate the errors that the SDK raises in the block, which is part of a call, without the API key."""
    from neevai.errors import APIConnectionError, APIError, NeevAIError  # noqa: PLC0415

    try:
        yield
    except APIError as error:
        raise _error_from_response(
            error, subject, redactor=Redactor.from_values(api_key), is_write=is_write, output_received=output_received()
        ) from None
    except APIConnectionError as error:
        raise _error_without_response(error, subject, is_write=is_write) from error
    except (NeevAIError, ValueError) as error:
        # the response is invalid, and its text may contain a secret
        kind = errors.OutcomeUnknown if is_write else errors.OperationFailed
        raise kind(f"{subject}: the sandbox answered something that cannot be read ({type(error).__name__})") from None


def error_from_frame(frame: Mapping[str, Any]) -> APIError:
    """Return the error in a frame of a response, as the SDK raises the error of a response."""
    from neevai.errors import error_from_status  # noqa: PLC0415

    body = {"code": frame.get("reason_code"), "message": frame.get("message")}
    return error_from_status(STREAM_ERROR_STATUS, body, None)


def _error_from_response(
    error: APIError, subject: str, *, redactor: Redactor, is_write: bool, output_received: bool
) -> errors.NeevError:
    """Return the error of a response of the runtime, without the API key.

    Its "not found" is about a program or a path, never about the sandbox itself.
    """
    body, code, status = error.body or {}, error.code or "", error.status_code
    message = redactor.redact(str(body.get("message") or body.get("details") or "the sandbox gave no reason"))
    if status == HTTPStatus.UNAUTHORIZED:
        return errors.Unauthorized(status, message, code=code, request_id=error.request_id, path=subject)
    if code == "deadline_exceeded":
        return errors.OperationFailed(message, action=subject, hint="Raise `timeoutSeconds`, or make it faster.")
    is_paused = status == HTTPStatus.SERVICE_UNAVAILABLE and code == "unavailable"
    is_refused = (
        HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in AMBIGUOUS_STATUSES
    )
    if not output_received and (code in REJECTION_CODES or is_refused or is_paused):
        reason = RESUMING_REASON if CURRENT_CALL.get().is_resuming else code
        return errors.RuntimeRejected(reason or str(status), message, subject=subject)
    if is_write:
        return errors.OutcomeUnknown(f"{subject}: {message}")
    return errors.Unavailable(status, message, code=code, request_id=error.request_id, path=subject)


def _error_without_response(error: Exception, subject: str, *, is_write: bool) -> errors.NeevError:
    from neevai.errors import APITimeoutError  # noqa: PLC0415

    from neev_provider.client.http.transport import NOT_SENT_ERRORS  # noqa: PLC0415

    if isinstance(error.__cause__, NOT_SENT_ERRORS):
        return errors.RequestNotSent(f"{subject}: no connection to the sandbox")
    reason = "nothing was heard for too long" if isinstance(error, APITimeoutError) else "the connection was lost"
    return errors.OutcomeUnknown(f"{subject}: {reason}") if is_write else errors.Unavailable(0, reason, path=subject)
