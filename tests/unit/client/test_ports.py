"""The calls for preview ports, against the emulator."""

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_transport import ScriptedTransport, json_response
from tests.unit.client.test_sandboxes import create_ready

from neev_emulator import Emulator
from neev_provider.client import Api, Settings, connect
from neev_provider.core import errors

POST = "POST /sandboxes/{id}/ports"


async def test_a_port_keeps_its_url_until_another_slug_is_requested(api: Api) -> None:
    box = await create_ready(api)
    first = await api.ports.expose(box.id, 8080)
    assert await api.ports.expose(box.id, 8080) == first
    rotated = await api.ports.expose(box.id, 8080, slug="abcd1234")
    assert rotated.slug == "abcd1234"
    assert rotated.preview_url != first.preview_url
    assert await api.ports.list(box.id) == (rotated,)


async def test_revoking_a_missing_port_succeeds(api: Api) -> None:
    box = await create_ready(api)
    await api.ports.expose(box.id, 8080)
    await api.ports.revoke(box.id, 8080)
    await api.ports.revoke(box.id, 8080)
    assert await api.ports.list(box.id) == ()
    await api.ports.revoke("00000000-0000-4000-8000-000000000000", 8080)


async def test_only_the_exposed_port_is_found(api: Api) -> None:
    box = await create_ready(api)
    exposed = await api.ports.expose(box.id, 8080)
    assert await api.ports.find(box.id, 8080) == exposed
    assert await api.ports.find(box.id, 80) is None
    assert await api.ports.find("00000000-0000-4000-8000-000000000000", 8080) is None


@pytest.mark.parametrize("kind", ["reset_after", "truncate_body", "malformed_body", "wrong_content_type"])
async def test_expose_finds_the_port_in_the_list_if_the_response_is_lost(
    api: Api, emulator: Emulator, kind: str
) -> None:
    box = await create_ready(api)
    emulator.inject(kind, method="POST", path="/sandboxes/{id}/ports")
    exposed = await api.ports.expose(box.id, 8080)
    assert await api.ports.list(box.id) == (exposed,)
    assert emulator.counts()[POST] == 1


async def test_a_port_with_another_slug_is_not_adopted_after_a_lost_request(api: Api, emulator: Emulator) -> None:
    box = await create_ready(api)
    await api.ports.expose(box.id, 8080)
    emulator.inject("reset_before", method="POST", path="/sandboxes/{id}/ports")
    with pytest.raises(errors.OutcomeUnknown, match="the connection was lost"):
        await api.ports.expose(box.id, 8080, slug="abcd1234")


async def test_repr_of_a_port_hides_its_slug_and_url(api: Api) -> None:
    box = await create_ready(api)
    exposed = await api.ports.expose(box.id, 8080, slug="abcd1234")
    assert "8080" in repr(exposed)
    assert "abcd1234" not in repr(exposed)


async def test_a_null_list_of_ports_is_empty(settings: Settings) -> None:
    async with connect(
        settings, clock=FakeClock(), transport=ScriptedTransport(json_response(200, {"ports": None}))
    ) as api:
        assert await api.ports.list("box") == ()
