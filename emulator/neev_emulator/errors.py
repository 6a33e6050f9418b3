"""Errors of the API.

The state raises them; `api` maps each code to its HTTP status.
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
    """Raised when a request is rejected; nothing was changed."""

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
        """The HTTP status, if it is not the default one of the code."""


def not_found(kind: str, ref: str) -> ApiError:
    """Return the error for an object that does not exist in the project."""
    return ApiError("not_found", f"{kind} {ref!r} not found")


def conflict(message: str) -> ApiError:
    """Return the error for a request that conflicts with the current state."""
    return ApiError("conflict", message)


def invalid(field: str, problem: str) -> ApiError:
    """Return the error for an invalid field; the message begins with its path."""
    return ApiError("validation_error", f"{field}: {problem}", details=field)
