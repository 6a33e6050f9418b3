"""The conversion of assets and archives between programs, the wire and dynamic resources."""

from __future__ import annotations

import pytest

from neev_provider.adapters.pulumi import assets
from neev_provider.adapters.pulumi.assets import AssetCache
from neev_provider.core.assets import Archive, Asset, AssetOrArchive
from neev_provider.core.model import UNKNOWN

TEXT = Asset(text="a", hash="h")
ZIP = Archive(path="b.zip", hash="i")
BOTH = Archive(assets={"x": TEXT, "z": ZIP}, hash="j")


def test_the_asset_cache_resolves_content_by_hash() -> None:
    cache = AssetCache()
    cache.remember({"source": BOTH, "steps": [{"source": TEXT}], "other": UNKNOWN})
    cache.remember({"source": Archive(hash="j")})
    output = {"source": Archive(hash="j"), "steps": [{"source": Asset(hash="h")}, "x"], "new": Asset(hash="other")}
    assert cache.resolve(output) == {
        "source": BOTH,
        "steps": [{"source": TEXT}, "x"],
        "new": Asset(hash="other"),
    }
    assert cache.resolve(Asset(path="p")) == Asset(path="p")


@pytest.mark.parametrize(
    "blob", [Asset(text="a"), Asset(text=""), Asset(path="a"), Asset(uri="u"), Archive(path="p"), Archive(assets={})]
)
def test_assets_are_converted_to_plain_maps_and_back(blob: AssetOrArchive) -> None:
    assert assets.asset_from_map(assets.asset_to_map(blob)) == blob
    nested = Archive(assets={"a": blob})
    assert assets.asset_from_map(assets.asset_to_map(nested)) == nested


def test_an_empty_text_asset_is_identified_by_its_hash() -> None:
    """The engine omits empty values, so the hash alone has to identify an empty text."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert assets.unmarshal_asset(assets.ASSET, {"hash": empty}) == Asset(text="", hash=empty)
    assert assets.marshal_asset(Asset(text="", hash=empty)) == (assets.ASSET, {"hash": empty})
    assert assets.unmarshal_asset(assets.ASSET, {"hash": "h"}) == Asset(hash="h")


@pytest.mark.parametrize("blob", [TEXT, ZIP, BOTH, Asset(uri="u"), AssetOrArchive(path="p"), AssetOrArchive(uri="u")])
def test_an_asset_has_content_if_it_has_a_text_path_or_uri(blob: AssetOrArchive) -> None:
    assert blob.has_content
    assert not type(blob)(hash="h").has_content
