"""Assets and archives, as messages of the protocol and as maps in dynamic resources."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from neev_provider.core.assets import Archive, Asset, AssetOrArchive

ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
SIGNATURES: Final = (ASSET, ARCHIVE)
ASSET_KEY: Final = "__asset"
"""Key that marks a map as an asset. As an asset, a dynamic host would receive only the hash."""
_EMPTY_HASH: Final = hashlib.sha256(b"").hexdigest()


class AssetCache:
    """Assets that checks have received. A diff receives only their hashes."""

    def __init__(self) -> None:
        self._assets: dict[str, AssetOrArchive] = {}

    def remember(self, value: Any) -> None:
        """Remember every asset and archive in the value."""
        if isinstance(value, AssetOrArchive):
            if value.hash is not None and value.has_content:
                self._assets[value.hash] = value
        elif isinstance(value, Mapping):
            for item in value.values():
                self.remember(item)
        elif isinstance(value, list):
            for item in value:
                self.remember(item)

    def resolve(self, value: Any) -> Any:
        """Return the value with the content of its assets and archives."""
        if isinstance(value, AssetOrArchive):
            return value if value.has_content or value.hash is None else self._assets.get(value.hash, value)
        if isinstance(value, Mapping):
            return {key: self.resolve(item) for key, item in value.items()}
        return [self.resolve(item) for item in value] if isinstance(value, list) else value


def unmarshal_asset(signature: str, parts: Mapping[str, Any]) -> AssetOrArchive | None:
    """Return the asset or archive of these unmarshaled parts, or `None` if they are none."""
    texts = {name: value for name, value in parts.items() if isinstance(value, str)}
    path, uri, hash = (texts.get(name) for name in ("path", "uri", "hash"))
    if signature == ASSET:
        # of an empty text, the engine passes only the hash
        text = "" if hash == _EMPTY_HASH and path is None and uri is None else texts.get("text")
        return Asset(path=path, uri=uri, hash=hash, text=text)
    assets = parts.get("assets")
    if assets is None:
        return Archive(path=path, uri=uri, hash=hash)
    if not isinstance(assets, Mapping) or not all(isinstance(asset, AssetOrArchive) for asset in assets.values()):
        return None
    return Archive(path=path, uri=uri, hash=hash, assets=dict(assets))


def marshal_asset(asset: AssetOrArchive) -> tuple[str, dict[str, Any]]:
    """Return the signature of the asset or archive, and its parts."""
    parts: dict[str, Any] = {"path": asset.path, "uri": asset.uri, "hash": asset.hash}
    if isinstance(asset, Archive):
        parts["assets"] = None if asset.assets is None else dict(asset.assets)
        return ARCHIVE, _drop_none(parts)
    return ASSET, _drop_none({**parts, "text": (asset.text or None) if isinstance(asset, Asset) else None})


def asset_to_map(asset: AssetOrArchive) -> dict[str, Any]:
    """Return the asset or archive as a plain map."""
    parts: dict[str, Any] = {"path": asset.path, "uri": asset.uri}
    if isinstance(asset, Asset):
        return _drop_none({ASSET_KEY: "asset", **parts, "text": asset.text})
    assets = asset.assets if isinstance(asset, Archive) else None
    return _drop_none(
        {
            ASSET_KEY: "archive",
            **parts,
            "assets": assets and {name: asset_to_map(member) for name, member in assets.items()},
        }
    )


def asset_from_map(values: Mapping[str, Any]) -> AssetOrArchive:
    """Return the asset or archive of the plain map."""
    path, uri = values.get("path"), values.get("uri")
    if values[ASSET_KEY] == "asset":
        return Asset(path=path, uri=uri, text=values.get("text"))
    assets = values.get("assets")
    return Archive(
        path=path, uri=uri, assets=assets and {name: asset_from_map(member) for name, member in assets.items()}
    )


def _drop_none(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}
