"""Ephemeral resources: functions that return credentials, which no state and no plan contains."""

from tests.unit.adapters.terraform.features.conftest import Engine, config_of

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.values import decode
from neev_provider.core.model import UNKNOWN

TOKEN, GATEWAY = "neev_connect_token", "neev_agent_gateway"


async def open_one(engine: Engine, type_name: str, **arguments: object) -> pb.OpenEphemeralResource.Response:
    """Open the ephemeral resource with these arguments and return the response."""
    config = config_of(engine.schema.ephemeral_resource_schemas[type_name], **arguments)
    opened: pb.OpenEphemeralResource.Response = await engine.call(
        "OpenEphemeralResource", type_name=type_name, config=config
    )
    return opened


async def test_functions_that_return_credentials_are_ephemeral_resources_only(engine: Engine) -> None:
    assert set(engine.schema.ephemeral_resource_schemas) == {TOKEN, GATEWAY}
    assert not {TOKEN, GATEWAY} & set(engine.schema.data_source_schemas)
    block = engine.schema.ephemeral_resource_schemas[GATEWAY].block
    assert {item.name: (item.required, item.sensitive) for item in block.attributes} == {
        "agent_id": (True, False),
        "gateway_token": (False, True),
        "sandbox_id": (False, False),
        "status": (False, False),
        "web_ui_url": (False, True),
    }


async def test_open_returns_a_token_without_a_renewal_time(engine: Engine) -> None:
    await (await engine.api()).sandboxes.create({"name": "box"})
    opened = await open_one(engine, TOKEN, sandbox_id="box")
    result = decode(opened.result)
    assert result["token"].startswith("nct.")
    assert result["sandbox_id"] == "box"
    assert result["expires_in_seconds"] > 0
    assert not opened.diagnostics
    assert not opened.HasField("renew_at")
    assert not opened.HasField("private")


async def test_open_returns_the_gateway_of_an_agent(engine: Engine) -> None:
    agent = await (await engine.api()).agents.create({"name": "coder", "agent_template": "code-server"})
    engine.emulator.advance(5)
    result = decode((await open_one(engine, GATEWAY, agent_id=agent.id)).result)
    assert result["gateway_token"].startswith("gw_")
    assert result["web_ui_url"]
    assert (result["status"], result["agent_id"]) == ("Ready", agent.id)


async def test_renew_and_close_send_no_request(engine: Engine) -> None:
    for private in ({}, {"private": b"of an open or of a renewal"}):
        renewed = await engine.call("RenewEphemeralResource", type_name=TOKEN, **private)
        assert renewed == pb.RenewEphemeralResource.Response()
        closed = await engine.call("CloseEphemeralResource", type_name=TOKEN, **private)
        assert closed == pb.CloseEphemeralResource.Response()
    assert not engine.emulator.requests


async def test_known_arguments_of_an_ephemeral_resource_are_validated(engine: Engine) -> None:
    schema = engine.schema.ephemeral_resource_schemas[TOKEN]
    for sandbox_id in (UNKNOWN, "box"):
        config = config_of(schema, sandbox_id=sandbox_id)
        response = await engine.call("ValidateEphemeralResourceConfig", type_name=TOKEN, config=config)
        assert not response.diagnostics
    response = await engine.call("ValidateEphemeralResourceConfig", type_name=TOKEN, config=config_of(schema))
    (error,) = response.diagnostics
    assert error.attribute.steps[0].attribute_name == "sandbox_id"


async def test_an_error_of_open_names_the_argument_and_the_operation(engine: Engine) -> None:
    (error,) = (await open_one(engine, TOKEN, sandbox_id="none")).diagnostics
    assert error.summary == "Cannot open neev_connect_token"
    assert "sandbox_id: there is no sandbox 'none' in the project" in error.detail
    assert error.attribute.steps[0].attribute_name == "sandbox_id"


async def test_a_data_source_leaves_out_the_credentials(engine: Engine) -> None:
    await (await engine.api()).agents.create({"name": "coder", "agent_template": "code-server"})
    config = config_of(engine.schema.data_source_schemas["neev_agent"], name="coder")
    validated = await engine.call("ValidateDataResourceConfig", type_name="neev_agent", config=config)
    assert not validated.diagnostics
    state = decode((await engine.call("ReadDataSource", type_name="neev_agent", config=config)).state)
    assert (state["name"], state["agent_template_id"]) == ("coder", "ag-code-server")
    assert not {"gateway_token", "web_ui_url"} & state.keys()
