"""Assets and archives, as the wire has them and as dynamic resources carry them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from neev_provider.core.assets import Archive, Asset, AssetOrArchive

ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
SIGNATURES: Final = (ASSET, ARCHIVE)
ASSET_KEY: Final = "__asset"
"""The key that says what a plain map stands for: of an asset, a dynamic host would be told only the hash."""
_EMPTY_HASH: Final = hashlib.sha256(b"").hexdigest()


class AssetCache:
    """What checks were handed. A diff is told no more than the hashes of it."""

    def __init__(self) -> None:
        self._assets: dict[str, AssetOrArchive] = {}

    def remember(self, value: Any) -> None:
        """Every asset and archive of the value is known from now on."""
        if isinstance(value, AssetOrArchive):
            if value.hash is not None and value.has_content:
                self._assets[value.hash] = value
        elif isinstance(value, Mapping):
            for each in value.values():
                self.remember(each)
        elif isinstance(value, list):
            for each in value:
                self.remember(each)

    def resolve(self, value: Any) -> Any:
        """The value, with its assets and archives as they were handed over."""
        if isinstance(value, AssetOrArchive):
            return value if value.has_content or value.hash is None else self._assets.get(value.hash, value)
        if isinstance(value, Mapping):
            return {key: self.resolve(each) for key, each in value.items()}
        return [self.resolve(each) for each in value] if isinstance(value, list) else value


def unmarshal_asset(signature: str, parts: Mapping[str, Any]) -> AssetOrArchive | None:
    """The asset or archive of these decoded parts; ``None`` where they make none."""
    texts = {name: value for name, value in parts.items() if isinstance(value, str)}
    path, uri, hash = (texts.get(name) for name in ("path", "uri", "hash"))
    if signature == ASSET:
        # of an empty text, the engine hands over nothing but the hash
        text = "" if hash == _EMPTY_HASH and path is None and uri is None else texts.get("text")
        return Asset(path=path, uri=uri, hash=hash, text=text)
    assets = parts.get("assets")
    if assets is None:
        return Archive(path=path, uri=uri, hash=hash)
    if not isinstance(assets, Mapping) or not all(isinstance(each, AssetOrArchive) for each in assets.values()):
        return None
    return Archive(path=path, uri=uri, hash=hash, assets=dict(assets))


def marshal_asset(asset: AssetOrArchive) -> tuple[str, dict[str, Any]]:
    """The signature of the asset or archive, and its parts."""
    parts: dict[str, Any] = {"path": asset.path, "uri": asset.uri, "hash": asset.hash}
    if isinstance(asset, Archive):
        parts["assets"] = None if asset.assets is None else dict(asset.assets)
        return ARCHIVE, _drop_none(parts)
    return ASSET, _drop_none({**parts, "text": (asset.text or None) if isinstance(asset, Asset) else None})


def asset_to_map(asset: AssetOrArchive) -> dict[str, Any]:
    """The asset or archive as a plain map."""
    parts: dict[str, Any] = {"path": asset.path, "uri": asset.uri}
    if isinstance(asset, Asset):
        return _drop_none({ASSET_KEY: "asset", **parts, "text": asset.text})
    assets = asset.assets if isinstance(asset, Archive) else None
    return _drop_none(
        {
            ASSET_KEY: "archive",
            **parts,
            "assets": assets and {name: asset_to_map(each) for name, each in assets.items()},
        }
    )


def asset_from_map(values: Mapping[str, Any]) -> AssetOrArchive:
    """The asset or archive of the plain map."""
    path, uri = values.get("path"), values.get("uri")
    if values[ASSET_KEY] == "asset":
        return Asset(path=path, uri=uri, text=values.get("text"))
    assets = values.get("assets")
    return Archive(path=path, uri=uri, assets=assets and {name: asset_from_map(each) for name, each in assets.items()})


def _drop_none(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}
