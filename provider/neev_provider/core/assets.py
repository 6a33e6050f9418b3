"""Content as programs hand it over: an asset is one piece of it, an archive is many by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetOrArchive:
    """An asset or an archive; of its places, one says where the content is."""

    path: str | None = None
    """A file or folder of the machine that runs the program."""
    uri: str | None = None
    """An address."""
    hash: str | None = None
    """What the engine says of its content."""

    @property
    def has_content(self) -> bool:
        """Whether it says where its content is, and not only how that is known."""
        return self.path is not None or self.uri is not None

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(cls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset(AssetOrArchive):
    """One piece of content, whose hash is its SHA-256."""

    text: str | None = field(default=None, repr=False)
    """The content itself."""

    @property
    def has_content(self) -> bool:
        """Whether it says where its content is, and not only how that is known."""
        return self.text is not None or self.path is not None or self.uri is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(AssetOrArchive):
    """Many pieces of content."""

    assets: Mapping[str, AssetOrArchive] | None = None
    """The pieces themselves, by their paths; those of an archive are below its path."""

    @property
    def has_content(self) -> bool:
        """Whether it says where its content is, and not only how that is known."""
        return self.assets is not None or self.path is not None or self.uri is not None
