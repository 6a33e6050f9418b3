"""Request bodies, read so that nothing a caller sends gets further than a 400."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request

from neev_emulator.runtime.errors import invalid

MAX_BODY_BYTES = 1 << 20


async def read_body(request: Request) -> bytes:
    """The body, at most 1 MiB of it; more is refused."""
    body, whole = await read_partial_body(request)
    if not whole:
        raise ClientDisconnect
    return body


async def read_partial_body(request: Request) -> tuple[bytes, bool]:
    """What arrived of the body, and whether that is all the caller meant to send."""
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
    """The body's JSON object; an empty body is an empty object."""
    raw = await read_body(request)
    try:
        fields = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as error:
        raise invalid("the body is not valid JSON") from error
    if not isinstance(fields, dict):
        raise invalid("the body must be a JSON object")
    return RequestFields(fields)


class RequestFields:
    """The fields of a JSON object, each read as the type it must have. Null is as good as absent."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """A string that is there and not empty."""
        value = self.optional_text(name)
        if not value:
            raise invalid(f"{name} is required")
        return value

    def optional_text(self, name: str) -> str | None:
        """A string without NUL, or None."""
        value = self._fields.get(name)
        return None if value is None else require_plain_text(name, value)

    def content(self, name: str) -> bytes | None:
        """A string's bytes, NUL allowed, or None."""
        value = self._fields.get(name)
        return None if value is None else _encode(name, value)

    def texts(self, name: str) -> list[str]:
        """A list of strings without NUL, empty where absent."""
        values = self._fields.get(name)
        if values is None:
            return []
        if not isinstance(values, list):
            raise invalid(f"{name} must be a list of strings")
        return [require_plain_text(f"{name}[{index}]", value) for index, value in enumerate(values)]

    def variables(self, name: str) -> dict[str, str]:
        """A list of ``KEY=value`` strings as a mapping, the last of a key winning."""
        pairs = [text.partition("=") for text in self.texts(name)]
        if not all(key and equals for key, equals, _ in pairs):
            raise invalid(f'{name} must be a list of "KEY=value" strings')
        return {key: value for key, _, value in pairs}

    def integer(self, name: str, *, low: int, high: int) -> int | None:
        """A whole number between low and high, both included, or None."""
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise invalid(f"{name} must be a whole number from {low} to {high}")
        return value

    def flag(self, name: str) -> bool:
        """A boolean, false where absent."""
        value = self._fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise invalid(f"{name} must be true or false")
        return bool(value)


def require_plain_text(name: str, value: object) -> str:
    """The value, once it is known to be a string that a path or an argument can hold."""
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
