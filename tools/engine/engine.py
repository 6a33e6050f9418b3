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
import fcntl
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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1] / ".engine"
OLDEST = (3, 259, 0)
TOO_NEW = (4, 0, 0)
INSTALLER = "https://get.pulumi.com/install.sh"
INSTALLED = f"installed, at least {OLDEST}"
SDK = "github.com/pulumi/pulumi/sdk/v3"
YAML = "github.com/pulumi/pulumi-yaml"
SCRIPTS = (
    "python/cmd/pulumi-language-python-exec",
    "python/dist/pulumi-resource-pulumi-python",
    "nodejs/dist/pulumi-resource-pulumi-nodejs",
)
UNREACHABLE = re.compile(r"dial tcp|i/o timeout|no such host|proxyconnect|TLS|lookup disabled|: \d{3} [A-Z]")
TAGS = "-tags=osusergo,grpcnotrace"
NEEDS = "up to 5 minutes on two cores and 5 GB for Go's caches, once"


class NoEngineError(Exception):
    """What is missing, in words for the person who has to provide it."""


@dataclass(frozen=True)
class Binary:
    """A Go program, the module folder that pins it, and the variable that carries a module's version."""

    name: str
    package: str
    folder: str = "."
    module: str = SDK
    variable: str = f"{SDK}/go/common/version.Version"


BINARIES = (
    Binary("pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"),
    Binary(
        "pulumi-language-yaml", f"{YAML}/cmd/pulumi-language-yaml", module=YAML, variable=f"{YAML}/pkg/version.Version"
    ),
    Binary("gensdk", "./gensdk"),
    Binary("pulumi-language-python-host", f"{SDK}/python/cmd/pulumi-language-python", "hosts/python"),
    Binary("pulumi-language-python", "./launcher", "hosts/python"),
    Binary("pulumi-language-nodejs", f"{SDK}/nodejs/cmd/pulumi-language-nodejs", "hosts/nodejs-go"),
    Binary("pulumi-language-go", f"{SDK}/go/pulumi-language-go", "hosts/nodejs-go"),
)  # what runs programs in Python
FOR_PYTHON = ("pulumi", "pulumi-language-python-host", "pulumi-language-python")


def main() -> None:
    """Prints the engine's directory, or says what is missing and exits with 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["python"], help="build no more than programs in this language need")
    try:
        print(find(os.environ, ROOT, only=parser.parse_args().only))
    except (NoEngineError, OSError) as error:
        sys.exit(f"no Pulumi engine: {error}")


def find(env: Mapping[str, str], root: Path, *, only: str | None = None) -> Path:
    """The directory of the first engine in this module's order that has what is needed."""
    if engine := chosen(env) or on_path(env) or earlier(root, only=only):
        return engine
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run that is making an engine …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        return earlier(root, only=only) or installed(root) or built(env, root, only=only)


def chosen(env: Mapping[str, str]) -> Path | None:
    """The engine that the user names, which has to be there."""
    if not (named := env.get("PULUMI_NEEV_ENGINE")):
        return None
    directory = Path(named).resolve() / "bin"
    if not os.access(directory / "pulumi", os.X_OK):
        raise NoEngineError(f"PULUMI_NEEV_ENGINE={named} has no executable bin/pulumi")
    return directory


def on_path(env: Mapping[str, str]) -> Path | None:
    """The engine on PATH, unless it is too old or comes without its language hosts."""
    path = env.get("PATH", "")
    if not (found := shutil.which("pulumi", path=path)):
        return None
    number = version(Path(found))
    if not OLDEST <= number < TOO_NEW:
        say(f"{found} is version {dotted(number)}, outside of {dotted(OLDEST)} to {dotted(TOO_NEW)}: not used")
        return None
    beside = Path(found).resolve().parent
    if not shutil.which("pulumi-language-python", path=f"{beside}{os.pathsep}{path}"):
        say(f"{found} comes without pulumi-language-python: not used")
        return None
    return Path(found).parent.absolute()


def earlier(root: Path, *, only: str | None = None) -> Path | None:
    """The engine that an earlier run finished, if its pinned versions are still today's and nothing is missing."""
    stamp = root / "bin" / ".stamp"
    whole = stamp.is_file() and stamp.read_text() in {INSTALLED, pins(), pins(only)}
    return stamp.parent if whole else None


def installed(root: Path) -> Path | None:
    """The official engine of the Python SDK's version, if the network and the SDK are there."""
    if not reachable(INSTALLER):
        say("the official installer cannot be reached")
        return None
    say("installing the official engine …")
    partial = fresh(root)
    try:
        importlib.import_module("pulumi.automation").PulumiCommand.install(root=str(partial))
    except Exception as error:  # noqa: BLE001 whatever fails in there, building one is what is left
        say(f"the official installer failed: {error}")
        return None
    return settle(partial, root, stamp=INSTALLED)


def reachable(url: str, seconds: float = 2) -> bool:
    """Whether url answers within seconds, the look-up of its name included, which no socket's time-out covers."""
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


def built(env: Mapping[str, str], root: Path, *, only: str | None = None) -> Path:
    """An engine compiled from its Go modules, with a line of progress for each binary; what is there is kept."""
    go = Go(env)
    go.check()
    say(f"building an engine from Go modules ({NEEDS}) …")
    partial = fresh(root)
    (partial / "bin").mkdir()
    if there := earlier(root, only="python"):
        shutil.copytree(there, partial / "bin", dirs_exist_ok=True)
    wanted = [each for each in BINARIES if only is None or each.name in FOR_PYTHON]
    missing = [each for each in wanted if not (partial / "bin" / each.name).exists()]
    for folder in dict.fromkeys(binary.folder for binary in missing):
        group = [binary for binary in missing if binary.folder == folder]
        what = "modules of " + ", ".join(binary.name for binary in group)
        go.run(what, ["list", "-deps", TAGS, *(binary.package for binary in group)], folder=folder)
    for binary in missing:
        go.build(binary, partial / "bin")
    sdk = Path(go.run("helper scripts", ["list", "-m", "-f", "{{.Dir}}", SDK]).strip())
    for script in SCRIPTS:
        target = partial / "bin" / Path(script).name
        shutil.copyfile(sdk / script, target)
        target.chmod(0o755)
    return settle(partial, root, stamp=pins(only))


class Go:
    """The Go command, run in one of the folders that pin what is built."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = {**env, "CGO_ENABLED": "0", "GOWORK": "off"}
        self._command = shutil.which("go", path=env.get("PATH", ""))

    def check(self) -> None:
        """Go is there and new enough."""
        needed = re.findall(r"^go (.+)$", (HERE / "go.mod").read_text(), re.MULTILINE)[0]
        remedy = f"install Go {needed} or newer, or Pulumi {dotted(OLDEST)} or newer, or set PULUMI_NEEV_ENGINE"
        if not self._command:
            raise NoEngineError(f"none found, none to be downloaded, and no Go to build one: {remedy}")
        found = self._call(["env", "GOVERSION"])
        if found.returncode or numbers(found.stdout) < numbers(needed):
            raise NoEngineError(f"{(found.stdout + found.stderr).strip()} cannot build one: {remedy}")

    def build(self, binary: Binary, directory: Path) -> None:
        """The binary lies in the directory."""
        number = self._call(["list", "-m", "-f", "{{.Version}}", binary.module], folder=binary.folder).stdout.strip()
        stamped = number if binary.module == SDK else number.removeprefix("v")
        options = ["-trimpath", "-buildvcs=false", TAGS, "-ldflags", f"-s -w -X {binary.variable}={stamped}"]
        target = ["-o", str(directory / binary.name), binary.package]
        self.run(binary.name, ["build", *options, *target], folder=binary.folder)

    def run(self, what: str, arguments: Sequence[str], *, folder: str = ".") -> str:
        """What Go printed; one line says what is being done and then how long it took."""
        start = time.monotonic()
        say(f"  {what} … ", end="")
        done = self._call(arguments, folder=folder)
        if done.returncode:
            say("failed")
            raise NoEngineError(f"building one failed at {what}: {reason(done.stderr)}")
        say(f"{time.monotonic() - start:.0f} s")
        return done.stdout

    def _call(self, arguments: Sequence[str], *, folder: str = ".") -> subprocess.CompletedProcess[str]:
        command = [self._command or "go", *arguments]
        return subprocess.run(command, cwd=HERE / folder, env=self._env, capture_output=True, text=True, check=False)


def reason(stderr: str) -> str:
    """What Go's last words mean, and the words."""
    words = "\n".join(stderr.strip().splitlines()[-8:])
    if "no space left on device" in stderr:
        return f"the disk is full ({NEEDS})\n{words}"
    if UNREACHABLE.search(stderr):
        return f"the Go modules cannot be fetched (network, or GOPROXY)\n{words}"
    return words


def settle(partial: Path, root: Path, *, stamp: str) -> Path:
    """The finished engine is in place, whole or not at all."""
    directory = root / "bin"
    (partial / "bin" / ".stamp").write_text(stamp)
    if directory.exists():  # and may be in use
        directory.rename(partial / "before")
    (partial / "bin").rename(directory)
    shutil.rmtree(partial)
    return directory


def fresh(root: Path) -> Path:
    """A new directory to fill; what killed runs left is gone, and their orphans cannot write into this one."""
    for left in root.glob("partial-*"):
        shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix="partial-", dir=root))


def pins(only: str | None = None) -> str:
    """A digest of everything that decides what is built, and the language where it is built for one."""
    digest = hashlib.sha256(repr((BINARIES, SCRIPTS)).encode())
    for file in sorted(HERE.rglob("go.*")) + sorted(HERE.rglob("*.go")):
        digest.update(file.read_bytes())
    return digest.hexdigest() + (f" {only}" if only else "")


def version(pulumi: Path) -> tuple[int, ...]:
    """The version that the command says it has."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    done = subprocess.run([pulumi, "version"], env=env, capture_output=True, text=True, check=False)
    return numbers(done.stdout)


def numbers(text: str) -> tuple[int, ...]:
    """The first dotted number in text, empty if there is none."""
    found = re.search(r"\d+(\.\d+)+", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def dotted(number: tuple[int, ...]) -> str:
    """The number as people write it."""
    return ".".join(map(str, number)) or "unknown"


def say(words: str, *, end: str = "\n") -> None:
    """The words are on stderr, at once."""
    print(words, end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
