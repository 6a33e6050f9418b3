"""tools/dist/libraries.py: the packages of the system whose shared libraries are bundled."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.dist.libraries import Library, UnknownLibraryError, describe_files, find_packages


class Dpkg:
    """The packages that a system has installed, by the paths of their files."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def __call__(self, action: str, *arguments: str) -> str:
        if action == "--search":
            owner = self.files.get(arguments[-1])
            return f"{owner}: {arguments[-1]}\n" if owner else ""
        return f"{arguments[-1].partition(':')[0]} 1.0-1"


def write_copyright(documents: Path, package: str, text: str = "License: MIT\n") -> Path:
    """Write the copyright file of a package."""
    file = documents / package / "copyright"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def test_a_package_is_listed_once_with_all_of_its_files(tmp_path: Path) -> None:
    copyright = write_copyright(tmp_path, "libssl3")
    dpkg = Dpkg({"/opt/libssl.so.3": "libssl3:amd64", "/opt/libcrypto.so.3": "libssl3:amd64"})
    found = find_packages([Path("/opt/libssl.so.3"), Path("/opt/libcrypto.so.3")], dpkg, tmp_path)
    assert found == [Library("libssl3", ("libcrypto.so.3", "libssl.so.3"), "1.0-1", copyright)]


def test_a_file_under_usr_is_found_by_its_path_without_usr(tmp_path: Path) -> None:
    write_copyright(tmp_path, "zlib1g")
    found = find_packages([Path("/usr/none/libz.so.1")], Dpkg({"/none/libz.so.1": "zlib1g:amd64"}), tmp_path)
    assert [library.name for library in found] == ["zlib1g"]


def test_the_package_of_a_symbolic_link_is_the_package_of_its_target(tmp_path: Path) -> None:
    write_copyright(tmp_path, "libffi8")
    real, link = tmp_path.resolve() / "libffi.so.8.1.2", tmp_path / "libffi.so.8"
    real.touch()
    link.symlink_to(real)
    (found,) = find_packages([link], Dpkg({str(real): "libffi8:amd64"}), tmp_path)
    assert found.files == ("libffi.so.8",)


def test_a_library_without_a_package_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownLibraryError, match=r"no package of the system has liba\.so, libb\.so"):
        find_packages([Path("/opt/libb.so"), Path("/opt/liba.so")], Dpkg({}), tmp_path)


def test_a_package_without_a_copyright_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownLibraryError, match="libx/copyright"):
        find_packages([Path("/opt/libx.so")], Dpkg({"/opt/libx.so": "libx:amd64"}), tmp_path)


def test_a_library_on_windows_is_described_by_its_file() -> None:
    files = [Path("C:/Python/DLLs/libssl-3.dll"), Path("C:/Python/DLLs/libffi-8.dll")]
    found = describe_files(files, "win32")
    assert found == [Library("libffi-8.dll", ("libffi-8.dll",)), Library("libssl-3.dll", ("libssl-3.dll",))]
    assert found[0].license_name is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Files: *\nLicense: Zlib\n\nFiles: amiga/*\nLicense: Zlib\n\nLicense: Zlib\n Text", "Zlib"),
        ("Files: *\nLicense: GPL-2+\n\nFiles: libuuid/*\nLicense: BSD-3-clause\n", None),
        ("This is free text of the compiler.", None),
    ],
)
def test_the_licence_name_is_set_only_if_the_copyright_file_has_exactly_one(
    tmp_path: Path, text: str, name: str | None
) -> None:
    library = Library("lib", ("lib.so",), "1.0", write_copyright(tmp_path, "lib", text))
    assert library.license_name == name
