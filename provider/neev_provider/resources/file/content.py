"""What a file is to hold: given as text, as base64, as an asset, or as a local file; compared by its digest."""

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
    """The asset or archive, which is at hand; raises ``ValueError`` where it would have to be fetched."""
    if asset.uri is not None:
        raise ValueError("must be local; download the content first, or download it in the sandbox")
    return asset


Base64 = Annotated[str, AfterValidator(_validate_base64)]
LocalAsset = Annotated[Asset, AfterValidator(require_local)]
LocalAssetOrArchive = Annotated[AssetOrArchive, AfterValidator(require_local)]
Mode = Annotated[str, AfterValidator(_validate_mode)]
Content = io.BytesIO | io.BufferedReader

MAX_SHOWN_PATH_LENGTH: Final = 80
"""Characters of a local path that an error shows."""
CONTENT_PROPERTIES: Final = ("content", "contentBase64", "source", "sourcePath")
"""The inputs that say what a file holds, in any one of four ways."""
AT_MOST_ONE_CONTENT: Final[Rule] = at_most_one_of("content", "content_base64", "source", "source_path")


def content_inputs(inputs: Model) -> dict[str, Any]:
    """What inputs say of the content, by the outside names; nothing of what they do not say."""
    values = {name: getattr(inputs, inputs.properties[name].field) for name in CONTENT_PROPERTIES}
    return {name: value for name, value in values.items() if value is not None}


def open_content(values: Mapping[str, Any]) -> Content:
    """The content that inputs, by their outside names, say; nothing where they say none."""
    source = values.get("source")
    if values.get("contentBase64") is not None:
        return io.BytesIO(base64.b64decode(values["contentBase64"]))
    if isinstance(source, Asset):
        return open_asset(source)
    if values.get("sourcePath") is not None:
        return open_file(values["sourcePath"], "sourcePath")
    return io.BytesIO((values.get("content") or "").encode())


def open_asset(asset: Asset) -> Content:
    """The content of an asset."""
    if asset.text is not None:
        return io.BytesIO(asset.text.encode())
    if asset.path is None:
        raise InputError("source", "the asset has neither a path nor a text")
    return open_file(asset.path, "source")


def open_file(path: str | os.PathLike[str], property_name: str) -> io.BufferedReader:
    """The content of a local file; what never ends, or waits for somebody else, is not read.

    Raises:
        InputError: it is no regular file, or cannot be read.
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
    """The digest of the stream, which is at its beginning again afterwards."""
    digest = hashlib.sha256()
    copy_chunks(content, digest.update)
    content.seek(0)
    return digest.hexdigest()


def validate_readable(values: Mapping[str, Any]) -> Iterator[ValidationFailure]:
    """Why the local file that checked inputs name cannot be read, where it cannot."""
    source, path = values.get("source"), values.get("sourcePath")
    try:
        if isinstance(source, Asset) and source.path is not None:
            open_asset(source).close()
        if isinstance(path, str):
            open_file(path, "sourcePath").close()
    except InputError as error:
        yield ValidationFailure(error.path, error.reason)


def planned_digest(values: Mapping[str, Any]) -> str | None:
    """The digest of what checked inputs say; none where that is not known yet or cannot be read."""
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
