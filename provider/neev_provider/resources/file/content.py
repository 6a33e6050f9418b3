"""Content of a file: text, Base64, an asset or a local file. Contents are compared by digest."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator
from pydantic.alias_generators import to_camel

from neev_provider.core.assets import Asset, AssetOrArchive
from neev_provider.core.errors import InputError
from neev_provider.core.model import Model, Rule
from neev_provider.core.threads import copy_chunks
from neev_provider.core.validation import ValidationFailure, at_most_one_of

AssetOrArchiveT = TypeVar("AssetOrArchiveT", bound=AssetOrArchive)

_MODE_PATTERN = re.compile("0[0-7]{3}")


def _validate_base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be valid Base64") from None
    return text


def _validate_mode(text: str) -> str:
    if not _MODE_PATTERN.fullmatch(text):
        raise ValueError("must be four octal digits starting with 0, such as 0755")
    return text


def require_local(asset: AssetOrArchiveT) -> AssetOrArchiveT:
    """Return the asset or archive if it is local, otherwise raise ``ValueError``."""
    if asset.uri is not None:
        raise ValueError("must be local; download the content first, or download it in the sandbox")
    return asset


Base64 = Annotated[str, AfterValidator(_validate_base64)]
LocalAsset = Annotated[Asset, AfterValidator(require_local)]
LocalAssetOrArchive = Annotated[AssetOrArchive, AfterValidator(require_local)]
Mode = Annotated[str, AfterValidator(_validate_mode)]
Content = io.BytesIO | io.BufferedReader

MAX_SHOWN_PATH_LENGTH: Final = 80
"""Maximum length of a local path in an error message."""
_CONTENT_FIELDS: Final = ("content", "content_base64", "source", "source_path")
CONTENT_PROPERTIES: Final = tuple(map(to_camel, _CONTENT_FIELDS))
"""Inputs that define the content of a file. At most one of them is set."""
AT_MOST_ONE_CONTENT: Final[Rule] = at_most_one_of(*_CONTENT_FIELDS)


def content_inputs(inputs: Model) -> dict[str, Any]:
    """Return the content inputs that are set, by their camelCase names."""
    values = {to_camel(field): getattr(inputs, field) for field in _CONTENT_FIELDS}
    return {name: value for name, value in values.items() if value is not None}


def open_content(values: Mapping[str, Any]) -> Content:
    """Open the content that the camelCase inputs define. The content is empty if no input defines it."""
    source = values.get("source")
    if values.get("contentBase64") is not None:
        return io.BytesIO(base64.b64decode(values["contentBase64"]))
    if isinstance(source, Asset):
        return open_asset(source)
    if values.get("sourcePath") is not None:
        return open_file(values["sourcePath"], "sourcePath")
    return io.BytesIO((values.get("content") or "").encode())


def open_asset(asset: Asset) -> Content:
    """Open the content of an asset."""
    if asset.text is not None:
        return io.BytesIO(asset.text.encode())
    if asset.path is None:
        raise InputError("source", "the asset has neither a path nor a text")
    return open_file(asset.path, "source")


def open_file(path: str | os.PathLike[str], property_name: str) -> io.BufferedReader:
    """Open a local file. Reject devices and pipes, because reading one may block or never end.

    Raises:
        InputError: the path is not a regular file or cannot be read.
    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise InputError(property_name, f"{path} is not a regular file")
        return Path(path).open("rb")
    except OSError as error:
        raise InputError(property_name, f"{_format_path(path)} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InputError(property_name, f"{_format_path(path)} cannot be read: {error}") from None


def compute_digest(content: Content) -> str:
    """Return the digest of the stream, then rewind the stream to its beginning."""
    digest = hashlib.sha256()
    copy_chunks(content, digest.update)
    content.seek(0)
    return digest.hexdigest()


def validate_readable(values: Mapping[str, Any]) -> Iterator[ValidationFailure]:
    """Yield a failure if the local file in the validated inputs cannot be read."""
    source, path = values.get("source"), values.get("sourcePath")
    try:
        if isinstance(source, Asset) and source.path is not None:
            open_asset(source).close()
        if isinstance(path, str):
            open_file(path, "sourcePath").close()
    except InputError as error:
        yield ValidationFailure(error.path, error.reason)


def planned_digest(values: Mapping[str, Any]) -> str | None:
    """Return the digest of the content in the validated inputs, or ``None`` if it is unknown or unreadable."""
    contents = {name: values[name] for name in CONTENT_PROPERTIES if values.get(name) is not None}
    if not all(isinstance(item, str | Asset) for item in contents.values()):
        return None
    source = contents.get("source")
    if isinstance(source, Asset) and not source.has_content:
        return source.hash
    try:
        with open_content(contents) as content:
            return compute_digest(content)
    except (InputError, ValueError):
        return None


def _format_path(path: str | os.PathLike[str]) -> str:
    text = os.fspath(path).replace("\0", "\\0").encode(errors="backslashreplace").decode()
    return text if len(text) <= MAX_SHOWN_PATH_LENGTH else f"{text[:MAX_SHOWN_PATH_LENGTH]}…"
