"""Errors of the runtime: `{"reason_code", "message"}` and their HTTP statuses."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from starlette.responses import Response

from neev_emulator.api.json_response import JSONResponse

STATUS_BY_REASON = MappingProxyType(
    {
        "invalid_argument": 400,
        "permission_denied": 403,
        "not_found": 404,
        "failed_precondition": 412,
        "resource_exhausted": 429,
        "internal": 500,
        "unavailable": 503,
        "deadline_exceeded": 504,
    }
)

_REASON_BY_ERRNO = MappingProxyType(
    {
        errno.ENOENT: "not_found",
        errno.EACCES: "permission_denied",
        errno.EPERM: "permission_denied",
        errno.EROFS: "permission_denied",
        errno.ENOTDIR: "failed_precondition",
        errno.EISDIR: "failed_precondition",
        errno.EEXIST: "failed_precondition",
        errno.ENOTEMPTY: "failed_precondition",
        errno.EBUSY: "failed_precondition",
        errno.ETXTBSY: "failed_precondition",
        errno.ENXIO: "failed_precondition",
        errno.ENOEXEC: "failed_precondition",
        errno.EXDEV: "failed_precondition",
        errno.EINVAL: "invalid_argument",
        errno.ELOOP: "invalid_argument",
        errno.ENAMETOOLONG: "invalid_argument",
        errno.E2BIG: "invalid_argument",
        errno.ENOSPC: "resource_exhausted",
        errno.EDQUOT: "resource_exhausted",
        errno.EFBIG: "resource_exhausted",
        errno.EMFILE: "resource_exhausted",
        errno.ENFILE: "resource_exhausted",
        errno.EAGAIN: "resource_exhausted",
        errno.ENOMEM: "resource_exhausted",
    }
)


class RuntimeApiError(Exception):
    """Raised when the runtime rejects a request, with the status and reason for the caller."""

    def __init__(
        self,
        status: int,
        reason_code: str,
        message: str,
        *,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason_code = reason_code
        self.reason = reason
        """The exact cause, where the code has several."""
        self.headers = headers
        self.message = message.encode(errors="replace").decode()

    def response(self) -> Response:
        """Return the error as a response."""
        body = {"reason_code": self.reason_code, "message": self.message}
        if self.reason is not None:
            body["reason"] = self.reason
        return JSONResponse(body, self.status, headers=self.headers)


def runtime_error(reason_code: str, message: str) -> RuntimeApiError:
    """Return the error with the default status of its reason."""
    return RuntimeApiError(STATUS_BY_REASON[reason_code], reason_code, message)


def invalid(message: str) -> RuntimeApiError:
    """Return the error for a malformed request."""
    return runtime_error("invalid_argument", message)


@contextmanager
def translate_os_errors(subject: str) -> Iterator[None]:
    """Raise an `OSError` of the block as a `RuntimeApiError` about the subject."""
    try:
        yield
    except OSError as error:
        reason = _REASON_BY_ERRNO.get(error.errno or 0, "internal")
        raise runtime_error(reason, f"{subject}: {error.strerror or error}") from error
