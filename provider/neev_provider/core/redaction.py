"""Secrets, struck out of every text on its way out of this process.

An operation binds a ``Redactor`` of its secrets once; every exit (log line, progress, error, reason, note) passes its
text through ``redact``. What cuts a text passes it through first: the rest of a secret that was cut is not recognised.
"""

from __future__ import annotations

import contextlib
import json
import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, urlsplit

MARK: Final = "[secret]"
SHORTEST: Final = 4
"""Characters below which a value is not looked for: it would be found in every word."""
SPELLED: Final = 64 * 1024
"""Characters of a secret, such as the content of a file, beyond which it is looked for only as it is."""


class Redactor:
    """The secrets of one operation, and the texts without them."""

    def __init__(self, collect: Callable[[], Any]) -> None:
        """Create the redactor of what ``collect`` returns, which is called when the first text is redacted."""
        self._sources: list[Callable[[], Any]] = [collect]
        self._forms: set[str] = set()
        self._lengths: dict[str, set[int]] = {}
        """The lengths of the forms that begin so: a key of many lines is looked for as quickly as one of one line."""

    @classmethod
    def of(cls, *values: Any) -> Redactor:
        """Return the redactor of every text and number in the values, at any depth."""
        return cls(lambda: values)

    def add(self, *values: Any) -> None:
        """Add what became known as a secret since."""
        self._sources.append(lambda: values)

    def redact(self, text: str) -> str:
        """Return the text with every secret in it, each of its lines and its usual spellings struck out."""
        while self._sources:
            for form in (form for each in _texts(self._sources.pop()()) for form in _forms(each)):
                self._forms.add(form)
                self._lengths.setdefault(form[:SHORTEST], set()).add(len(form))
        kept, end = [], 0
        for begin, stop in _merged(self._found(text)):
            kept += [text[end:begin], MARK]
            end = stop
        return "".join([*kept, text[end:]])

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        for begin in range(len(text) - SHORTEST + 1) if self._forms else ():
            for length in self._lengths.get(text[begin : begin + SHORTEST], ()):
                if text[begin : begin + length] in self._forms:
                    yield begin, begin + length


_CURRENT: ContextVar[Redactor | None] = ContextVar("the secrets of the operation that goes on", default=None)


def redact(text: str) -> str:
    """Return the text without the secrets of the operation that goes on."""
    redactor = _CURRENT.get()
    return redactor.redact(text) if redactor else text


def add(*values: Any) -> None:
    """Add to the secrets of the operation that goes on."""
    if redactor := _CURRENT.get():
        redactor.add(*values)


@contextlib.contextmanager
def bound(redactor: Redactor) -> Iterator[None]:
    """Redact by this redactor in here, and in every task that is started in here."""
    before = _CURRENT.set(redactor)
    try:
        yield
    finally:
        _CURRENT.reset(before)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (str(value), f"{value:g}")
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif value is not None:
        yield from _texts(_parts_of(value))


def _parts_of(value: object) -> list[Any]:
    from neev_provider.core.assets import Archive, Asset, Blob  # noqa: PLC0415  with pydantic, which takes its time

    if not isinstance(value, Blob):
        return []
    text = value.text if isinstance(value, Asset) else None
    return [value.path, value.uri, text, value.assets if isinstance(value, Archive) else None]


def _forms(secret: str) -> Iterator[str]:
    for text in {secret, *secret.split("\n"), *secret.splitlines(), *_parts(secret)}:
        bare = text.strip()
        for plain in {bare if len(bare) >= SHORTEST else text, bare.strip("/")}:
            spellings = _spellings(plain) if len(secret) <= SPELLED else (plain,)
            yield from (each for each in spellings if each.strip() and len(each) >= SHORTEST)


def _spellings(text: str) -> tuple[str, ...]:
    """The text as it is, and as JSON, Python and addresses have it."""
    return (text, json.dumps(text)[1:-1], repr(text)[1:-1], quote(text), quote(text, ""), quote_plus(text))


def _parts(secret: str) -> Iterator[str]:
    """The password of an address, and a path as programs write it back."""
    if "/" not in secret:
        return
    yield posixpath.normpath(secret)
    with contextlib.suppress(ValueError):
        password = urlsplit(secret.strip()).password or ""
        yield from (password, unquote(password))


def _merged(spans: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans from left to right, those that touch as one."""
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
