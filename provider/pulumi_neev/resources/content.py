"""What a file is to hold: given as text, as base64, as an asset, or as a local file; compared by its digest."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator

from pulumi_neev.core.assets import Asset, Blob
from pulumi_neev.core.checking import at_most_one
from pulumi_neev.core.errors import InputError
from pulumi_neev.core.model import Model, Rule

B = TypeVar("B", bound=Blob)

_MODE = re.compile("0[0-7]{3}")


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be base64") from None
    return text


def _mode(text: str) -> str:
    if not _MODE.fullmatch(text):
        raise ValueError("must be four octal digits of which the first is 0, such as 0755")
    return text


def local(blob: B) -> B:
    """The asset or archive, which is at hand; raises ``ValueError`` where it would have to be fetched."""
    if blob.uri is not None:
        raise ValueError("must be here: fetch what is at an address, and give the file, or fetch it inside the sandbox")
    return blob


Base64 = Annotated[str, AfterValidator(_base64)]
LocalAsset = Annotated[Asset, AfterValidator(local)]
LocalBlob = Annotated[Blob, AfterValidator(local)]
Mode = Annotated[str, AfterValidator(_mode)]
Content = io.BytesIO | io.BufferedReader

CONTENTS: Final = ("content", "contentBase64", "source", "sourcePath")
"""The inputs that say what a file holds, in any one of four ways."""
ONE_OF_THEM: Final[Rule] = at_most_one("content", "content_base64", "source", "source_path")


def said(inputs: Model) -> dict[str, Any]:
    """What inputs say of the content, by the outside names; nothing of what they do not say."""
    values = {name: getattr(inputs, inputs.properties[name].field) for name in CONTENTS}
    return {name: value for name, value in values.items() if value is not None}


def opened(values: Mapping[str, Any]) -> Content:
    """The content that inputs, by their outside names, say; nothing where they say none."""
    source = values.get("source")
    if values.get("contentBase64") is not None:
        return io.BytesIO(base64.b64decode(values["contentBase64"]))
    if isinstance(source, Asset):
        return opened_asset(source)
    if values.get("sourcePath") is not None:
        return _file(values["sourcePath"], "sourcePath")
    return io.BytesIO((values.get("content") or "").encode())


def opened_asset(asset: Asset) -> Content:
    """The content of an asset."""
    if asset.text is not None:
        return io.BytesIO(asset.text.encode())
    if asset.path is None:
        raise InputError("source", "the asset says neither a path nor a text")
    return _file(asset.path, "source")


def digest(content: Content) -> str:
    """The digest of the stream, which is at its beginning again afterwards."""
    found = hashlib.file_digest(content, "sha256").hexdigest()
    content.seek(0)
    return found


def digest_of(values: Mapping[str, Any]) -> str | None:
    """The digest of what checked inputs say; none where that is not known yet or cannot be read."""
    given = {name: values[name] for name in CONTENTS if values.get(name) is not None}
    if not all(isinstance(each, str | Asset) for each in given.values()):
        return None
    source = given.get("source")
    if isinstance(source, Asset) and not source.is_whole:
        return source.hash
    try:
        with opened(given) as content:
            return digest(content)
    except (InputError, ValueError):
        return None


def _file(path: str, name: str) -> io.BufferedReader:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise InputError(name, f"{path} cannot be read: {error.strerror}") from None
