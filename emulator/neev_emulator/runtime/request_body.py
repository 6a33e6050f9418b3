"""Request bodies, read so that invalid input results in a 400."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request

from neev_emulator.runtime.errors import invalid

MAX_BODY_BYTES = 1 << 20


def is_before_0_9(request: Request) -> bool:
    """Return whether the older API is served."""
    return getattr(request.state, "api", None) == "0.8"


async def read_body(request: Request) -> bytes:
    """Return the body; raise an error if it exceeds 1 MiB."""
    body, is_complete = await read_partial_body(request)
    if not is_complete:
        raise ClientDisconnect
    return body


async def read_partial_body(request: Request) -> tuple[bytes, bool]:
    """Return the part of the body that arrived, and whether it is complete."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY_BYTES:
                raise invalid("a request carries at most 1 MiB; send larger files in chunks to /v1/files/uploads")
    except ClientDisconnect:
        return bytes(body), False
    return bytes(body), True


async def read_json_fields(request: Request) -> "RequestFields":
    """Return the fields of the JSON object; an empty body is an empty object."""
    raw = await read_body(request)
    try:
        fields = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise invalid("the body is not valid JSON") from error
    if not isinstance(fields, dict):
        raise invalid("the body must be a JSON object")
    return RequestFields(fields)


class RequestFields:
    """The fields of a JSON object, each read with its type. Null means absent."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """Return a string that is required and not empty."""
        value = self.optional_text(name)
        if not value:
            raise invalid(f"{name} is required")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a string without NUL, or None."""
        value = self._fields.get(name)
        return None if value is None else require_plain_text(name, value)

    def content(self, name: str) -> bytes | None:
        """Return a string's bytes, NUL allowed, or None."""
        value = self._fields.get(name)
        return None if value is None else _encode(name, value)

    def texts(self, name: str) -> list[str]:
        """Return a list of strings without NUL; empty if absent."""
        values = self._fields.get(name)
        if values is None:
            return []
        if not isinstance(values, list):
            raise invalid(f"{name} must be a list of strings")
        return [require_plain_text(f"{name}[{index}]", value) for index, value in enumerate(values)]

    def variables(self, name: str) -> dict[str, str]:
        """Return a list of `KEY=value` strings as a mapping; the last value of a key wins."""
        pairs = [text.partition("=") for text in self.texts(name)]
        if not all(key and equals for key, equals, _ in pairs):
            raise invalid(f'{name} must be a list of "KEY=value" strings')
        return {key: value for key, _, value in pairs}

    def integer(self, name: str, *, low: int, high: int) -> int | None:
        """Return an integer from low to high, or None."""
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise invalid(f"{name} must be a whole number from {low} to {high}")
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean; false if absent."""
        value = self._fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise invalid(f"{name} must be true or false")
        return bool(value)


def require_plain_text(name: str, value: object) -> str:
    """Return the value; raise an error if it is not a string without NUL."""
    if b"\0" in _encode(name, value):
        raise invalid(f"{name} must not contain NUL")
    return str(value)


def _encode(name: str, value: object) -> bytes:
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string")
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise invalid(f"{name} is not valid Unicode") from error
