"""The size of each bundle, its time to the line that its engine waits for, and the glibc that it needs."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from neev_provider.adapters.terraform.command_line import CLIENT_CERTIFICATE, COOKIE, COOKIE_NAME
from tools.dist.bundles import BUNDLES
from tools.dist.layout import PLUGIN, PROVIDER, PULUMI, ROOT, TERRAFORM, executable_name, plugin_archive, provider_archive, target
from tools.version import read_version

START_COUNT: Final = 15
MAX_SECONDS: Final = 0.5
"""Seconds that a bundle may take until its line, on two cores without other work."""
DOCUMENT: Final = ROOT / "docs" / "internals" / "performance.md"
MARKERS: Final = ("<!-- bundles: written by make dist STEPS=document -->\n", "<!-- bundles: until here -->")
GLIBC_VERSION: Final = re.compile(rb"GLIBC_(2\.\d+)")
ENVIRONMENTS: Final[Mapping[str, Mapping[str, str]]] = {
    PLUGIN: {},
    PROVIDER: {COOKIE_NAME: COOKIE, CLIENT_CERTIFICATE: "of the engine; the provider makes its own"},
}
"""What each engine sets: that of Terraform wants an encrypted connection."""


@dataclass(frozen=True)
class Start:
    """What a program took until its first line."""

    seconds: float
    cpu_seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s ({self.cpu_seconds:.2f} s of CPU)"


@dataclass(frozen=True)
class Bundle:
    """What was measured of one bundle."""

    name: str
    archive_mb: float
    folder_mb: float
    start: Start
    package_start: Start
    """The start of the same program in a Python environment, measured in turn."""


def show() -> None:
    """Print the sizes of the bundles and their times until the engine can use them."""
    print(render_table([measure(PLUGIN), measure(PROVIDER)]))


def document() -> None:
    """Write the sizes and times into the page on performance; to be run on a machine without other work."""
    begin, end = MARKERS
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    table = render_table([measure(PLUGIN), measure(PROVIDER)])
    DOCUMENT.write_text(f"{before}{begin}\n{table}\n\n{end}{after}", encoding="utf-8")


def measure(name: str) -> Bundle:
    """Start the bundle and the program of the environment in turn; return medians and sizes."""
    system, architecture = target()
    folder = BUNDLES / name
    programs = [folder / executable_name(name, system), Path(sys.executable).with_name(executable_name(name, system))]
    turns = [[time_start(program, ENVIRONMENTS[name]) for program in programs] for _ in range(START_COUNT)]
    bundled, packaged = (median_start(starts) for starts in zip(*turns, strict=True))
    archives = {PLUGIN: PULUMI / plugin_archive(read_version(), system, architecture)}
    archives |= {PROVIDER: TERRAFORM / provider_archive(read_version(), system, architecture)}
    sizes = (file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return Bundle(name, archives[name].stat().st_size / 1e6, sum(sizes) / 1e6, bundled, packaged)


def median_start(starts: Collection[Start]) -> Start:
    """Return the medians of both."""
    return Start(
        statistics.median(start.seconds for start in starts), statistics.median(start.cpu_seconds for start in starts)
    )


def time_start(program: Path, variables: Mapping[str, str]) -> Start:
    """Return what the program takes from its start to its first line."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    with subprocess.Popen([program], env={**env, **variables}, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - started
        used = psutil.Process(process.pid).cpu_times()
        process.terminate()
    if not line.strip():
        sys.exit(f"{program} printed no line")
    return Start(seconds, used.user + used.system)


def render_table(bundles: list[Bundle]) -> str:
    """Return the Markdown table of the bundles."""
    system, architecture = target()
    header = ("bundle", "archive", "unpacked", "from its start to its line", "at most", "the Python package")
    rows = [
        (
            f"`{bundle.name}`",
            f"{bundle.archive_mb:.0f} MB",
            f"{bundle.folder_mb:.0f} MB",
            str(bundle.start),
            f"{MAX_SECONDS} s",
            str(bundle.package_start),
        )
        for bundle in bundles
    ]
    lines = [f"| {' | '.join(cells)} |" for cells in (header, *rows)]
    lines.insert(1, "|" + "---|" * len(header))
    needed = f"; it needs glibc {newest_glibc()}" if system == "linux" else ""
    cores = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    title = f"Medians of {START_COUNT} starts in turn, {system}-{architecture}, {cores}{needed}."
    return "\n".join((title, "", *lines))


def newest_glibc() -> str:
    """Return the version of glibc that the bundles need: the newest of which they use a symbol."""
    return max(find_glibc_versions(), key=lambda version: [int(part) for part in version.split(".")])


def find_glibc_versions() -> Iterator[str]:
    """Yield the versions of glibc that the programs and libraries in the bundles name."""
    for file in BUNDLES.rglob("*"):
        if file.is_file() and (content := file.read_bytes()).startswith(b"\x7fELF"):
            yield from (version.decode() for version in GLIBC_VERSION.findall(content))
