"""Errors as gRPC statuses and as messages for the user."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import grpc.aio
from google.protobuf import struct_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import provider_pb2, status_pb2

from neev_provider.adapters.shared.hints import ISSUES_URL, PULUMI, render
from neev_provider.core import errors
from neev_provider.core.redaction import redact

ServicerContext = grpc.aio.ServicerContext[Any, Any]
StatusCode = grpc.StatusCode

STATUS_CODES: Mapping[type[Exception], grpc.StatusCode] = {
    errors.ConfigError: StatusCode.FAILED_PRECONDITION,
    errors.InputError: StatusCode.INVALID_ARGUMENT,
    errors.Unauthorized: StatusCode.UNAUTHENTICATED,
    errors.PaymentRequired: StatusCode.FAILED_PRECONDITION,
    errors.QuotaExceeded: StatusCode.RESOURCE_EXHAUSTED,
    errors.Forbidden: StatusCode.PERMISSION_DENIED,
    errors.NotFound: StatusCode.NOT_FOUND,
    errors.ProjectNotFound: StatusCode.FAILED_PRECONDITION,
    errors.Conflict: StatusCode.FAILED_PRECONDITION,
    errors.InvalidRequest: StatusCode.INVALID_ARGUMENT,
    errors.RateLimited: StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: StatusCode.UNAVAILABLE,
    errors.UnexpectedResponse: StatusCode.FAILED_PRECONDITION,
    errors.RuntimeRejected: StatusCode.FAILED_PRECONDITION,
    errors.RequestNotSent: StatusCode.UNAVAILABLE,
    # for this status, the engine correctly adds that the state may be out of date
    errors.OutcomeUnknown: StatusCode.UNKNOWN,
    errors.DeadlineExceeded: StatusCode.DEADLINE_EXCEEDED,
    errors.OperationFailed: StatusCode.FAILED_PRECONDITION,
    errors.Cancelled: StatusCode.CANCELLED,
}


class StatusError(Exception):
    """Error of a call: its status, its message for the user and, if the engine reads one, a detail."""

    def __init__(self, code: grpc.StatusCode, message: str, detail: Message | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail


def init_failed(
    reason: str, *, id: str, properties: struct_pb2.Struct, inputs: struct_pb2.Struct | None = None
) -> StatusError:
    """Return the error that makes the engine store the resource, with the reason why it is not ready."""
    detail = provider_pb2.ErrorResourceInitFailed(id=id, properties=properties, reasons=[reason], inputs=inputs)
    return StatusError(StatusCode.UNKNOWN, reason, detail)


def missing_keys_error(message: str, missing: Iterable[tuple[str, str]]) -> StatusError:
    """Return the error that makes the engine ask for the missing keys, each a name and a description."""
    key = provider_pb2.ConfigureErrorMissingKeys.MissingKey
    keys = [key(name=name, description=description) for name, description in missing]
    return StatusError(StatusCode.INVALID_ARGUMENT, message, provider_pb2.ConfigureErrorMissingKeys(missingKeys=keys))


def user_message(error: BaseException, subject: str) -> str:
    """Return the message for the user: the subject, what happened, and what to do next."""
    if not isinstance(error, errors.NeevError):
        _print_traceback(error)
        return f"{subject}: a bug in the NeevAI provider ({type(error).__name__}). Please report it: {ISSUES_URL}"
    return render(error, PULUMI, subject)


async def abort(context: ServicerContext, error: Exception, subject: str) -> NoReturn:
    """End the call with the error. A bug of the provider ends only its own call."""
    if not isinstance(error, StatusError):
        error = StatusError(_status_code(error), user_message(error, subject))
    message = redact(error.message)
    await context.abort(error.code, message, _trailing_metadata(error, message))


def _status_code(error: Exception) -> grpc.StatusCode:
    return next((STATUS_CODES[base] for base in type(error).__mro__ if base in STATUS_CODES), StatusCode.INTERNAL)


def _trailing_metadata(error: StatusError, message: str) -> tuple[tuple[str, bytes], ...]:
    if error.detail is None:
        return ()
    if isinstance(error.detail, provider_pb2.ErrorResourceInitFailed):
        error.detail.reasons[:] = [redact(reason) for reason in error.detail.reasons]
    # the engine drops the details of a status whose code differs from the call's
    status = status_pb2.Status(code=error.code.value[0], message=message)
    status.details.add().Pack(error.detail)
    return (("grpc-status-details-bin", status.SerializeToString()),)


def _print_traceback(error: BaseException) -> None:
    """Print where the error happened, for `-v`, without its message, which may contain a secret."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    sys.stderr.write(f"{type(error).__name__} in the NeevAI provider:\n{frames}")
