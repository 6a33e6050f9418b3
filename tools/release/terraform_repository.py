"""Write the repository that the registries of Terraform and OpenTofu read: `terraform_repository FOLDER`.

The registries want releases and `docs/` in a repository named `terraform-provider-neev`. It has no sources: the pages
of docs/terraform, the manifest, the changelog and the licence, as they are at the tag of a release.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

from tools.dist.layout import ROOT
from tools.version import read_version

PAGES: Final = ROOT / "docs" / "terraform"
COPIED: Final = ("terraform-registry-manifest.json", "CHANGELOG.md", "LICENSE")
SOURCE: Final = "https://github.com/neevcloud/pulumi-neev"
REGISTRY: Final = "https://registry.terraform.io/providers/neevcloud/neev"
LINK: Final = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(#[^)\s]+)?\)")
"""A link to another file of the checkout, with its anchor."""
TITLE: Final = "# Terraform provider for NeevAI\n"
README: Final = f"""\
{TITLE}
Releases of the provider `neevcloud/neev` for Terraform and OpenTofu, and its documentation. Each commit is written by a
release of [pulumi-neev]({SOURCE}), which has the sources and takes issues and changes.
"""


def main() -> None:
    """Write the folder that is given as the argument, or print why not and exit with 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.release.terraform_repository", description=__doc__)
    parser.add_argument("folder", type=Path, help="a checkout of terraform-provider-neev")
    write_repository(parser.parse_args().folder, read_version())


def write_repository(folder: Path, version: str) -> None:
    """Write the files of the version into the folder, and delete all others but `.git`.

    End this script if the folder holds something, and is not the repository as an earlier version wrote it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    readme = folder / "README.md"
    is_repository = readme.is_file() and readme.read_text(encoding="utf-8").startswith(TITLE)
    if not is_repository and any(file.name != ".git" for file in folder.iterdir()):
        sys.exit(
            f"{folder} holds files that this command did not write: give an empty folder, or a checkout of "
            "terraform-provider-neev"
        )
    for earlier in folder.iterdir():
        if earlier.is_dir():
            if earlier.name != ".git":
                shutil.rmtree(earlier)
        else:
            earlier.unlink()
    for name in COPIED:
        shutil.copy(ROOT / name, folder)
    readme.write_text(README, encoding="utf-8")
    for page in PAGES.rglob("*.md"):
        target = folder / "docs" / page.relative_to(PAGES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(rewrite_links(page, version), encoding="utf-8")


def rewrite_links(page: Path, version: str) -> str:
    """Return the text of the page with absolute links: to pages of the registry, to all else at the version's tag."""

    def rewrite(link: re.Match[str]) -> str:
        path = Path(os.path.normpath(page.parent / link[1]))
        return f"]({_page_address(path, version)}{link[2] or ''})"

    return LINK.sub(rewrite, page.read_text(encoding="utf-8"))


def _page_address(path: Path, version: str) -> str:
    if path.is_relative_to(PAGES) and path.suffix == ".md":
        page = path.relative_to(PAGES).with_suffix("").as_posix()
        return f"{REGISTRY}/{version}/docs" + ("" if page == "index" else f"/{page}")
    kind = "tree" if path.is_dir() else "blob"
    return f"{SOURCE}/{kind}/v{version}/{path.relative_to(ROOT).as_posix()}"


if __name__ == "__main__":
    main()
