"""The repository for the registries of Terraform and OpenTofu has the files of one version, and nothing else."""

from pathlib import Path

import pytest
from tools.release.terraform_repository import PAGES, README, rewrite_links, write_repository


def test_files_of_an_earlier_version_are_deleted(tmp_path: Path) -> None:
    """The git directory is kept."""
    for earlier in (".git/config", "docs/resources/earlier.md", "earlier.txt"):
        (tmp_path / earlier).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / earlier).write_text("earlier")
    (tmp_path / "README.md").write_text(f"{README}\nearlier\n")
    write_repository(tmp_path, "1.2.3")
    assert (tmp_path / ".git" / "config").exists()
    assert {file.name for file in tmp_path.iterdir()} == {
        *(".git", "docs", "README.md", "LICENSE", "CHANGELOG.md", "terraform-registry-manifest.json")
    }
    pages = {page.relative_to(tmp_path / "docs") for page in (tmp_path / "docs").rglob("*.md")}
    assert pages == {page.relative_to(PAGES) for page in PAGES.rglob("*.md")}


def test_the_repository_is_written_to_an_empty_checkout_or_a_new_folder(tmp_path: Path) -> None:
    """The folder is created if it is missing."""
    (tmp_path / ".git").mkdir()
    write_repository(tmp_path, "1.2.3")
    write_repository(tmp_path / "build" / "pages", "1.2.3")
    assert {file.name for file in tmp_path.iterdir()} - {".git", "build"} == {
        file.name for file in (tmp_path / "build" / "pages").iterdir()
    }


@pytest.mark.parametrize("name", ["README.md", "notes.txt"])
def test_a_folder_with_foreign_files_is_rejected_and_unchanged(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("# Another project\n")
    with pytest.raises(SystemExit, match="holds files that this command did not write: give an empty folder"):
        write_repository(tmp_path, "1.2.3")
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_links_point_to_the_registry_and_to_the_tag() -> None:
    text = rewrite_links(PAGES / "index.md", "1.2.3")
    registry = "https://registry.terraform.io/providers/neevcloud/neev/1.2.3/docs"
    source = "https://github.com/neevcloud/pulumi-neev"
    assert f"[Secrets]({registry}/guides/secrets)" in text
    assert f"[Examples]({source}/tree/v1.2.3/examples/terraform)" in text
    assert "(https://ai.neevcloud.com)" in text
    assert f"({registry})" in rewrite_links(PAGES / "guides" / "quick-start.md", "1.2.3")
    assert f"({source}/blob/v1.2.3/docs/emulator.md#controls)" in rewrite_links(
        PAGES / "guides" / "debugging.md", "1.2.3"
    )
