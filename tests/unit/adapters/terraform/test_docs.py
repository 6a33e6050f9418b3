"""The pages of Terraform's registry, compared with its rules and with the schemas."""

import json
import re
from pathlib import Path

import pytest
import yaml

from neev_provider.adapters.shared.config import ProviderConfig, environment_variables
from neev_provider.adapters.shared.snake_case import snake_case_names
from neev_provider.adapters.terraform import docs
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.provider_schema import build_provider_schema
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "docs" / "terraform"
SCHEMA = build_provider_schema()
PAGES = docs.render_pages(SCHEMA)
GUIDES = {f"guides/{page.name}": page.read_text() for page in (FOLDER / "guides").glob("*.md")}
MAX_PAGES = 2000
MAX_BYTES = 500_000
"""The registry's limits."""
NAMES = snake_case_names(
    ProviderConfig,
    *(model for resource in RESOURCES for model in (resource.inputs, resource.outputs)),
    *(model for function in FUNCTIONS for model in (function.arguments, function.result)),
)
CAMEL_CASE = {name for name in NAMES if not name.islower()}


def find_line(page: str, name: str) -> str:
    """Return the line of an attribute."""
    return next(line for line in PAGES[page].splitlines() if line.startswith(f"- `{name}` "))


def test_every_schema_has_a_page() -> None:
    kinds = {kind.folder: getattr(SCHEMA, kind.field) for kind in docs.KINDS}
    expected = {f"{folder}/{name.removeprefix('neev_')}.md" for folder, schemas in kinds.items() for name in schemas}
    assert set(PAGES) == {"index.md", *expected}
    assert {"resources/sandbox.md", "data-sources/sandbox.md", "ephemeral-resources/connect_token.md"} <= expected


@pytest.mark.parametrize("path", [*PAGES, *GUIDES])
def test_a_page_follows_the_rules_of_the_registry(path: str) -> None:
    text = {**PAGES, **GUIDES}[path]
    _, front_matter, _ = text.split("---\n", 2)
    values = yaml.safe_load(front_matter)
    # the registry's own check refuses a category of the first page
    assert set(values) == {"page_title", "description"} | ({"subcategory"} if path != "index.md" else set())
    assert values["page_title"]
    assert values["description"]
    assert len(text.encode()) <= MAX_BYTES


def test_the_registry_accepts_the_number_of_pages() -> None:
    assert len(PAGES) + len(GUIDES) <= MAX_PAGES


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_names_in_snake_case_only(path: str) -> None:
    assert CAMEL_CASE & set(re.findall(r"\w+", PAGES[path])) == set()


def test_the_first_page_names_each_setting_with_its_variable() -> None:
    for name, setting in ProviderConfig.properties.items():
        assert f"`{environment_variables(name)[0]}`" in find_line("index.md", setting.field)


def test_an_attribute_has_its_type_and_whether_a_change_replaces() -> None:
    assert find_line("resources/snapshot.md", "sandbox_id").startswith("- `sandbox_id` (String) ")
    assert find_line("resources/sandbox.md", "command").startswith("- `command` (List of String) ")
    assert find_line("resources/sandbox.md", "image").endswith("A change replaces the resource.")
    assert "replaces" not in find_line("resources/sandbox.md", "cpu")


def test_a_secret_attribute_has_a_write_only_attribute() -> None:
    assert find_line("resources/sandbox.md", "env").startswith("- `env` (Map of String, Sensitive) ")
    assert find_line("resources/sandbox.md", "env_wo").startswith("- `env_wo` (Map of String, Sensitive, [Write-only](")
    assert "Requires Terraform or OpenTofu 1.11." in find_line("resources/sandbox.md", "env_wo")
    assert "replaces the resource" in find_line("resources/sandbox.md", "env_wo_version")
    assert "replaces" not in find_line("resources/process.md", "env_wo_version")


def test_attributes_are_grouped_by_required_optional_and_read_only() -> None:
    headings = re.findall(r"^### (.+)$", PAGES["resources/snapshot.md"].partition("## Schema")[2], re.MULTILINE)
    assert headings == ["Required", "Optional", "Read-Only", "Nested Schema for `timeouts`", "Identity"]


def test_an_object_attribute_links_to_its_nested_schema() -> None:
    assert find_line("resources/sandbox.md", "allow").endswith(
        "(see [below for nested schema](#nested-schema-for-egressallow))"
    )
    assert "### Nested Schema for `egress.allow`\n\nRequired:\n\n- `host` " in PAGES["resources/sandbox.md"]
    assert find_line("data-sources/agents.md", "agents").startswith("- `agents` (Attributes List) ")


def test_the_timeouts_block_has_the_default_timeouts() -> None:
    assert find_line("resources/sandbox.md", "timeouts").startswith("- `timeouts` (Block) ")
    assert find_line("resources/sandbox.md", "create").endswith("Defaults to `10m`.")


def test_a_page_shows_the_import_command_and_the_import_block() -> None:
    _, section = PAGES["resources/preview_port.md"].split("## Import\n")
    assert "terraform import neev_preview_port.web 3f0e6c1a" in section
    assert 'import {\n  to = neev_preview_port.web\n  id = "3f0e6c1a' in section
    assert "- `project_id` (String) " in section
    assert "identity" not in PAGES["resources/process.md"]


def test_the_page_of_a_function_has_its_signature() -> None:
    text, number = json.dumps("string").encode(), json.dumps("number").encode()
    parameters = [
        pb.Function.Parameter(name="text", type=text, description="The text."),
        pb.Function.Parameter(name="length", type=number, description="Its limit."),
    ]
    function = pb.Function(parameters=parameters, summary="A name", description="Return a name.")
    getattr(function, "return").type = text
    page = docs.render_pages(pb.GetProviderSchema.Response(functions={"branch_name": function}))
    assert set(page) == {"index.md", "functions/branch_name.md"}
    lines = page["functions/branch_name.md"].splitlines()
    assert "provider::neev::branch_name(text string, length number) string" in lines
    assert lines[-2:] == ["1. `text` (String) The text.", "2. `length` (Number) Its limit."]


def test_writing_the_pages_keeps_guides_and_deletes_obsolete_pages(tmp_path: Path) -> None:
    for name in ("guides/own.md", "resources/gone.md"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("text")
    docs.write_pages(tmp_path)
    written = {str(page.relative_to(tmp_path)) for page in tmp_path.rglob("*.md")}
    assert written == {*PAGES, "guides/own.md"}


def test_the_manifest_has_the_version_of_the_served_protocol() -> None:
    manifest = json.loads((ROOT / "terraform-registry-manifest.json").read_text())
    major = pb.DESCRIPTOR.package.removeprefix("tfplugin")
    assert manifest == {"version": 1, "metadata": {"protocol_versions": [f"{major}.0"]}}
