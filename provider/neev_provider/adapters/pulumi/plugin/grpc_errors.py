"""Errors as gRPC carries them and as the engine shows them to the user."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import grpc.aio
from google.protobuf import struct_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import provider_pb2, status_pb2

from neev_provider.core import errors
from neev_provider.core.redaction import redact

ISSUES = "https://github.com/neevcloud/pulumi-neev/issues"
Context = grpc.aio.ServicerContext[Any, Any]
Code = grpc.StatusCode

CODES: Mapping[type[Exception], grpc.StatusCode] = {
    errors.ConfigError: Code.FAILED_PRECONDITION,
    errors.InputError: Code.INVALID_ARGUMENT,
    errors.Unauthorized: Code.UNAUTHENTICATED,
    errors.PaymentRequired: Code.FAILED_PRECONDITION,
    errors.QuotaExceeded: Code.RESOURCE_EXHAUSTED,
    errors.Forbidden: Code.PERMISSION_DENIED,
    errors.NotFound: Code.NOT_FOUND,
    errors.ProjectNotFound: Code.FAILED_PRECONDITION,
    errors.Conflict: Code.FAILED_PRECONDITION,
    errors.InvalidRequest: Code.INVALID_ARGUMENT,
    errors.RateLimited: Code.RESOURCE_EXHAUSTED,
    errors.Unavailable: Code.UNAVAILABLE,
    errors.UnexpectedResponse: Code.FAILED_PRECONDITION,
    errors.RuntimeRejected: Code.FAILED_PRECONDITION,
    errors.RequestNotSent: Code.UNAVAILABLE,
    # the engine adds to this one that the state may not be what is there, which is the truth
    errors.OutcomeUnknown: Code.UNKNOWN,
    errors.DeadlineExceeded: Code.DEADLINE_EXCEEDED,
    errors.OperationFailed: Code.FAILED_PRECONDITION,
    errors.Cancelled: Code.CANCELLED,
}


class Refused(Exception):
    """A call that ends with a status, a text for the user and, where the engine reads one, a detail."""

    def __init__(self, code: grpc.StatusCode, message: str, detail: Message | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail


def half_made(
    reason: str, *, id: str, properties: struct_pb2.Struct, inputs: struct_pb2.Struct | None = None
) -> Refused:
    """The refusal that makes the engine keep the resource, with why it is not as asked for."""
    detail = provider_pb2.ErrorResourceInitFailed(id=id, properties=properties, reasons=[reason], inputs=inputs)
    return Refused(Code.UNKNOWN, reason, detail)


def not_configured(message: str, missing: Iterable[tuple[str, str]]) -> Refused:
    """The refusal that makes the engine ask for the missing keys, each a name and what it is."""
    key = provider_pb2.ConfigureErrorMissingKeys.MissingKey
    keys = [key(name=name, description=description) for name, description in missing]
    return Refused(Code.INVALID_ARGUMENT, message, provider_pb2.ConfigureErrorMissingKeys(missingKeys=keys))


def told(error: Exception, about: str) -> str:
    """What the user reads of the error: about what it is, what happened, and what to do next."""
    if not isinstance(error, errors.NeevError):
        _report(error)
        return f"{about}: a bug in the NeevAI provider ({type(error).__name__}). Please report it: {ISSUES}"
    text = str(error)
    return text if about in text else error.for_resource(about)


async def refuse(context: Context, error: Exception, about: str) -> NoReturn:
    """The call ends with the error; a bug of ours, too, ends only its own call."""
    if not isinstance(error, Refused):
        error = Refused(_code(error), told(error, about))
    message = redact(error.message)
    await context.abort(error.code, message, _details(error, message))


def _code(error: Exception) -> grpc.StatusCode:
    return next((CODES[each] for each in type(error).__mro__ if each in CODES), Code.INTERNAL)


def _details(error: Refused, message: str) -> tuple[tuple[str, bytes], ...]:
    if error.detail is None:
        return ()
    if isinstance(error.detail, provider_pb2.ErrorResourceInitFailed):
        error.detail.reasons[:] = [redact(each) for each in error.detail.reasons]
    # the engine drops the details of a status whose code is not the call's own
    status = status_pb2.Status(code=error.code.value[0], message=message)
    status.details.add().Pack(error.detail)
    return (("grpc-status-details-bin", status.SerializeToString()),)


def _report(error: Exception) -> None:
    """Where it happened, for ``-v``; never the error's own words, which may hold a secret."""
    where = "".join(traceback.format_tb(error.__traceback__))
    sys.stderr.write(f"{type(error).__name__} in the NeevAI provider:\n{where}")
