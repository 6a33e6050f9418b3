"""An emulator in its own process, to be killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from helpers.poll import poll_until


@contextmanager
def start_killable(data: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Start an emulator in its own process; yield it and a client for its project."""
    command = [sys.executable, "-c", "from neev_emulator.cli import main; main()", "--create-seconds", "0"]
    with subprocess.Popen([*command, "--data", str(data), *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            line = process.stdout.readline().removeprefix("export ")
            env = dict(pair.split("=", 1) for pair in line.split())
            base = f"{env['NEEV_BASE_URL']}/api/v1beta1/orgs/{env['NEEV_ORG_ID']}/projects/{env['NEEV_PROJECT_ID']}"
            headers = {"authorization": f"Bearer {env['NEEV_API_KEY']}"}
            with httpx.Client(base_url=base, headers=headers, verify=False) as client:
                yield process, client
        finally:
            process.kill()


def open_runtime_client(client: httpx.Client, sandbox: dict[str, Any]) -> httpx.Client:
    url = client.base_url.copy_with(path="/sandboxes-runtime/v1")
    headers = {"authorization": client.headers["authorization"], "x-sandbox-id": sandbox["id"]}
    return httpx.Client(base_url=url, headers=headers, verify=False)


def wait_until_ready(client: httpx.Client, path: str, key: str = "phase") -> dict[str, Any]:
    return poll_until(lambda: client.get(path).json(), lambda response: response[key] == "Ready")
