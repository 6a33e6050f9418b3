"""tools/dist/licenses.py: the licences of packages and libraries, and a failure for one without any."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.dist.libraries import Library
from tools.dist.licenses import MissingLicenseError, collect, collect_system

CLASSIFIER = "Classifier: License :: OSI Approved :: "


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Return the licence file of Python."""
    file = tmp_path / "PYTHON"
    file.write_text("The text of Python's licence.")
    return file


def install(folder: Path, name: str, *headers: str, files: tuple[str, ...] = ("licenses/LICENSE",)) -> None:
    """Install a package with these lines of metadata and these files with licences."""
    info = folder / f"{name}-1.0.dist-info"
    (info / "licenses").mkdir(parents=True)
    (info / "METADATA").write_text("\n".join(("Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *headers)))
    for file in files:
        (info / file).write_text(f"The text of {name} in {file}.")
    (info / "RECORD").write_text("".join(f"{info.name}/{file},,\n" for file in ("METADATA", *files)))


def test_the_licence_file_has_the_names_and_texts_of_all_licences(tmp_path: Path, python: Path) -> None:
    install(tmp_path / "site", "b", "License-Expression: MIT", files=("licenses/LICENSE", "licenses/NOTICE.txt"))
    install(tmp_path / "site", "a", f"{CLASSIFIER}BSD License", f"{CLASSIFIER}MIT License", files=("COPYING",))
    install(tmp_path / "site", "c", "License: ISC")
    text = collect(tmp_path / "site", python=python)
    titles = [line for line in text.splitlines() if " 1.0: " in line]
    assert titles == ["a 1.0: BSD License or MIT License", "b 1.0: MIT", "c 1.0: ISC"]
    for expected in (
        "PSF-2.0",
        "The text of Python's licence.",
        "The text of a in COPYING.",
        "The text of b in licenses/LICENSE.\n\nThe text of b in licenses/NOTICE.txt.",
    ):
        assert expected in text


def test_packages_outside_the_bundle_are_ignored(tmp_path: Path, python: Path) -> None:
    install(tmp_path / "site", "bundled", "License-Expression: MIT")
    install(tmp_path / "site", "builder")
    text = collect(tmp_path / "site", names={"bundled"}, python=python)
    assert [line for line in text.splitlines() if " 1.0: " in line] == ["bundled 1.0: MIT"]


def test_the_error_for_missing_licences_lists_every_package(tmp_path: Path, python: Path) -> None:
    install(tmp_path / "site", "nameless")
    install(tmp_path / "site", "unknown", "License: UNKNOWN")
    install(tmp_path / "site", "textless", "License-Expression: MIT", files=("licenses/README",))
    install(tmp_path / "site", "good", "License-Expression: MIT")
    with pytest.raises(MissingLicenseError) as raised:
        collect(tmp_path / "site", python=python)
    assert str(raised.value).splitlines() == [
        "nameless 1.0: it names no licence",
        "textless 1.0: it has no licence file",
        "unknown 1.0: it names no licence",
    ]


def test_libraries_have_their_copyright_files_and_the_common_licences_once(tmp_path: Path) -> None:
    (tmp_path / "GPL-3").write_text("The text of the GPL.")
    (tmp_path / "GPL").symlink_to("GPL-3")
    copyright = tmp_path / "copyright"
    copyright.write_text("License: GPL\n See /usr/share/common-licenses/GPL and /usr/share/common-licenses/GPL-3.")
    text = collect_system([Library("libgcc-s1", ("libgcc_s.so.1",), "12.2", copyright)], tmp_path)
    assert "libgcc-s1 12.2 (libgcc_s.so.1): GPL\n" in text
    assert "License: GPL\n See" in text
    assert text.count("The text of the GPL.") == 1


def test_a_missing_common_licence_is_an_error(tmp_path: Path) -> None:
    copyright = tmp_path / "copyright"
    copyright.write_text("See /usr/share/common-licenses/LGPL-2.1.")
    with pytest.raises(MissingLicenseError, match=r"LGPL-2\.1$"):
        collect_system([Library("lib", ("lib.so",), "1.0", copyright)], tmp_path)


def test_libraries_without_a_copyright_file_are_listed(tmp_path: Path) -> None:
    text = collect_system([Library(name, (name,)) for name in ("libffi-8.dll", "libssl-3.dll")], tmp_path)
    assert "come with Python for this system: libffi-8.dll, libssl-3.dll. Their licences are not in this file" in text
