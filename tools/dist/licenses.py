"""The licences of what is bundled: one text, from the metadata of Python's packages and the system's copyright files."""

from __future__ import annotations

import platform
import re
import sysconfig
from collections.abc import Collection, Iterator, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final

from tools.dist.bundles import find_python, list_libraries, list_packages
from tools.dist.commands import run_command
from tools.dist.layout import LICENSES, PLUGIN, PROVIDER
from tools.dist.libraries import Library

FILE_NAME: Final = re.compile(r"(?i)^(?:licen[cs]e|copying|notice|authors|copyright)")
UNKNOWN_NAMES: Final = {"", "unknown", "other"}
"""What stands in the place of a licence where an author named none."""
COMMON: Final = Path("/usr/share/common-licenses")
"""Where Debian and Ubuntu have the texts to which copyright files refer."""
RULE: Final = "=" * 100
COMMON_NAME: Final = re.compile(rf"{COMMON}/([\w.+-]*\w)")
OTHERS: Final = (
    "These shared libraries come with Python for this system: {}. Their licences are not in this file; of the software "
    "that Python contains, they are at https://docs.python.org/3/license.html"
)


def build() -> None:
    """Write the licences of what is in each bundle, for its archive."""
    site_packages = run_command(find_python(), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    LICENSES.mkdir(parents=True, exist_ok=True)
    for program in (PLUGIN, PROVIDER):
        text = collect(Path(site_packages), names=list_packages(program))
        text += collect_system(list_libraries(program))
        (LICENSES / f"{program}.txt").write_text(text, encoding="utf-8")


class MissingLicenseError(Exception):
    """Packages whose licence is not known, so that they cannot be passed on."""


def collect(site_packages: Path, *, names: Collection[str] | None = None, python: Path | None = None) -> str:
    """Return the names and texts of the licences of the packages in the folder, and of Python with this licence file.

    `names` are those of the packages that count, by default all.

    Raises:
        MissingLicenseError: a package names no licence, or comes without the text of its licence.
    """
    python = python or Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    installed = sorted(distributions(path=[str(site_packages)]), key=lambda package: package.name.lower())
    found = [package for package in installed if names is None or package.name in names]
    if missing := [f"{package.name} {package.version}: {fault}" for package in found for fault in find_faults(package)]:
        raise MissingLicenseError("\n".join(missing))
    sections = [_format_section(f"Python {platform.python_version()}", "PSF-2.0", [python])]
    sections += [
        _format_section(f"{package.name} {package.version}", license_name(package), license_files(package))
        for package in found
    ]
    return f"This archive contains Python, packages and shared libraries, under the licences that follow.\n\n{''.join(sections)}"


def collect_system(libraries: Sequence[Library], common: Path = COMMON) -> str:
    """Return the copyright files of the libraries, and the texts in the folder `common` to which they refer.

    Of the libraries without a copyright file, it says where their licences are.

    Raises:
        MissingLicenseError: a copyright file refers to a text that is not there.
    """
    copyrights = {library: library.copyright for library in libraries if library.copyright}
    sections = [
        _format_section(f"{library.name} {library.version} ({', '.join(library.files)})", library.license_name, [file])
        for library, file in copyrights.items()
    ]
    named = {name for file in copyrights.values() for name in COMMON_NAME.findall(file.read_text(encoding="utf-8"))}
    texts = sorted({(common / name).resolve() for name in named})  # GPL is a link to its newest version
    if missing := [str(text) for text in texts if not text.exists()]:
        raise MissingLicenseError(f"missing: {', '.join(missing)}")
    sections += [_format_section(f"{COMMON}/{text.name}", None, [text]) for text in texts]
    if others := [library.name for library in libraries if not library.copyright]:
        sections.append(f"{RULE}\n{OTHERS.format(', '.join(others))}\n{RULE}\n")
    return "".join(sections)


def find_faults(package: Distribution) -> Iterator[str]:
    """Yield what is missing of the package's licence."""
    if license_name(package).lower() in UNKNOWN_NAMES:
        yield "it names no licence"
    if not license_files(package):
        yield "it has no licence file"


def license_name(package: Distribution) -> str:
    """Return the name of the licence: the expression, else the last parts of the classifiers, else the free text."""
    stated: dict[str, Any] = package.metadata.json
    if expression := stated.get("license_expression"):
        return str(expression)
    prefix = "License :: "
    names = [name for name in stated.get("classifier", ()) if name.startswith(prefix)]
    if names:
        return " or ".join(name.rpartition(" :: ")[2] for name in names)
    return next(iter(str(stated.get("license", "")).splitlines()), "").strip()


def license_files(package: Distribution) -> list[Path]:
    """Return the files with licences and notices among the metadata of the package."""
    listed = (file for file in package.files or () if any(part.endswith(".dist-info") for part in file.parts))
    return sorted(Path(str(package.locate_file(file))) for file in listed if FILE_NAME.match(file.name))


def _format_section(title: str, name: str | None, files: Sequence[Path]) -> str:
    texts = "\n\n".join(file.read_text(encoding="utf-8", errors="replace").strip() for file in files)
    heading = f"{title}: {name}" if name else title
    return f"{RULE}\n{heading}\n{RULE}\n\n{texts}\n\n"
