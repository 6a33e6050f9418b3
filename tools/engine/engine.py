"""A Pulumi engine is ready to run: the last line on stdout is the directory that holds `pulumi` and its language hosts.

`--only python` builds no more than `pulumi` and the host of Python programs; the next run without it adds the rest.

The first of these that exists, or can be had, is taken:

1. `$PULUMI_NEEV_ENGINE/bin`, if the variable is set;
2. `pulumi` on PATH, from version 3.259.0: the oldest that this project's tests are run with, and the floor of its
   dependency on the Python SDK;
3. `.engine/bin` of the checkout, from an earlier run and for the versions pinned here;
4. the official installer's, put into `.engine/bin`;
5. one built into `.engine/bin` from the Go modules that go.mod and go.sum in these folders pin.

`pulumi package gen-sdk` needs the language hosts of 1, 2 and 4. A built engine has older ones, and `gensdk` beside it:
`gensdk schema.json VERSION python|nodejs|go OUTDIR`.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
OPENTOFU = HERE / "opentofu"
"""What pins OpenTofu, which terraform.py finds or builds."""
ROOT = HERE.parents[1] / ".engine"
MIN_VERSION = (3, 259, 0)
MAX_VERSION_EXCLUSIVE = (4, 0, 0)
INSTALLER = "https://get.pulumi.com/install.sh"
INSTALLED_STAMP = f"installed, at least {MIN_VERSION}"
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
YAML_MODULE = "github.com/pulumi/pulumi-yaml"
PYTHON_HELPERS = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-resource-pulumi-python",
    "nodejs/dist/pulumi-resource-pulumi-nodejs",
)
UNREACHABLE_PATTERN = re.compile(r"dial tcp|i/o timeout|no such host|proxyconnect|TLS|lookup disabled|: \d{3} [A-Z]")
BUILD_FLAGS = "-tags=osusergo,grpcnotrace"
BUILD_COST = "5 to 10 minutes on two cores and 5 GB for Go's caches, once"


class NoEngineError(Exception):
    """A missing requirement, described for the user who has to provide it."""


@dataclass(frozen=True)
class GoBinary:
    """A Go program, the module folder that pins it, and the variable that carries a module's version."""

    name: str
    package: str
    folder: str = "."
    module: str = SDK_MODULE
    variable: str = f"{SDK_MODULE}/go/common/version.Version"


BINARIES = (
    GoBinary("pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"),
    GoBinary(
        "pulumi-language-yaml",
        f"{YAML_MODULE}/cmd/pulumi-language-yaml",
        module=YAML_MODULE,
        variable=f"{YAML_MODULE}/pkg/version.Version",
    ),
    GoBinary("gensdk", ".", "gensdk"),  # of the oldest version, which every program of its SDKs can have
    GoBinary("pulumi-language-python-host", f"{SDK_MODULE}/python/cmd/pulumi-language-python", "hosts/python"),
    GoBinary("pulumi-language-python", "./launcher", "hosts/python"),
    GoBinary("pulumi-language-nodejs", f"{SDK_MODULE}/nodejs/cmd/pulumi-language-nodejs", "hosts/nodejs-go"),
    GoBinary("pulumi-language-go", f"{SDK_MODULE}/go/pulumi-language-go", "hosts/nodejs-go"),
)  # the hosts that run Python programs
PYTHON_BINARIES = ("pulumi", "pulumi-language-python-host", "pulumi-language-python")


def main() -> None:
    """Print the engine's directory, or print what is missing and exit with 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["python"], help="build no more than programs in this language need")
    try:
        print(find_engine(os.environ, ROOT, only=parser.parse_args().only))
    except (NoEngineError, OSError) as error:
        sys.exit(f"no Pulumi engine: {error}")


def find_engine(env: Mapping[str, str], root: Path, *, only: str | None = None) -> Path:
    """Return the directory of the first engine, in this module's order, that has everything needed."""
    if engine := find_named(env) or find_on_path(env) or find_earlier(root, only=only):
        return engine
    with lock_root(root):
        return find_earlier(root, only=only) or install_official(root) or build_engine(env, root, only=only)


@contextmanager
def lock_root(root: Path) -> Iterator[None]:
    """Create root and keep other runs from making an engine in it."""
    import fcntl  # noqa: PLC0415  Windows has it not, and makes no engine

    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print_progress("waiting for another run that is making an engine …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_named(env: Mapping[str, str]) -> Path | None:
    """Return the engine that the user names; it must exist."""
    if not (named := env.get("PULUMI_NEEV_ENGINE")):
        return None
    directory = Path(named).resolve() / "bin"
    if not os.access(directory / "pulumi", os.X_OK):
        raise NoEngineError(f"PULUMI_NEEV_ENGINE={named} has no executable bin/pulumi")
    return directory


def find_on_path(env: Mapping[str, str]) -> Path | None:
    """Return the engine on PATH, unless it is too old or has no language hosts."""
    path = env.get("PATH", "")
    if not (found := shutil.which("pulumi", path=path)):
        return None
    number = read_version(Path(found))
    if not MIN_VERSION <= number < MAX_VERSION_EXCLUSIVE:
        print_progress(
            f"{found} is version {format_version(number)}, outside of {format_version(MIN_VERSION)} to "
            f"{format_version(MAX_VERSION_EXCLUSIVE)}: not used"
        )
        return None
    beside = Path(found).resolve().parent
    if not shutil.which("pulumi-language-python", path=f"{beside}{os.pathsep}{path}"):
        print_progress(f"{found} comes without pulumi-language-python: not used")
        return None
    return Path(found).parent.absolute()


def find_earlier(root: Path, *, only: str | None = None) -> Path | None:
    """Return the engine of an earlier run if its pinned versions are still current and it is complete."""
    stamp = root / "bin" / ".stamp"
    whole = stamp.is_file() and stamp.read_text() in {INSTALLED_STAMP, pins_digest(), pins_digest(only)}
    return stamp.parent if whole else None


def install_official(root: Path) -> Path | None:
    """Install the official engine of the Python SDK's version, if the network and the SDK are available."""
    if not is_reachable(INSTALLER):
        print_progress("the official installer cannot be reached")
        return None
    print_progress("installing the official engine …")
    partial = new_directory(root)
    try:
        importlib.import_module("pulumi.automation").PulumiCommand.install(root=str(partial))
    except Exception as error:  # noqa: BLE001 whatever fails in there, building one is what is left
        print_progress(f"the official installer failed: {error}")
        return None
    return move_into_place(partial, root, stamp=INSTALLED_STAMP)


def is_reachable(url: str, seconds: float = 2) -> bool:
    """Return whether url responds in time; the limit includes the name lookup, which no socket timeout covers."""
    answered = threading.Event()

    def ask() -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=seconds):
                answered.set()
        except (OSError, http.client.HTTPException):
            return

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return answered.is_set()


def build_engine(env: Mapping[str, str], root: Path, *, only: str | None = None) -> Path:
    """Build an engine from its Go modules and print a line for each binary; keep binaries that exist."""
    go = GoToolchain(env)
    go.check(f"Pulumi {format_version(MIN_VERSION)} or newer, or set PULUMI_NEEV_ENGINE")
    print_progress(f"building an engine from Go modules ({BUILD_COST}) …")
    partial = new_directory(root)
    (partial / "bin").mkdir()
    if there := find_earlier(root, only="python"):
        shutil.copytree(there, partial / "bin", dirs_exist_ok=True)
    expected = [item for item in BINARIES if only is None or item.name in PYTHON_BINARIES]
    missing = [item for item in expected if not (partial / "bin" / item.name).exists()]
    for folder in dict.fromkeys(binary.folder for binary in missing):
        group = [binary for binary in missing if binary.folder == folder]
        what = "modules of " + ", ".join(binary.name for binary in group)
        go.run(what, ["list", "-deps", BUILD_FLAGS, *(binary.package for binary in group)], folder=folder)
    for binary in missing:
        go.build(binary, partial / "bin")
    sdk = Path(go.run("helper scripts", ["list", "-m", "-f", "{{.Dir}}", SDK_MODULE]).strip())
    for script in PYTHON_HELPERS:
        target = partial / "bin" / Path(script).name
        shutil.copyfile(sdk / script, target)
        target.chmod(0o755)
    return move_into_place(partial, root, stamp=pins_digest(only))


class GoToolchain:
    """The Go command, run in one of the folders that pin what is built."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = {**env, "CGO_ENABLED": "0", "GOWORK": "off"}
        self._command = shutil.which("go", path=env.get("PATH", ""))

    def check(self, alternative: str, *, folder: str = ".") -> None:
        """Check that Go is installed and new enough; if not, the error also names the alternative to a build."""
        needed = re.findall(r"^go (.+)$", (HERE / folder / "go.mod").read_text(), re.MULTILINE)[0]
        remedy = f"install Go {needed} or newer, or {alternative}"
        if not self._command:
            raise NoEngineError(f"none found, none to be downloaded, and no Go to build one: {remedy}")
        found = self._run_go(["env", "GOVERSION"], folder=folder)
        if found.returncode or parse_version(found.stdout) < parse_version(needed):
            raise NoEngineError(f"{(found.stdout + found.stderr).strip()} cannot build one: {remedy}")

    def build(self, binary: GoBinary, directory: Path) -> None:
        """Build the binary, which reports the version of its module, into the directory."""
        number = self._run_go(["list", "-m", "-f", "{{.Version}}", binary.module], folder=binary.folder).stdout.strip()
        stamped = number if binary.module == SDK_MODULE else number.removeprefix("v")
        self.link(binary.package, directory / binary.name, f"{binary.variable}={stamped}", folder=binary.folder)

    def link(self, package: str, target: Path, variable: str, *, folder: str) -> None:
        """Build the package into the target, with the value of one variable."""
        options = ["-trimpath", "-buildvcs=false", BUILD_FLAGS, "-ldflags", f"-s -w -X {variable}"]
        self.run(target.name, ["build", *options, "-o", str(target), package], folder=folder)

    def run(self, action: str, arguments: Sequence[str], *, folder: str = ".") -> str:
        """Run Go and return its output; print one line with the step and then its duration."""
        start = time.monotonic()
        print_progress(f"  {action} … ", end="")
        done = self._run_go(arguments, folder=folder)
        if done.returncode:
            print_progress("failed")
            raise NoEngineError(f"building one failed at {action}: {explain_failure(done.stderr)}")
        print_progress(f"{time.monotonic() - start:.0f} s")
        return done.stdout

    def _run_go(self, arguments: Sequence[str], *, folder: str = ".") -> subprocess.CompletedProcess[str]:
        command = [self._command or "go", *arguments]
        return subprocess.run(command, cwd=HERE / folder, env=self._env, capture_output=True, text=True, check=False)


def explain_failure(stderr: str) -> str:
    """Return the meaning of Go's last output lines, followed by the lines."""
    words = "\n".join(stderr.strip().splitlines()[-8:])
    if "no space left on device" in stderr:
        return f"the disk is full ({BUILD_COST})\n{words}"
    if "x509: " in stderr:
        return f"a certificate is not trusted: add its authority to the system, or set SSL_CERT_FILE\n{words}"
    if UNREACHABLE_PATTERN.search(stderr):
        return f"the Go modules cannot be fetched (network, or GOPROXY)\n{words}"
    return words


def move_into_place(partial: Path, root: Path, *, stamp: str, name: str = "bin") -> Path:
    """Move the finished engine into place, completely or not at all."""
    directory = root / name
    (partial / name / ".stamp").write_text(stamp)
    if directory.exists():  # An earlier engine may be in use.
        directory.rename(partial / "before")
    (partial / name).rename(directory)
    shutil.rmtree(partial)
    return directory


def new_directory(root: Path) -> Path:
    """Create an empty directory to build in; delete those of killed runs, whose orphans could write there."""
    for left in root.glob("partial-*"):
        shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix="partial-", dir=root))


def pins_digest(only: str | None = None) -> str:
    """Return a digest of everything that decides what is built, and of the language if it is built for one."""
    digest = hashlib.sha256(repr((BINARIES, PYTHON_HELPERS)).encode())
    for file in sorted(HERE.rglob("go.*")) + sorted(HERE.rglob("*.go")):
        if file.parent != OPENTOFU:
            digest.update(file.read_bytes())
    return digest.hexdigest() + (f" {only}" if only else "")


def read_version(pulumi: Path) -> tuple[int, ...]:
    """Return the version that the command reports."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    done = subprocess.run([pulumi, "version"], env=env, capture_output=True, text=True, check=False)
    return parse_version(done.stdout)


def parse_version(text: str) -> tuple[int, ...]:
    """Return the first dotted number in the text, or an empty tuple."""
    found = re.search(r"\d+(\.\d+)+", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def format_version(number: tuple[int, ...]) -> str:
    """Return the version as dotted text."""
    return ".".join(map(str, number)) or "unknown"


def print_progress(message: str, *, end: str = "\n") -> None:
    """Print the text on stderr, without a delay."""
    print(message, end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
