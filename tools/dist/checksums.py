"""The checksums of all that is published."""

from __future__ import annotations

from pathlib import Path

from tools.dist.archives import write_checksums
from tools.dist.layout import DIST, PROVIDER, TERRAFORM
from tools.version import read_version


def build() -> None:
    """Write the checksums of a release of the provider, of all platforms that are there, and those of every file."""
    release = [*TERRAFORM.glob("*.zip"), *TERRAFORM.glob("*_manifest.json")]
    write_checksums(TERRAFORM / f"{PROVIDER}_{read_version()}_SHA256SUMS", release)
    write_checksums(DIST / "SHA256SUMS", list_published(DIST))


def list_published(dist: Path) -> list[Path]:
    """Return the files at the top of `dist/` and of the folders in it, and the packages of the SDKs."""
    files = [file for pattern in ("*", "*/*", "sdks/*/*") for file in dist.glob(pattern)]
    return [file for file in files if file.is_file() and file != dist / "SHA256SUMS"]
