"""Connecting and closing a client, and the modules that its import loads."""

import asyncio
import subprocess
import sys

import httpx
import pytest
from tests.fakes.scripted_transport import ScriptedTransport, json_response
from tests.fakes.virtual_time import in_virtual_time

from neev_provider.client import Api, Settings, connect
from neev_provider.client.runtime import ExecRequest
from neev_provider.core import errors
from neev_provider.core.clock import SYSTEM_CLOCK


def test_importing_the_client_does_not_import_httpx() -> None:
    code = "import neev_provider.client, sys; sys.exit('httpx' in sys.modules or 'tenacity' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_connect_stores_the_settings_and_the_clock(settings: Settings) -> None:
    async with connect(settings) as api:
        assert isinstance(api, Api)
        assert (api.settings, api.clock) == (settings, SYSTEM_CLOCK)


async def test_repr_of_the_api_hides_the_key(settings: Settings) -> None:
    async with connect(settings) as api:
        assert settings.api_key not in f"{api!r} {vars(api)!r}"


async def test_a_wrong_key_raises_unauthorized_and_names_the_setting(settings: Settings) -> None:
    wrong = Settings(settings.base_url, "wrong-key", settings.org_id, settings.project_id)
    async with connect(wrong) as api:
        with pytest.raises(errors.Unauthorized, match="the setting `apiKey`"):
            await api.sandboxes.list()


async def test_close_cancels_every_pending_observation(settings: Settings) -> None:
    api = connect(settings)
    observing = asyncio.create_task(api.sandboxes.observe("s", 3600))
    await asyncio.sleep(0)
    await api.aclose()
    with pytest.raises(errors.Cancelled, match=r"^polling the API: stopped waiting, as asked\."):
        await observing


@in_virtual_time
async def test_a_client_can_be_created_in_any_running_loop() -> None:
    await connect(Settings("https://h", "k", "o", "p")).aclose()


async def test_a_custom_transport_serves_the_api_and_the_sandboxes() -> None:
    """Requests to the API and to a sandbox use the same transport."""
    exited = httpx.Response(200, content=b'{"type": "exit", "exit_code": 3}')
    script = ScriptedTransport(
        json_response(json={"id": "1", "name": "box", "phase": "Ready", "connect_url": "https://in"}), exited
    )
    async with connect(Settings("https://h", "k", "o", "p"), transport=script) as api:
        box = await api.sandboxes.get("box")
        request = ExecRequest(["true"])
        assert await api.runtime.session(box).exec(request, lambda _stream, _text: None, read_timeout=1) == 3
    assert [request.url.host for request in script.sent] == ["h", "in"]
