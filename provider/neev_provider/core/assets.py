"""Content that programs pass: an asset is one file, an archive is many files by their paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetOrArchive:
    """An asset or an archive. One of its fields locates the content."""

    path: str | None = None
    """A file or folder of the machine that runs the program."""
    uri: str | None = None
    """A URL of the content."""
    hash: str | None = None
    """The engine's hash of the content."""

    @property
    def has_content(self) -> bool:
        """Return whether the content can be read; otherwise only its hash is known."""
        return self.path is not None or self.uri is not None

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(cls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset(AssetOrArchive):
    """One file, whose hash is its SHA-256."""

    text: str | None = field(default=None, repr=False)
    """The content itself."""

    @property
    def has_content(self) -> bool:
        """Return whether the content can be read; otherwise only its hash is known."""
        return self.text is not None or self.path is not None or self.uri is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(AssetOrArchive):
    """Many files."""

    assets: Mapping[str, AssetOrArchive] | None = None
    """The files by their paths; those of a nested archive are below its path."""

    @property
    def has_content(self) -> bool:
        """Return whether the content can be read; otherwise only its hash is known."""
        return self.assets is not None or self.path is not None or self.uri is not None
