"""The pages and descriptions for registries follow the rules of these registries."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools.release.terraform_repository import REGISTRY, SOURCE, write_repository
from tools.version import read_version

from neev_provider.adapters.terraform import provider_schema

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "schema.json").read_text())
PULUMI_PAGES = [ROOT / "docs" / "_index.md", ROOT / "docs" / "installation-configuration.md"]
CATEGORIES = {"cloud", "database", "infrastructure", "monitoring", "network", "utility", "versioncontrol"}
TERRAFORM_FOLDERS = {
    "resources": "resourceSchemas",
    "data-sources": "dataSourceSchemas",
    "ephemeral-resources": "ephemeralResourceSchemas",
    "list-resources": "listResourceSchemas",
    "actions": "actionSchemas",
    "functions": "functions",
}
"""The folders of pages, with the key of what they describe in the schema of the provider."""


def read_front_matter(text: str) -> dict[str, Any]:
    """Return the YAML between the first two lines of three hyphens."""
    found = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    assert found, "the page has no front matter"
    content: dict[str, Any] = yaml.safe_load(found[1])
    return content


def read_body(text: str) -> str:
    """Return the text without front matter and blocks of code."""
    return re.sub(r"```.*?```", "", text.partition("\n---\n")[2], flags=re.DOTALL)


def test_the_schema_describes_the_package_of_pulumis_registry() -> None:
    """The metadata of the package.

    Sources: pulumi/docs, "Publishing to the Pulumi Registry", section "Package metadata"; pulumi/registry,
    tools/resourcedocsgen/cmd/metadata.go, `writePackageMetadata`: the name is that of the repository without
    `pulumi-`, and `publisher` is required.
    """
    assert SCHEMA["name"] == SCHEMA["repository"].rpartition("/pulumi-")[2]
    assert SCHEMA["repository"] == SOURCE
    assert SCHEMA["publisher"]
    assert SCHEMA["displayName"] in SCHEMA["description"]
    keywords = [keyword.partition("/") for keyword in SCHEMA["keywords"]]
    assert {value for key, _, value in keywords if key == "kind"} == {"native"}
    assert len({value for key, _, value in keywords if key == "category"} & CATEGORIES) == 1
    # the engine knows this form since 3.35.3: "Authoring an Executable Plugin Package", section "Hosting options"
    assert SCHEMA["pluginDownloadURL"] == SOURCE.replace("https://github.com/", "github://api.github.com/")
    logo = SCHEMA["logoUrl"].removeprefix(f"{SOURCE.replace('github.com', 'raw.githubusercontent.com')}/main/")
    assert (ROOT / logo).suffix == ".png"  # NuGet shows no other kind
    assert (ROOT / logo).is_file()


def test_the_entry_in_pulumis_list_of_packages_names_the_schema() -> None:
    """Source: pulumi/registry, community-packages/package-list.json."""
    page = (ROOT / "docs" / "internals" / "release.md").read_text()
    entry = json.loads(page.partition("```json")[2].partition("```")[0])
    assert entry == {"repoSlug": SOURCE.removeprefix("https://github.com/"), "schemaFile": "schema.json"}


@pytest.mark.parametrize("page", PULUMI_PAGES, ids=lambda page: page.name)
def test_a_page_of_pulumis_registry_follows_the_rules(page: Path) -> None:
    """Front matter, headings and links.

    Sources: pulumi/registry, tools/resourcedocsgen/cmd/metadata.go: the page begins with front matter, and is read
    alone, so that only absolute links work; scripts/lint/lint-markdown.js: `title` and `meta_desc`, and
    markdownlint's rules MD025 (the title is the only heading of the first level) and MD001 (levels grow by one).
    """
    text = page.read_text()
    assert text.startswith("---\n")
    matter = read_front_matter(text)
    assert matter["layout"] == "package"
    assert matter["meta_desc"].strip()
    levels = [1, *(len(heading) for heading in re.findall(r"^(#+) ", read_body(text), re.MULTILINE))]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    links = re.findall(r"(?:\]\(|^\[[^\]]+\]: )([^)\s]+)", text, re.MULTILINE)
    assert all(re.match(r"https://|#", link) for link in links), links
    for path in re.findall(rf"{SOURCE}/blob/main/([^)#\s]+)", text):
        assert (ROOT / path).exists(), path


def test_the_page_titles_of_pulumis_registry_contain_the_package_name() -> None:
    """Source: pulumi/docs, "Publishing to the Pulumi Registry", section "Overview, installation, & configuration"."""
    titles = [read_front_matter(page.read_text())["title"] for page in PULUMI_PAGES]
    assert titles == [SCHEMA["displayName"], f"{SCHEMA['displayName']} Installation & Configuration"]


def test_the_pages_of_pulumis_registry_show_an_example_and_the_packages() -> None:
    """The overview has an example, the other page links the SDK of each language and names every setting.

    Source: pulumi/registry, README.md, "Publishing a Community Package on the Registry".
    """
    overview, installation = (page.read_text() for page in PULUMI_PAGES)
    assert set(re.findall(r"```(\w+)", overview)) == {"python", "typescript", "go", "yaml"}
    for package in ("pypi.org/project/", "www.npmjs.com/package/", "pkg.go.dev/"):
        assert f"https://{package}" in installation
    assert all(f"`{SCHEMA['name']}:{name}`" in installation for name in SCHEMA["config"]["variables"])


def test_shortcodes_of_pulumis_registry_are_closed() -> None:
    """A shortcode that is not closed breaks the whole site: pulumi/registry, tools/resourcedocsgen/cmd/sanitize.go."""
    for page in PULUMI_PAGES:
        opened = re.findall(r"\{\{[<%]\s*(\w+)", page.read_text())
        closed = re.findall(r"\{\{[<%]\s*/(\w+)", page.read_text())
        assert sorted(opened) == sorted(closed)
        assert not re.search(r"\{\{\s+[<%]", page.read_text())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the repository that the registries of Terraform and OpenTofu read."""
    folder = tmp_path_factory.mktemp("repository") / "terraform-provider-neev"
    write_repository(folder, read_version())
    return folder


def test_the_repository_has_the_layout_of_terraforms_registry(repository: Path) -> None:
    """Folders, names without the provider's, sizes and front matter.

    Sources: Terraform's documentation, "Provider documentation"; hashicorp/terraform-plugin-docs 0.25, internal/check:
    at most 2,000 files, each below 500,000 bytes, no `layout` and no `sidebar_current`, and a title for guides.
    """
    pages = sorted((repository / "docs").rglob("*"))
    assert len(pages) <= 2000
    found: dict[str, set[str]] = {folder: set() for folder in [*TERRAFORM_FOLDERS, "guides"]}
    for page in (page for page in pages if page.is_file() and page != repository / "docs" / "index.md"):
        assert page.suffix == ".md"
        assert page.stat().st_size < 500_000
        matter = read_front_matter(page.read_text())
        assert matter["page_title"]
        assert set(matter) <= {"page_title", "subcategory", "description"}
        found[page.parent.name].add(page.stem)
    assert set(read_front_matter((repository / "docs" / "index.md").read_text())) == {"page_title", "description"}
    schema = json.loads(provider_schema.render_provider_schema())
    described = {
        folder: {name.removeprefix("neev_") for name in schema[key]} for folder, key in TERRAFORM_FOLDERS.items()
    }
    assert {folder: found[folder] for folder in TERRAFORM_FOLDERS} == described


def test_the_pages_of_terraforms_registry_have_absolute_links(repository: Path) -> None:
    """Relative links of the checkout do not work at the address where the registry shows a page."""
    for page in (repository / "docs").rglob("*.md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", read_body(page.read_text())):
            assert re.match(rf"https?://|#|{REGISTRY}", link), f"{page.name}: {link}"
            if path := re.match(rf"{REGISTRY}/[\d.]+/docs/?([^#]*)", link):
                assert (repository / "docs" / f"{path[1] or 'index'}.md").is_file(), link
            if path := re.match(rf"{SOURCE}/(?:blob|tree)/v[\d.]+/([^#]+)", link):
                assert (ROOT / path[1]).exists(), link


def test_the_manifest_of_terraforms_registry_names_the_protocol(repository: Path) -> None:
    """Source: Terraform's documentation, "Publish providers", section "Terraform Registry Manifest File"."""
    manifest = json.loads((repository / "terraform-registry-manifest.json").read_text())
    assert manifest == {"version": 1, "metadata": {"protocol_versions": ["6.0"]}}
