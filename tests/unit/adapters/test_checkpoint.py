"""The resources of an exported state."""

from __future__ import annotations

import json
from typing import Any

from neev_provider.adapters.pulumi import assets
from neev_provider.adapters.pulumi.checkpoint import decode_state, encode_state, recovered_resource, type_of_token
from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE
from neev_provider.adapters.pulumi.property_map import PropertyMap
from neev_provider.core.assets import Archive, Asset
from neev_provider.core.lifecycle import StoredResource
from neev_provider.resources import RESOURCES


def secret_value(value: Any) -> dict[str, str]:
    return {SIGNATURE: SECRET, "plaintext": json.dumps(value)}


def test_resources_are_found_by_the_types_of_both_adapters() -> None:
    for resource in RESOURCES:
        for token in (f"neev:index:{resource.name}", f"pulumi-python:dynamic/neev:{resource.name}"):
            kind = type_of_token(token)
            assert kind is not None
            assert type(kind.resource) is type(resource)
    assert type_of_token("random:index/randomId:RandomId") is None


def test_a_decoded_state_is_encoded_unchanged() -> None:
    values = {"env": secret_value({"A": "hidden"}), "list": [1, 2.5, secret_value("x")], "nested": {"on": True}}
    decoded = decode_state(values)
    assert decoded.values == {"env": {"A": "hidden"}, "list": [1, 2.5, "x"], "nested": {"on": True}}
    assert decoded.secrets == {("env",), ("list", 2)}
    assert encode_state(decode_state(values)) == values
    assert encode_state(PropertyMap({"gone": None, "pair": (1, 2)})) == {"pair": [1, 2]}


def test_a_recovered_resource_has_the_state_that_the_plugin_stores() -> None:
    pending = {"urn": "u", "type": "neev:index:PreviewPort", "inputs": {"sandboxId": "s", "port": 80}, "provider": "p"}
    stored = StoredResource("s/80", {}, {"sandboxId": "s", "port": 80, "slug": "abcdefgh", "previewUrl": "https://x"})
    created = recovered_resource(pending, stored, problem="not yet")
    assert created == {
        **pending,
        "id": "s/80",
        "initErrors": ["not yet"],
        "outputs": {
            "sandboxId": "s",
            "port": 80,
            "slug": secret_value("abcdefgh"),
            "previewUrl": secret_value("https://x"),
        },
    }


def test_a_recovered_dynamic_resource_has_the_properties_of_its_host() -> None:
    pending = {
        "urn": "u",
        "type": "pulumi-python:dynamic/neev:Snapshot",
        "inputs": {"__provider": "pickle", "__resourceName": "kept", "name": "kept-1", "triggers": secret_value([1])},
        "additionalSecretOutputs": ["createdBy"],
    }
    inputs = {"__resourceName": "kept", "name": "kept-1", "triggers": [1]}
    stored = StoredResource("id", inputs, {"name": "kept-1", "triggers": [1], "createdBy": "somebody"})
    assert recovered_resource(pending, stored, problem="")["outputs"] == {
        "__provider": "pickle",
        "__resourceName": "kept",
        "__inputKeys": ["name", "triggers"],
        "name": "kept-1",
        "triggers": secret_value([1]),
        "createdBy": secret_value("somebody"),
    }


def test_assets_are_decoded_in_the_forms_of_both_adapters() -> None:
    asset = {SIGNATURE: assets.ASSET, "text": "a", "hash": "h"}
    archive = {SIGNATURE: assets.ARCHIVE, "assets": {"x": asset}}
    assert decode_state({"source": archive}).values == {"source": Archive(assets={"x": Asset(text="a", hash="h")})}
    assert decode_state({"list": [assets.asset_to_map(Asset(path="p"))]}).values == {"list": [Asset(path="p")]}
