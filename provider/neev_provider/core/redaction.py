"""Redaction of secrets in every text that the process outputs.

An operation binds a ``Redactor`` of its secrets once. Every output (log line, progress, error, reason, note) is passed
through ``redact``. A text is redacted before it is truncated, because the rest of a truncated secret is not recognized.
"""

from __future__ import annotations

import contextlib
import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

PLACEHOLDER: Final = "[secret]"
MIN_REDACTED_LENGTH: Final = 4
"""Minimum characters of a value that is redacted: a shorter one would match parts of ordinary words."""
MAX_ENCODED_LENGTH: Final = 64 * 1024
"""Maximum characters of a secret whose encodings are redacted; a longer one is redacted only literally."""


class Redactor:
    """Replacement of the secrets of one operation in texts."""

    def __init__(self, collect: Callable[[], Any]) -> None:
        """Create a redactor of the values that ``collect`` returns; it is called when the first text is redacted."""
        self._sources: list[Callable[[], Any]] = [collect]
        self._forms: set[str] = set()
        self._lengths: dict[str, set[int]] = {}
        """The lengths of the forms with this beginning: a key of many lines is found as fast as a key of one line."""

    @classmethod
    def from_values(cls, *values: Any) -> Redactor:
        """Return a redactor of every text and number in the values, at any depth."""
        return cls(lambda: values)

    def add(self, *values: Any) -> None:
        """Add a value that has become known as a secret."""
        self._sources.append(lambda: values)

    def redact(self, text: str) -> str:
        """Return the text with every secret redacted, including its lines and its usual encodings."""
        while self._sources:
            for form in (form for item in _iter_texts(self._sources.pop()()) for form in _secret_forms(item)):
                self._forms.add(form)
                self._lengths.setdefault(form[:MIN_REDACTED_LENGTH], set()).add(len(form))
        kept, end = [], 0
        for begin, stop in _merge_spans(self._find_spans(text)):
            kept += [text[end:begin], PLACEHOLDER]
            end = stop
        return "".join([*kept, text[end:]])

    def _find_spans(self, text: str) -> Iterator[tuple[int, int]]:
        for begin in range(len(text) - MIN_REDACTED_LENGTH + 1) if self._forms else ():
            for length in self._lengths.get(text[begin : begin + MIN_REDACTED_LENGTH], ()):
                if text[begin : begin + length] in self._forms:
                    yield begin, begin + length


_CURRENT: ContextVar[Redactor | None] = ContextVar("the secrets of the operation that goes on", default=None)


def redact(text: str) -> str:
    """Return the text without the secrets of the current operation."""
    redactor = _CURRENT.get()
    return redactor.redact(text) if redactor else text


def add_secrets(*values: Any) -> None:
    """Add the values to the secrets of the current operation."""
    if redactor := _CURRENT.get():
        redactor.add(*values)


@contextlib.contextmanager
def use_redactor(redactor: Redactor) -> Iterator[None]:
    """Use this redactor in the block and in every task that starts in it."""
    before = _CURRENT.set(redactor)
    try:
        yield
    finally:
        _CURRENT.reset(before)


def _iter_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (str(value), f"{value:g}")
    elif isinstance(value, Mapping):
        yield from _iter_texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _iter_texts(item)
    elif value is not None:
        yield from _iter_texts(_asset_parts(value))


def _asset_parts(value: object) -> list[Any]:
    from neev_provider.core.assets import Archive, Asset, AssetOrArchive  # noqa: PLC0415  pydantic is slow to import

    if not isinstance(value, AssetOrArchive):
        return []
    text = value.text if isinstance(value, Asset) else None
    return [value.path, value.uri, text, value.assets if isinstance(value, Archive) else None]


def _secret_forms(secret: str) -> Iterator[str]:
    for text in {secret, *secret.split("\n"), *secret.splitlines(), *_derived_secrets(secret)}:
        bare = text.strip()
        for plain in {bare if len(bare) >= MIN_REDACTED_LENGTH else text, bare.strip("/")}:
            spellings = _encodings(plain) if len(secret) <= MAX_ENCODED_LENGTH else (plain,)
            yield from (spelling for spelling in spellings if spelling.strip() and len(spelling) >= MIN_REDACTED_LENGTH)


def _encodings(text: str) -> tuple[str, ...]:
    """Return the text itself and its encodings in JSON, Python and URLs."""
    return (text, json.dumps(text)[1:-1], repr(text)[1:-1], quote(text), quote(text, ""), quote_plus(text))


def _derived_secrets(secret: str) -> Iterator[str]:
    """Return the password of a URL, and a path as programs print it."""
    if "/" not in secret:
        return
    yield posixpath.normpath(secret)
    with contextlib.suppress(ValueError):
        password = urlsplit(secret.strip()).password or ""
        yield from (password, unquote(password))


def _merge_spans(spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Return the spans from left to right, with those that touch merged."""
    last: tuple[int, int] | None = None
    for begin, stop in sorted(spans):
        if last is None or begin > last[1]:
            if last is not None:
                yield last
            last = begin, stop
        else:
            last = last[0], max(last[1], stop)
    if last is not None:
        yield last
