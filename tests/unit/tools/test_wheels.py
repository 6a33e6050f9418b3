"""tools/dist/wheels.py: the differences between two wheels, and links of a page that PyPI cannot resolve."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tools.dist.wheels import find_faults

METADATA = "neev-1.0.dist-info/METADATA"


def write_wheel(folder: Path, page: str = "", **files: str) -> Path:
    """Write a wheel with this page and these files."""
    folder.mkdir(exist_ok=True)
    wheel = folder / "neev-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as opened:
        opened.writestr(METADATA, f"Metadata-Version: 2.4\nName: neev\n\n{page}")
        for name, text in files.items():
            opened.writestr(f"neev/{name}.py", text)
    return wheel


def test_identical_wheels_have_no_faults(tmp_path: Path) -> None:
    page = "[here](#install), [there](https://example.com/a)"
    assert find_faults(write_wheel(tmp_path / "a", page, one="1"), write_wheel(tmp_path / "b", page, one="1")) == []


def test_different_and_missing_files_of_two_wheels_are_listed(tmp_path: Path) -> None:
    ours = write_wheel(tmp_path / "a", one="1", two="2", three="3")
    theirs = write_wheel(tmp_path / "b", one="1", two="x", four="4")
    assert [fault.split()[1] for fault in find_faults(ours, theirs)] == ["neev/four.py", "neev/three.py", "neev/two.py"]


def test_relative_links_of_the_readme_are_listed(tmp_path: Path) -> None:
    page = "[a](docs/a.md), [b](#b) and ![c](c.png)"
    wheel = write_wheel(tmp_path / "a", page)
    assert [fault.split(" links to ")[1] for fault in find_faults(wheel, wheel)] == [
        "docs/a.md, which is no address",
        "c.png, which is no address",
    ]
