"""Refusals: what the Agent Service answers when it will not do what was asked.

State raises them; only `api` knows which HTTP status each code becomes.
"""

from typing import Literal

ErrorCode = Literal[
    "unauthorized",
    "forbidden",
    "not_found",
    "method_not_allowed",
    "unsupported_media_type",
    "validation_error",
    "bad_request",
    "conflict",
    "too_early",
    "service_unavailable",
    "internal_server_error",
    "phone_verification_required",
    "kyc_verification_required",
    "kyc_verification_required_by_owner",
    "sandbox_quota_exceeded",
    "agent_quota_exceeded",
]


class ApiError(Exception):
    """A request that is answered with an error; nothing was changed."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        details: str | None = None,
        scope: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.details = details
        self.scope = scope
        self.status = status
        """The HTTP status, where it is not the usual one of the code."""


def not_found(kind: str, ref: str) -> ApiError:
    """The project has no such thing."""
    return ApiError("not_found", f"{kind} {ref!r} not found")


def conflict(message: str) -> ApiError:
    """What is asked for does not fit what is there."""
    return ApiError("conflict", message)


def invalid(field: str, problem: str) -> ApiError:
    """One field of the request is not acceptable; the message begins with its path."""
    return ApiError("validation_error", f"{field}: {problem}", details=field)
