"""Paths inside a sandbox: what they mean, however they are spelled, and which of them cannot be."""

from __future__ import annotations

import posixpath
from typing import Annotated, Final

from pydantic import AfterValidator, Field

WORKSPACE_ROOT: Final = "/workspace"
"""Where the workspace is inside a sandbox; a relative path is below it."""
MAX_NAME_BYTES: Final = 255
"""Bytes of one name in a path, at most, as file systems have it."""
MAX_PATH_BYTES: Final = 4095
"""Bytes of a whole path, likewise."""


def normalize_path(path: str) -> str:
    """Return the path from the workspace on, spelled in the one way that all its spellings have in common.

    Raises:
        ValueError: it leads out of the workspace, or no file can have it.
    """
    if "\0" in path:
        raise ValueError("contains a NUL character")
    whole = posixpath.normpath(posixpath.join(WORKSPACE_ROOT, path)).replace("//", "/", 1)
    if whole != WORKSPACE_ROOT and not whole.startswith(f"{WORKSPACE_ROOT}/"):
        raise ValueError(f"is outside the workspace; use a path such as conf/app.ini or {WORKSPACE_ROOT}/conf")
    names = path.split("/")
    if max(map(_byte_length, names)) > MAX_NAME_BYTES or _byte_length(whole) > MAX_PATH_BYTES:
        raise ValueError(f"is too long; a name has at most {MAX_NAME_BYTES} bytes, a path {MAX_PATH_BYTES}")
    return posixpath.relpath(whole, WORKSPACE_ROOT)


def normalize_file_path(path: str) -> str:
    """Return the path likewise; it cannot be the workspace itself.

    Raises:
        ValueError: as `relative` does, or it is the workspace.
    """
    found = normalize_path(path)
    if found == ".":
        raise ValueError("is the workspace; append a file name")
    return found


def canonicalize_path(path: str) -> str:
    """Return what two paths have in common where they mean the same; one that cannot be is only like itself."""
    try:
        return normalize_path(path)
    except ValueError:
        return path


def _byte_length(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


FolderPath = Annotated[str, Field(min_length=1), AfterValidator(normalize_path)]
FilePath = Annotated[str, Field(min_length=1), AfterValidator(normalize_file_path)]
