"""The committed generated files equal what the declarations generate today."""

from pathlib import Path

import pulumi_neev
from neev_provider.adapters.pulumi import docs, schema
from neev_provider.adapters.pulumi.dynamic import codegen
from neev_provider.adapters.terraform import docs as terraform_docs
from neev_provider.adapters.terraform import provider_schema

ROOT = Path(__file__).parents[2]


def test_the_schema_is_up_to_date() -> None:
    assert (ROOT / "schema.json").read_text() == schema.render(), "run `make schema`"


def test_the_schema_for_terraform_is_up_to_date() -> None:
    """A process reads the file, so it needs neither the sources nor the time to read them."""
    committed = Path(provider_schema.__file__).with_name(provider_schema.FILE).read_text()
    assert committed == provider_schema.render_provider_schema(), "run `make schema`"


def test_the_typed_classes_are_up_to_date() -> None:
    package = Path(pulumi_neev.__file__).parent
    files = [package / "dynamic_providers.py", *package.glob("sdk/*")]
    committed = {str(file.relative_to(package)): file.read_text() for file in files if file.is_file()}
    assert committed == codegen.render_files(), "run `make schema`"


def test_the_reference_pages_are_up_to_date() -> None:
    committed = {page.name: page.read_text() for page in (ROOT / "docs" / "resources").iterdir()}
    assert committed == docs.render_pages(), "run `make docs`"


def test_the_pages_for_terraform_are_up_to_date() -> None:
    folder = ROOT / "docs" / "terraform"
    committed = {str(page.relative_to(folder)): page.read_text() for page in folder.rglob("*.md")}
    generated = {path: text for path, text in committed.items() if not path.startswith("guides/")}
    assert generated == terraform_docs.render_pages(provider_schema.build_provider_schema()), "run `make docs`"
