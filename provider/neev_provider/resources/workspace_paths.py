"""Paths inside a sandbox: what they mean, however they are spelled, and which of them cannot be."""

from __future__ import annotations

import posixpath
from typing import Annotated, Final

from pydantic import AfterValidator, Field

ROOT: Final = "/workspace"
"""Where the workspace is inside a sandbox; a relative path is below it."""
LONGEST_NAME: Final = 255
"""Bytes of one name in a path, at most, as file systems have it."""
LONGEST_PATH: Final = 4095
"""Bytes of a whole path, likewise."""


def relative(path: str) -> str:
    """Return the path from the workspace on, spelled in the one way that all its spellings have in common.

    Raises:
        ValueError: it leads out of the workspace, or no file can have it.
    """
    if "\0" in path:
        raise ValueError("holds a NUL character, which no path can")
    whole = posixpath.normpath(posixpath.join(ROOT, path)).replace("//", "/", 1)
    if whole != ROOT and not whole.startswith(f"{ROOT}/"):
        raise ValueError(f"leads out of the workspace: give a path below it, such as conf/app.ini or {ROOT}/conf")
    names = path.split("/")
    if max(map(_size, names)) > LONGEST_NAME or _size(whole) > LONGEST_PATH:
        raise ValueError(f"is too long: a name can be at most {LONGEST_NAME} bytes long, a path {LONGEST_PATH}")
    return posixpath.relpath(whole, ROOT)


def relative_file(path: str) -> str:
    """Return the path likewise; it cannot be the workspace itself.

    Raises:
        ValueError: as `relative` does, or it is the workspace.
    """
    found = relative(path)
    if found == ".":
        raise ValueError("is the workspace itself: a file has a name")
    return found


def same_place(path: str) -> str:
    """Return what two paths have in common where they mean the same; one that cannot be is only like itself."""
    try:
        return relative(path)
    except ValueError:
        return path


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


FolderPath = Annotated[str, Field(min_length=1), AfterValidator(relative)]
FilePath = Annotated[str, Field(min_length=1), AfterValidator(relative_file)]
