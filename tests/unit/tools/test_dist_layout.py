"""tools/dist/layout.py and checksums.py: the names that engines and registries expect."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.dist.checksums import list_published
from tools.dist.layout import (
    UnknownPlatformError,
    executable_name,
    plugin_archive,
    provider_archive,
    target,
)


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("linux", "x86_64", ("linux", "amd64")),
        ("linux", "aarch64", ("linux", "arm64")),
        ("darwin", "arm64", ("darwin", "arm64")),
        ("darwin", "x86_64", ("darwin", "amd64")),
        ("win32", "AMD64", ("windows", "amd64")),
        ("win32", "ARM64", ("windows", "arm64")),
    ],
)
def test_platforms_have_the_names_of_go(system: str, machine: str, expected: tuple[str, str]) -> None:
    assert target(system, machine) == expected


@pytest.mark.parametrize(("system", "machine"), [("freebsd", "x86_64"), ("linux", "riscv64")])
def test_an_unsupported_platform_is_an_error(system: str, machine: str) -> None:
    with pytest.raises(UnknownPlatformError, match=f"nothing is published for {machine} with {system}"):
        target(system, machine)


def test_archives_have_the_names_that_the_engines_expect() -> None:
    assert plugin_archive("1.2.3", "linux", "amd64") == "pulumi-resource-neev-v1.2.3-linux-amd64.tar.gz"
    assert provider_archive("1.2.3", "darwin", "arm64") == "terraform-provider-neev_1.2.3_darwin_arm64.zip"


def test_a_program_has_the_suffix_of_its_system() -> None:
    assert executable_name("program", "linux") == "program"
    assert executable_name("program", "windows") == "program.exe"


def test_published_files_exclude_checksums_the_mirror_and_sources(tmp_path: Path) -> None:
    published = ["release-notes.md", "python/a.whl", "terraform/p.zip", "sdks/nodejs/sdk.tgz", "sbom/a.cdx.json"]
    rest = ["SHA256SUMS", "terraform/mirror/host/p", "sdks/go/neev/sandbox.go"]
    for name in (*published, *rest):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert {file.relative_to(tmp_path).as_posix() for file in list_published(tmp_path)} == set(published)
