"""Values in the JSON form of the protocol, and invalid JSON."""

from __future__ import annotations

import pytest
from tests.fakes.terraform_engine import Engine, EngineError

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.values import decode, encode


def test_a_json_value_is_decoded_with_exact_fractions() -> None:
    assert decode(pb.DynamicValue(json=b'{"a": 0.1, "b": [1]}')) == {"a": "0.1", "b": [1]}
    assert decode(pb.DynamicValue()) is None
    assert decode(encode({"large": 1 << 70, "small": 2.0})) == {"large": str(1 << 70), "small": 2}


async def test_a_stored_identity_is_upgraded(terraform: Engine) -> None:
    raw = pb.RawState(json=b'{"id": "box"}')
    response = await terraform.call("UpgradeResourceIdentity", type_name="neev_sandbox", version=0, raw_identity=raw)
    assert decode(response.upgraded_identity.identity_data) == {"id": "box", "project_id": None}


async def test_an_invalid_json_argument_is_rejected(terraform: Engine) -> None:
    with pytest.raises(EngineError, match="config"):
        await terraform.resource("neev_agent").validate({"agent_template": "claude-code", "config": "{"})
