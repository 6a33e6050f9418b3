"""Look-ups in the catalog of templates."""

from typing import Any

import pytest
from tests.fakes.scripted_transport import ScriptedTransport, page_response

from neev_provider.client import Api, Settings, connect
from neev_provider.core.errors import InputError
from neev_provider.functions.arguments import IdOrNameArguments
from neev_provider.functions.templates import (
    AgentTemplateFilter,
    GetAgentTemplate,
    GetAgentTemplates,
    GetSandboxTemplate,
    GetSandboxTemplates,
    SandboxTemplate,
    SandboxTemplateFilter,
    TemplateCategory,
    TemplateStatus,
    exactly_one_match,
)


def make_template_body(number: int, name: str | None = None) -> dict[str, Any]:
    return {
        "id": f"sb-{number}",
        "name": name or f"template-{number}",
        "description": "",
        "category": "standard",
        "status": "active",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }


@pytest.mark.parametrize("arguments", [{"id": "sb-node-24"}, {"name": "node-24"}])
async def test_a_template_is_found_by_id_or_by_exact_name(api: Api, arguments: dict[str, str]) -> None:
    found = await GetSandboxTemplate().call(api, IdOrNameArguments(**arguments))
    assert (found.id, found.name, found.category, found.status) == ("sb-node-24", "node-24", "standard", "active")


@pytest.mark.parametrize(
    ("arguments", "path", "near"),
    [
        ({"name": "ubuntu-26-04"}, "name", "ubuntu-26-04-dev"),
        ({"name": "Node-24"}, "name", "node-24"),
        ({"id": "node-24"}, "id", "sb-node-24"),
    ],
)
async def test_an_inexact_id_or_name_is_an_error_that_lists_similar_ones(
    api: Api, arguments: dict[str, str], path: str, near: str
) -> None:
    with pytest.raises(InputError) as caught:
        await GetSandboxTemplate().call(api, IdOrNameArguments(**arguments))
    assert caught.value.path == path
    assert near in caught.value.reason.partition("near: ")[2].split(", ")


async def test_the_error_lists_some_templates_if_no_name_is_similar(api: Api) -> None:
    with pytest.raises(InputError, match="chromium-desktop"):
        await GetSandboxTemplate().call(api, IdOrNameArguments(name="§"))


def test_a_duplicate_name_is_an_error_that_lists_the_ids() -> None:
    twice = [SandboxTemplate.model_validate(make_template_body(number, "same")) for number in (1, 2)]
    with pytest.raises(InputError, match=r"2 sandbox templates have the name 'same': sb-1, sb-2"):
        exactly_one_match(twice, IdOrNameArguments(name="same"), "sandbox template")
    assert exactly_one_match(twice, IdOrNameArguments(id="sb-2"), "sandbox template") is twice[1]


def test_an_empty_catalog_is_an_error() -> None:
    with pytest.raises(InputError, match="the catalog is empty"):
        exactly_one_match([], IdOrNameArguments(name="any"), "sandbox template")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"category": TemplateCategory.BROWSER}, {"chromium-playwright", "chromium-desktop"}),
        ({"status": TemplateStatus.DEPRECATED}, {"ubuntu-24-04-minimal"}),
        ({"nameContains": "UBUNTU-26"}, {"ubuntu-26-04-minimal", "ubuntu-26-04-dev", "ubuntu-26-04-interpreter"}),
        ({"category": TemplateCategory.STANDARD, "nameContains": "python"}, {"python-3-13"}),
        ({"nameContains": "windows"}, set()),
    ],
)
async def test_templates_are_filtered_by_category_status_and_name(
    api: Api, arguments: dict[str, Any], names: set[str]
) -> None:
    found = await GetSandboxTemplates().call(api, SandboxTemplateFilter(**arguments))
    assert {template.name for template in found.templates} == names


async def test_every_page_of_the_catalog_is_requested() -> None:
    rows = [make_template_body(number) for number in range(150)]
    script = ScriptedTransport(page_response(rows[:100], total=150), page_response(rows[100:], total=150))
    async with connect(Settings("http://127.0.0.1:1", "key", "org", "project"), transport=script) as api:
        found = await GetSandboxTemplate().call(api, IdOrNameArguments(name="template-149"))
    assert found.id == "sb-149"
    assert len(script.sent) == 2


async def test_agent_templates_are_found_by_name_and_filtered(api: Api) -> None:
    found = await GetAgentTemplate().call(api, IdOrNameArguments(name="claude-code"))
    assert (found.id, found.category, found.agent_version) == ("ag-claude-code", "coding", "2.0.14")
    with pytest.raises(InputError, match="near: claude-code"):
        await GetAgentTemplate().call(api, IdOrNameArguments(name="claude-codes"))
    named = await GetAgentTemplates().call(api, AgentTemplateFilter(name_contains="Code"))
    assert {template.name for template in named.templates} == {"claude-code", "code-server"}
    none = await GetAgentTemplates().call(api, AgentTemplateFilter(category="cooking"))
    assert none.templates == []


async def test_an_agent_template_has_a_schema_and_default_resources_and_egress(api: Api) -> None:
    found = await GetAgentTemplate().call(api, IdOrNameArguments(name="claude-code"))
    assert found.ui == {"mode": "tui"}
    assert found.config_schema
    assert found.config_schema["type"] == "object"
    assert found.default_resources
    assert found.default_resources.memory_gb == 4
    assert found.default_egress
    assert found.default_egress.allow[0].host == "api.anthropic.com"


async def test_missing_defaults_of_an_agent_template_are_none(api: Api) -> None:
    found = await GetAgentTemplate().call(api, IdOrNameArguments(name="batch-runner"))
    assert (found.config_schema, found.default_resources, found.default_egress) == (None, None, None)
