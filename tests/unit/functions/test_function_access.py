"""Access to a sandbox: getConnectToken and getPreviewPorts."""

import pytest

from neev_emulator import Emulator
from neev_provider.client import Api
from neev_provider.core.errors import InputError
from neev_provider.functions.access import GetConnectToken, GetPreviewPorts
from neev_provider.functions.sandboxes import SandboxIdArguments

BOX = SandboxIdArguments(sandbox_id="box")


async def test_a_connect_token_is_short_lived_and_redacted(api: Api) -> None:
    await api.sandboxes.create({"name": "box"})
    found = await GetConnectToken().call(api, BOX)
    assert found.token
    assert 0 < found.expires_in_seconds <= 3600
    assert found.token not in repr(found)


async def test_a_request_with_a_lost_response_is_retried(api: Api, emulator: Emulator) -> None:
    await api.sandboxes.create({"name": "box"})
    emulator.inject("reset_after", method="POST", path="/connect-token")
    assert (await GetConnectToken().call(api, BOX)).token


async def test_the_preview_ports_of_a_sandbox_are_returned_with_their_urls(api: Api) -> None:
    sandbox = await api.sandboxes.create({"name": "box"})
    assert (await GetPreviewPorts().call(api, BOX)).ports == []
    exposed = await api.ports.expose(sandbox.id, 8080)
    (port,) = (await GetPreviewPorts().call(api, BOX)).ports
    assert (port.port, port.slug, port.preview_url) == (8080, exposed.slug, exposed.preview_url)
    assert exposed.slug not in repr(port)


@pytest.mark.parametrize("function", [GetConnectToken(), GetPreviewPorts()])
async def test_a_missing_sandbox_is_an_error(api: Api, function: GetConnectToken | GetPreviewPorts) -> None:
    with pytest.raises(InputError, match="sandboxId: there is no sandbox 'box' in the project project-emulator"):
        await function.call(api, BOX)
