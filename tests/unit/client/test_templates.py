"""The catalogue of templates, on the emulator and with several pages."""

from typing import Any

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.scripted_transport import ScriptedTransport, page_response

from neev_provider.client import Api, Settings, connect
from neev_provider.core import errors


async def test_templates_are_listed_and_read(api: Api) -> None:
    listed = await api.templates.list()
    assert "sb-ubuntu-26-04-minimal" in {item.id for item in listed}
    assert await api.templates.get(listed[0].id) == listed[0]


async def test_agent_templates_are_listed_and_read(api: Api) -> None:
    listed = await api.agent_templates.list()
    assert "claude-code" in {item.name for item in listed}
    assert await api.agent_templates.get(listed[0].id) == listed[0]


async def test_a_missing_template_raises_not_found(api: Api) -> None:
    with pytest.raises(errors.NotFound):
        await api.templates.get("sb-none")


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, ["sb-a", "sb-b", "sb-c"]),
        ({"category": "browser"}, ["sb-b", "sb-c"]),
        ({"status": "active"}, ["sb-a", "sb-b"]),
        ({"category": "browser", "status": "active"}, ["sb-b"]),
        ({"category": "other"}, []),
    ],
)
async def test_filters_apply_to_every_page(settings: Settings, filters: dict[str, Any], ids: list[str]) -> None:
    def template(id: str, category: str, status: str) -> dict[str, object]:
        return {"id": id, "name": id, "category": category, "status": status}

    first = [template("sb-a", "standard", "active"), template("sb-b", "browser", "active")]
    script = ScriptedTransport(
        page_response(first, total=3, limit=2),
        page_response([template("sb-c", "browser", "deprecated")], total=3, limit=2),
    )
    async with connect(settings, clock=FakeClock(), transport=script) as api:
        assert [item.id for item in await api.templates.list(**filters)] == ids
