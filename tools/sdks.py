"""Generate the SDKs of the plugin from schema.json and build them: `python -m tools.sdks [python nodejs go]`.

`sdks/python`, `sdks/nodejs` and `sdks/go` hold the sources, `sdks/dist` the packages that pip and npm install.
An SDK whose schema, version and recipe have not changed is not built again.

Go has no registry: `go get github.com/neevcloud/pulumi-neev/sdk/go@vVERSION` needs a commit there that has
the content of `sdks/go` in its folder `sdk/go`, with the tag `sdk/go/vVERSION`. The commit need not be on a branch.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tools import sdk_readme
from tools.sdk_readme import render_readme
from tools.version import read_version

ROOT = Path(__file__).resolve().parents[1]
SDKS = ROOT / "sdks"
DIST = SDKS / "dist"
GENERATOR_PINS = ROOT / "tools" / "engine" / "gensdk" / "go.mod"
PULUMI_FOR_GO = "github.com/pulumi/pulumi/sdk/v3"


def main() -> None:
    """Build the named SDKs, or all; print failures and exit with 1."""
    import fcntl  # noqa: PLC0415  Windows has it not, and builds no SDKs

    expected = sys.argv[1:] or list(BUILDERS)
    if unknown := set(expected) - set(BUILDERS):
        sys.exit(f"no SDK for {', '.join(sorted(unknown))}: {', '.join(BUILDERS)}")
    DIST.mkdir(parents=True, exist_ok=True)
    with (SDKS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for language in expected:
            build_sdk(language)


def build_sdk(language: str) -> None:
    """Build the SDK of one language from the current schema."""
    target, stamp = SDKS / language, SDKS / f".{language}.stamp"
    sources = (Path(__file__), Path(sdk_readme.__file__))
    recipe = hashlib.sha256(b"".join((release_schema().encode(), *(file.read_bytes() for file in sources)))).hexdigest()
    if stamp.is_file() and stamp.read_text() == recipe:
        return
    print(f"{language}: generating …", flush=True)
    stamp.unlink(missing_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    generate_sources(language, target)
    print(f"{language}: building …", flush=True)
    BUILDERS[language](target)
    stamp.write_text(recipe)


def release_schema() -> str:
    """Return the committed schema with the additions of a release: the version, and that packages are built from it."""
    package = json.loads((ROOT / "schema.json").read_text())
    return json.dumps({**package, "version": read_version(), "meta": {"supportPack": True}})


def generate_sources(language: str, target: Path) -> None:
    """Generate the sources of the SDK, with `gensdk` of a built engine or the engine's own generator."""
    engine = Path(run_command(ROOT, sys.executable, "tools/engine/engine.py").strip().splitlines()[-1])
    source = SDKS / "schema.json"
    source.write_text(release_schema())
    gensdk = engine / "gensdk"
    if gensdk.is_file():
        target.mkdir(parents=True)
        run_command(ROOT, str(gensdk), str(source), read_version(), language, str(target))
    else:
        run_command(
            ROOT, str(engine / "pulumi"), "package", "gen-sdk", str(source), "--language", language, "--out", str(SDKS)
        )
    add_documents(language, target)


def add_documents(language: str, target: Path) -> None:
    """Write the README of the SDK, and the licence, where the tools of its language look for them."""
    (target / "README.md").write_text(render_readme(language, read_version()), encoding="utf-8")
    shutil.copy(ROOT / "LICENSE", target)


def build_python(target: Path) -> None:
    """Build the wheel of the SDK into `dist` and delete earlier wheels."""
    for earlier in DIST.glob("*.whl"):
        earlier.unlink()
    run_command(target, sys.executable, "-m", "uv", "build", "--wheel", "--quiet", "--out-dir", str(DIST))


def build_nodejs(target: Path) -> None:
    """Build the npm package of the SDK into `dist`, under a name without a version, so that examples can name it."""
    run_command(target, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
    run_command(target, "npm", "run", "build")
    for name in ("package.json", "README.md", "LICENSE"):
        shutil.copy(target / name, target / "bin")
    packed = run_command(target, "npm", "pack", "./bin", "--silent").strip().splitlines()[-1]
    (target / packed).rename(DIST / "pulumi-neev.tgz")


def build_go(target: Path) -> None:
    """Compile the Go module of the SDK with the version of Pulumi that it is generated with."""
    pinned = re.findall(rf"^\s*{re.escape(PULUMI_FOR_GO)} (v\S+)", GENERATOR_PINS.read_text(), re.MULTILINE)[0]
    run_command(target, "go", "mod", "edit", f"-require={PULUMI_FOR_GO}@{pinned}")
    run_command(target, "go", "mod", "tidy")
    run_command(target, "go", "build", "./...")


BUILDERS: Mapping[str, Callable[[Path], None]] = {"python": build_python, "nodejs": build_nodejs, "go": build_go}


def run_command(folder: Path, *command: str) -> str:
    """Run the command and return its output; if it fails, end this script with its output."""
    env = {"UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true", **os.environ}  # The Makefile sets the same variables.
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        sys.exit(f"{command[0]} is not installed")
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
