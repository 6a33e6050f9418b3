"""A certificate authority in the store of the system is trusted by every program that fetches files for the project.

The store is replaced for the processes of a test alone, in a mount namespace. No variable names a file of certificates
but those that the Makefile sets.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from tests.certificates.proxy import Proxy, run_proxy

from neev_provider.client.http.certificates import SYSTEM_FILES

ROOT = Path(__file__).parents[2]
STORE = next(filter(os.path.isfile, SYSTEM_FILES), None)
FOREIGN = re.compile(r"cert|ssl|_ca_|proxy|^pip_|^uv_|^npm_|^node_|^go|^make|^mfl", re.IGNORECASE)
"""Variables of the machine for certificates, proxies and indexes, and of `make` for its recipes."""
NAMESPACE = ("unshare", "--map-root-user", "--mount")
PROVIDER = """
import asyncio
from neev_provider.client import Settings, connect

async def read_sandbox():
    async with connect(Settings("https://api.test", "key", "org", "project")) as api:
        print((await api.sandboxes.get("box")).id)

asyncio.run(read_sandbox())
"""
WHEEL = "probe-1.0-py3-none-any.whl"
MODULE = "module.test/probe"


def make_archive(files: Mapping[str, str]) -> bytes:
    """Return a zip archive of the files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as writer:
        for name, text in files.items():
            writer.writestr(name, text)
    return stream.getvalue()


PAGES: Mapping[str, bytes] = {
    "index.test/simple/probe/": f'<a href="/{WHEEL}">{WHEEL}</a>'.encode(),
    f"index.test/{WHEEL}": make_archive(
        {
            "probe.py": "",
            "probe-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: probe\nVersion: 1.0\n",
            "probe-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "probe-1.0.dist-info/RECORD": "probe.py,,\n",
        }
    ),
    "npm.test/probe": b'{"name": "probe", "dist-tags": {"latest": "1.0.0"},'
    b' "versions": {"1.0.0": {"name": "probe", "version": "1.0.0"}}}',
    f"modules.test/{MODULE}/@v/v1.0.0.info": b'{"Version": "v1.0.0", "Time": "2026-01-01T00:00:00Z"}',
    f"modules.test/{MODULE}/@v/v1.0.0.mod": f"module {MODULE}\n".encode(),
    f"modules.test/{MODULE}/@v/v1.0.0.zip": make_archive({f"{MODULE}@v1.0.0/go.mod": f"module {MODULE}\n"}),
    "api.test/api/v1beta1/orgs/org/projects/project/sandboxes/box": b'{"id": "box-1", "name": "box", "phase": "Ready"}',
}


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """Yield a proxy whose authority no store contains."""
    with run_proxy(PAGES) as running:
        yield running


@pytest.fixture
def recipe_env(tmp_path: Path, proxy: Proxy) -> dict[str, str]:
    """Return the environment of a recipe of the Makefile on a machine that only sets a proxy."""
    kept = {name: value for name, value in os.environ.items() if not FOREIGN.search(name)}
    command = ["make", "--silent", "--eval=print-environment: ; @env --null", "print-environment"]
    printed = subprocess.run(command, cwd=ROOT, env=kept, check=True, capture_output=True, text=True).stdout
    environment = dict(line.split("=", 1) for line in printed.split("\0") if line)
    return {
        **environment,
        "HTTPS_PROXY": proxy.address,
        "PIP_CONFIG_FILE": os.devnull,
        "NPM_CONFIG_USERCONFIG": os.devnull,
        "NPM_CONFIG_CACHE": str(tmp_path / "npm"),
        "UV_HTTP_RETRIES": "0",
        "GOPROXY": "https://modules.test",
        "GONOSUMDB": "*",
        "GOTOOLCHAIN": "local",
        "GOMODCACHE": str(tmp_path / "modules"),
        "GOFLAGS": "-modcacherw",
    }


def require_namespace() -> str:
    """Return the file of the system's store, or skip the test."""
    if not STORE or not shutil.which("unshare"):
        pytest.skip("the store is a file that a mount namespace can replace on Linux alone")
    if subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine allows no mount namespace")
    return STORE


def run_fetch(command: Sequence[str], folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command in the folder and return its result, also after a failure."""
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)


def pip_of_the_interpreter(folder: Path) -> list[str]:
    """Return a command of the pip that comes with Python, which installs uv in a new checkout."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    return [
        str(python),
        "-m",
        "pip",
        *("download", "--retries=0", "--no-deps", "--index-url=https://index.test/simple", "probe"),
    ]


def uv(folder: Path) -> list[str]:
    """Return a command of uv."""
    options = ["--no-cache", "--default-index=https://index.test/simple", f"--target={folder}"]
    return [sys.executable, "-m", "uv", "pip", "install", *options, "probe"]


def npm(_folder: Path) -> list[str]:
    """Return a command of npm."""
    return ["npm", "view", "--fetch-retries=0", "--registry=https://npm.test/", "probe", "version"]


def go(_folder: Path) -> list[str]:
    """Return a command of Go."""
    return ["go", "mod", "download", f"{MODULE}@v1.0.0"]


def provider(_folder: Path) -> list[str]:
    """Return a program that calls the API as the provider does."""
    return [sys.executable, "-c", PROVIDER]


@pytest.mark.parametrize("fetch", [pip_of_the_interpreter, uv, npm, go, provider], ids=lambda fetch: fetch.__name__)
def test_only_authorities_in_the_system_store_are_trusted(
    tmp_path: Path, proxy: Proxy, recipe_env: dict[str, str], fetch: Callable[[Path], list[str]]
) -> None:
    store = require_namespace()
    command = fetch(tmp_path)
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    refused = run_fetch(command, tmp_path, recipe_env)
    assert refused.returncode, refused.stdout
    assert "certificate" in (refused.stdout + refused.stderr).lower()

    known = tmp_path / "store.pem"
    known.write_bytes(Path(store).read_bytes() + proxy.authority)
    mounted = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
    trusted = run_fetch([*NAMESPACE, "sh", "-c", mounted, "sh", str(known), store, *command], tmp_path, recipe_env)
    assert trusted.returncode == 0, trusted.stdout + trusted.stderr
