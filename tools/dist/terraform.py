"""A release of the provider as the registries of Terraform and OpenTofu want it, and a mirror in their layout."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from tools.dist.archives import Entry, list_folder, write_zip
from tools.dist.bundles import BUNDLES, list_documents
from tools.dist.commands import source_date_epoch
from tools.dist.layout import PROVIDER, ROOT, TERRAFORM, executable_name, provider_archive, target
from tools.version import read_version

MIRROR: Final = TERRAFORM / "mirror"
HOSTS: Final = ("registry.terraform.io", "registry.opentofu.org")
"""The registries in which Terraform and OpenTofu look for `neevcloud/neev`."""
SOURCE: Final = "neevcloud/neev"


def build() -> None:
    """Write the archive of the provider, its manifest, and the mirror with the unpacked provider."""
    shutil.rmtree(MIRROR, ignore_errors=True)
    system, architecture = target()
    entries = list_entries(read_version(), system)
    write_zip(TERRAFORM / provider_archive(read_version(), system, architecture), entries, int(source_date_epoch()))
    shutil.copyfile(ROOT / "terraform-registry-manifest.json", TERRAFORM / f"{PROVIDER}_{read_version()}_manifest.json")
    for host in HOSTS:
        unpack(entries, MIRROR / host / SOURCE / read_version() / f"{system}_{architecture}")


def list_entries(version: str, system: str) -> list[Entry]:
    """Return what is in the archive: the executable has the name by which the engines look for it."""
    program = executable_name(PROVIDER, system)
    named = executable_name(f"{PROVIDER}_v{version}", system)
    bundle = list_folder(BUNDLES / PROVIDER, executable=program)
    renamed = [Entry(named, entry.source, entry.is_executable) if entry.name == program else entry for entry in bundle]
    return [*renamed, *list_documents(PROVIDER)]


def unpack(entries: list[Entry], folder: Path) -> None:
    """Write the entries into the folder, as an engine unpacks the archive."""
    for entry in entries:
        file = folder / entry.name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(entry.source, file)
        file.chmod(entry.mode)
