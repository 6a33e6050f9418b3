"""The environments of the programs under test: this machine with a short PATH, or a container.

Bubblewrap creates the container. It has only the listed files, and the network of the machine for the emulator.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import psutil
from tests.engine.project import wait_until

from neev_emulator import Emulator

LDD_LINE = re.compile(r"^\s+(?:\S+ => )?(/\S+) \(0x", re.MULTILINE)
GLIBC = re.compile(r"(ld-linux[\w-]*|lib(c|m|dl|pthread|rt|util|resolv))\.so\.\d+")
"""The files of glibc that a program can need."""


def link_programs(folder: Path, programs: Iterable[Path]) -> Path:
    """Create a folder for PATH with links to the programs, and return it."""
    folder.mkdir()
    for program in programs:
        (folder / program.name).symlink_to(program)
    return folder


def find_program(name: str) -> Path:
    """Return the program on PATH."""
    found = shutil.which(name)
    assert found, f"{name} is not installed"
    return Path(found)


def find_needed_libraries(files: Iterable[Path], **env: str) -> set[Path]:
    """Return the libraries that these files need, with these variables in addition."""
    command = ["ldd", *map(str, files)]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert "not found" not in done.stdout, done.stdout
    return {Path(library) for library in LDD_LINE.findall(done.stdout)}


def find_libraries_of_bundle(folder: Path) -> set[Path]:
    """Return the libraries of the machine that an unpacked bundle needs."""
    programs = [file for file in folder.iterdir() if is_binary(file)]
    bundled = [file for file in folder.rglob("*/*") if is_binary(file)]
    # the program sets the library path only for the libraries that it loads
    needed = find_needed_libraries(programs) | find_needed_libraries(bundled, LD_LIBRARY_PATH=str(folder / "_internal"))
    return {library for library in needed if folder not in library.resolve().parents}


def find_unnamed_libraries(folder: Path) -> set[str]:
    """Return the libraries beside Python's own in an unpacked bundle that its licences do not name."""
    text = (folder / "LICENSES.txt").read_text(encoding="utf-8")
    libraries = {file.name for file in (folder / "_internal").glob("lib*.so*")}
    assert libraries
    return {name for name in libraries if not name.startswith("libpython") and name not in text}


def is_binary(file: Path) -> bool:
    """Return whether the file is a program or a library."""
    return file.is_file() and file.read_bytes().startswith(b"\x7fELF")


def build_container_command(*, writable: Path, readable: Iterable[Path]) -> list[str]:
    """Return the beginning of a command that runs the rest where only these files and folders are."""
    command = [
        str(find_program("bwrap")),
        "--unshare-all",
        "--share-net",
        "--die-with-parent",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
    ]
    command += ["--tmpfs", "/tmp", "--bind", str(writable), str(writable), "--chdir", str(writable / "project")]
    for item in sorted(readable):
        command += ["--ro-bind", str(item), str(item)]
    return command


def can_contain() -> bool:
    """Return whether bubblewrap can create a container on this machine."""
    command = ["bwrap", "--unshare-all", "--share-net", "--ro-bind", "/", "/", "true"]
    return bool(shutil.which("bwrap")) and subprocess.run(command, capture_output=True, check=False).returncode == 0


class Project(Protocol):
    """A project of either engine."""

    emulator: Emulator

    def list_processes(self) -> list[psutil.Process]:
        """Return every process of the project."""


def check_bundle(running: subprocess.Popen[str], project: Project, program: str, folder: Path) -> bool:
    """Return whether the running command uses the program, which has to be the bundle in the folder.

    The processes are inspected after the first mutating request, while the program waits for a sandbox.
    """
    wait_until(lambda: bool(project.emulator.mutating_requests) or running.poll() is not None)
    found = [process for process in project.list_processes() if Path(process.exe()).name == program]
    for process in found:
        loaded = {Path(item.path) for item in process.memory_maps() if item.path.startswith("/")}
        assert Path(process.exe()).parent == folder
        assert any(file.name.startswith("libpython") for file in loaded)
        others = {file.name for file in loaded if folder not in file.parents}
        assert {name for name in others if not GLIBC.fullmatch(name)} == set()
    return bool(found)
