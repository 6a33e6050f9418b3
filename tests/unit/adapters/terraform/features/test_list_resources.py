"""List resources: existing objects with the identity by which they are imported."""

from typing import Any

import pytest
from tests.unit.adapters.terraform.features.conftest import Engine, config_of

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.names import list_function_of
from neev_provider.adapters.terraform.values import decode, encode
from neev_provider.core.errors import InputError
from neev_provider.core.model import UNKNOWN


async def list_all(
    engine: Engine, type_name: str, *, limit: int = 100, whole: bool = False, **filters: Any
) -> list[Any]:
    """Return the events of a query."""
    config = config_of(engine.schema.list_resource_schemas[type_name], **filters)
    return [
        event
        async for event in engine.stream(
            "ListResource", type_name=type_name, config=config, limit=limit, include_resource_object=whole
        )
    ]


async def create_sandboxes(engine: Engine, *names: str) -> dict[str, str]:
    """Create sandboxes and return their ids by name."""
    api = await engine.api()
    ids = {name: (await api.sandboxes.create({"name": name})).id for name in names}
    engine.emulator.advance(5)
    return ids


async def test_list_resources_have_the_arguments_of_their_list_functions(engine: Engine) -> None:
    schemas = engine.schema.list_resource_schemas
    names = {name: [item.name for item in schema.block.attributes] for name, schema in schemas.items()}
    assert names == {
        "neev_agent": ["name_contains", "status"],
        "neev_sandbox": ["labels", "name_contains", "phase"],
        "neev_sandbox_fork": ["labels", "name_contains", "phase"],
        "neev_snapshot": ["sandbox_id"],
    }
    identities = (await engine.call("GetResourceIdentitySchemas")).identity_schemas
    assert schemas.keys() <= identities.keys()


async def test_a_list_event_has_the_identity_and_the_name(engine: Engine) -> None:
    ids = await create_sandboxes(engine, "one", "two")
    events = await list_all(engine, "neev_sandbox")
    found = {event.display_name: decode(event.identity.identity_data) for event in events}
    assert found == {name: {"id": id, "project_id": "project-emulator"} for name, id in ids.items()}
    assert not any(event.HasField("resource_object") for event in events)


async def test_a_list_applies_the_filters_and_the_limit(engine: Engine) -> None:
    await create_sandboxes(engine, "api-1", "api-2", "api-3", "web-1")
    assert len(await list_all(engine, "neev_sandbox", name_contains="api")) == 3
    assert len(await list_all(engine, "neev_sandbox", name_contains="api", limit=2)) == 2
    assert len(await list_all(engine, "neev_sandbox", limit=0)) == 4


async def test_a_list_without_a_configuration_returns_every_object(engine: Engine) -> None:
    await create_sandboxes(engine, "one")
    checked = await engine.call("ValidateListResourceConfig", type_name="neev_sandbox", config=encode(None))
    assert not checked.diagnostics
    events = [event async for event in engine.stream("ListResource", type_name="neev_sandbox", config=encode(None))]
    assert [event.display_name for event in events] == ["one"]


async def test_the_object_of_a_list_event_equals_the_state_after_an_import(engine: Engine) -> None:
    (id,) = (await create_sandboxes(engine, "one")).values()
    (event,) = await list_all(engine, "neev_sandbox", whole=True)
    imported = (await engine.call("ImportResourceState", type_name="neev_sandbox", id=id)).imported_resources[0]
    read = await engine.call("ReadResource", type_name="neev_sandbox", current_state=imported.state)
    assert decode(event.resource_object) == decode(read.new_state)
    assert event.identity == read.new_identity


async def test_an_object_without_a_name_is_shown_by_its_id(engine: Engine) -> None:
    (id,) = (await create_sandboxes(engine, "one")).values()
    snapshot = await (await engine.api()).snapshots.create(id)
    (event,) = await list_all(engine, "neev_snapshot", sandbox_id=id)
    assert event.display_name == snapshot.id


async def test_a_list_leaves_out_an_object_deleted_meanwhile(engine: Engine) -> None:
    ids = await create_sandboxes(engine, "kept", "gone")
    engine.emulator.inject("status", method="GET", path=f"/sandboxes/{ids['gone']}", status=404)
    events = await list_all(engine, "neev_sandbox", whole=True)
    assert [event.display_name for event in events] == ["kept"]


@pytest.mark.parametrize("sandbox_id", [UNKNOWN, "box"])
async def test_known_filters_of_a_list_are_validated(engine: Engine, sandbox_id: object) -> None:
    config = config_of(engine.schema.list_resource_schemas["neev_snapshot"], sandbox_id=sandbox_id)
    response = await engine.call("ValidateListResourceConfig", type_name="neev_snapshot", config=config)
    assert not response.diagnostics


async def test_a_list_error_is_an_event_with_a_diagnostic(engine: Engine) -> None:
    (event,) = await list_all(engine, "neev_snapshot", sandbox_id="none")
    (error,) = event.diagnostic
    assert error.severity == pb.Diagnostic.ERROR
    assert error.summary == "Cannot list neev_snapshot"
    assert "sandbox_id: there is no sandbox 'none'" in error.detail
    assert error.attribute.steps[0].attribute_name == "sandbox_id"


def test_listing_a_resource_without_a_list_is_an_error() -> None:
    with pytest.raises(InputError, match="this version of the provider cannot list neev_file"):
        list_function_of("neev_file")
