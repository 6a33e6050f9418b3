"""Paths in a sandbox: normalization and validation."""

from __future__ import annotations

import posixpath
from typing import Annotated, Final

from pydantic import AfterValidator, Field

WORKSPACE_ROOT: Final = "/workspace"
"""Path of the workspace in a sandbox. Relative paths start there."""
MAX_NAME_BYTES: Final = 255
"""Maximum length of one name in a path, in bytes. File systems have this limit."""
MAX_PATH_BYTES: Final = 4095
"""Maximum length of a whole path, in bytes. File systems have this limit."""


def normalize_path(path: str) -> str:
    """Return the path relative to the workspace, in its normal form.

    Raises:
        ValueError: the path leads out of the workspace, or no file can have it.
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
    """Return the normal form of a file's path, which cannot be the workspace itself.

    Raises:
        ValueError: as for ``normalize_path``, or the path is the workspace.
    """
    found = normalize_path(path)
    if found == ".":
        raise ValueError("is the workspace; append a file name")
    return found


def canonicalize_path(path: str) -> str:
    """Return the normal form of a valid path for comparisons. Return an invalid path unchanged."""
    try:
        return normalize_path(path)
    except ValueError:
        return path


def _byte_length(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


FolderPath = Annotated[str, Field(min_length=1), AfterValidator(normalize_path)]
FilePath = Annotated[str, Field(min_length=1), AfterValidator(normalize_file_path)]
