"""The provider's own functions: pure, and called before the provider is configured."""

import json
from typing import Any

import pytest
from tests.unit.adapters.terraform.features.conftest import Engine

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.values import decode, encode


async def call(engine: Engine, name: str, text: str) -> pb.CallFunction.Response:
    """Call the function with one text and return the response."""
    response: pb.CallFunction.Response = await engine.call("CallFunction", name=name, arguments=[encode(text)])
    return response


async def test_the_schema_has_the_signatures_of_the_functions(engine: Engine) -> None:
    functions = (await engine.call("GetFunctions")).functions
    assert functions == engine.schema.functions
    returned = {name: json.loads(getattr(function, "return").type) for name, function in functions.items()}
    assert returned == {"branch_name": "string", "duration": "number"}
    for function in functions.values():
        (parameter,) = function.parameters
        assert (parameter.name, json.loads(parameter.type)) == ("text", "string")
        assert function.summary
        assert function.description
        assert parameter.description


@pytest.mark.parametrize(
    ("name", "text", "result"),
    [
        ("branch_name", "main", "main"),
        ("branch_name", "feature/Login", "feature-login-48fad0"),
        ("duration", "1h30m", 5400),
        ("duration", "0", 0),
        ("duration", "100ms", "0.1"),
    ],
)
async def test_functions_return_results_without_settings(engine: Engine, name: str, text: str, result: Any) -> None:
    response = await call(engine, name, text)
    assert decode(response.result) == result
    assert not response.HasField("error")
    assert not engine.emulator.requests


async def test_an_invalid_duration_is_an_error_at_the_argument(engine: Engine) -> None:
    error = (await call(engine, "duration", "soon")).error
    assert error.text == "must be a duration, such as 90s, 30m or 1h30m (is 'soon')"
    assert error.HasField("function_argument")
    assert error.function_argument == 0
