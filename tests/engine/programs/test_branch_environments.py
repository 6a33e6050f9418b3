"""The lifecycle of pull requests with the scripts of the example's workflows, with the state on S3."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from tests.engine.bucket import BUCKET_NAME, StateBucket
from tests.engine.project import PulumiProject, Result, out_of_band_request, read_in_sandbox, wait_until
from tests.engine.sdks import ROOT

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

EXAMPLE = ROOT / "examples" / "branch-environments"
HOUR = 3600
JOB_SECONDS = 240


class Pipeline:
    """The jobs of a pipeline, each in its own checkout."""

    def __init__(self, project: PulumiProject, directory: Path, env: Mapping[str, str]) -> None:
        self.emulator = project.emulator
        self._directory = directory
        self._numbers = count()
        path = f"{sys.prefix}/bin{os.pathsep}{project.env['PATH']}"
        self._env = {**project.env, **env, "PATH": path}

    def start(self, script: str, *arguments: str, port: int = 0) -> subprocess.Popen[str]:
        """Start the script as the leader of a process group. The environment's application gets the port."""
        checkout = self._directory / f"job-{next(self._numbers)}"
        shutil.copytree(EXAMPLE, checkout)
        project = checkout / "Pulumi.yaml"
        project.write_text(project.read_text().replace("default: 8080", f"default: {port}"))
        return subprocess.Popen(
            [checkout / "ci" / script, *arguments],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, script: str, *arguments: str, port: int = 0) -> str:
        """Run the script, which has to succeed, and return the last line of its output."""
        process = self.start(script, *arguments, port=port)
        try:
            stdout, stderr = process.communicate(timeout=JOB_SECONDS)
        finally:
            kill_job(process)
        result = Result(process.returncode, stdout, stderr)
        assert result.returncode == 0, result.text
        return (stdout.splitlines() or [""])[-1]

    def read_sandbox(self, name: str) -> dict[str, Any]:
        """Return what the API reports of the sandbox."""
        observed: dict[str, Any] = out_of_band_request(self.emulator, "GET", f"/sandboxes/{name}")
        return observed

    def list_sandbox_names(self) -> list[str]:
        """Return the names of all sandboxes."""
        return sorted(item["name"] for item in out_of_band_request(self.emulator, "GET", "/sandboxes")["items"])


def kill_job(process: subprocess.Popen[str]) -> None:
    """Kill the job with all of its processes, like a lost runner."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def fetch_body(url: str) -> str:
    """Return the response body that a browser would show."""
    with urlopen(url) as answer:
        text: str = answer.read().decode()
    return text


@pytest.fixture
def ports() -> tuple[int, int]:
    """Return two ports that nothing listens on."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture
def pipeline(project: PulumiProject, tmp_path: Path, bucket: StateBucket) -> Pipeline:
    """Return the pipeline of a repository whose main branch has been built."""
    pipeline = Pipeline(project, tmp_path, bucket.env)
    pipeline.run("up.sh", "base", "main.0")
    return pipeline


def test_an_environment_follows_its_pull_request_from_open_to_close(
    pipeline: Pipeline, bucket: StateBucket, ports: tuple[int, int]
) -> None:
    emulator = pipeline.emulator
    first, second = ports

    # pull request 1 is opened
    url = pipeline.run("up.sh", "pr-1", "a.1", port=first)
    assert fetch_body(url) == "a.1"
    opened = pipeline.read_sandbox("pr-1")
    assert read_in_sandbox(emulator, "pr-1", "data/prepared"), "the fork has the files of the base"

    # a push to 1 while 2 is opened
    emulator.advance(HOUR / 4)
    with ThreadPoolExecutor() as jobs:
        pushed = jobs.submit(pipeline.run, "up.sh", "pr-1", "b.2", port=first)
        also = jobs.submit(pipeline.run, "up.sh", "pr-2", "x.3", port=second)
        assert (pushed.result(), fetch_body(also.result())) == (url, "x.3")
    assert fetch_body(url) == "b.2"
    now = pipeline.read_sandbox("pr-1")
    assert now["id"] == opened["id"]
    assert opened["hard_expires_at"] < now["hard_expires_at"]
    assert pipeline.list_sandbox_names() == ["base", "pr-1", "pr-2"]

    # the job of the second push to 1 is killed
    emulator.clear_log()
    emulator.inject("delay", method="POST", path="/v1/processes/start")
    job = pipeline.start("up.sh", "pr-1", "c.4", port=first)
    wait_until(lambda: "POST /v1/processes/start" in emulator.counts() or job.poll() is not None)
    kill_job(job)
    assert pipeline.run("up.sh", "pr-1", "d.5", port=first) == url
    assert fetch_body(url) == "d.5"
    assert pipeline.read_sandbox("pr-1")["id"] == opened["id"]

    # 1 is paused, and pushed to again
    emulator.clear_log()
    pipeline.run("pause.sh", "pr-1", port=first)
    assert pipeline.read_sandbox("pr-1")["phase"] == "Paused"
    assert [entry["path"].rpartition("/")[2] for entry in emulator.mutating_requests] == ["pause"]
    assert pipeline.run("up.sh", "pr-1", "e.6", port=first) == url
    assert fetch_body(url) == "e.6"

    # 1 is closed, twice; 2 is not touched
    assert pipeline.run("closed.sh", "echo", "2") == '["1"]'
    pipeline.run("destroy.sh", "pr-1")
    assert pipeline.run("destroy.sh", "pr-1") == "There is no stack pr-1."
    assert pipeline.run("closed.sh", "echo", "2") == "[]"
    assert pipeline.list_sandbox_names() == ["base", "pr-2"]

    for stack in ("pr-2", "base"):
        pipeline.run("destroy.sh", stack)
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)
    assert list_state_keys(bucket) == []


def test_the_fork_of_a_killed_job_is_recovered_by_the_next_job(
    pipeline: Pipeline, bucket: StateBucket, ports: tuple[int, int]
) -> None:
    emulator = pipeline.emulator
    # the clocks have to agree, because the fork's creation time proves that this create made it
    emulator.change_settings(durations={"fork": 5})
    job = pipeline.start("up.sh", "pr-3", "a.1", port=ports[0])
    wait_until(lambda: emulator.counts().get("POST /sandboxes/{id}/fork") == 1 or job.poll() is not None)
    kill_job(job)

    assert fetch_body(pipeline.run("up.sh", "pr-3", "a.2", port=ports[0])) == "a.2"
    assert pipeline.list_sandbox_names() == ["base", "pr-3"]
    assert emulator.counts()["POST /sandboxes/{id}/fork"] == 1, "the fork of the killed job is used"

    out_of_band_request(emulator, "POST", "/sandboxes", {"name": "pr-4"})
    emulator.advance(25 * HOUR)
    pipeline.run("sweep.sh")
    assert pipeline.list_sandbox_names() == ["base", "pr-3"], "only orphans are swept"

    emulator.change_settings(durations={"fork": HOUR})
    job = pipeline.start("up.sh", "pr-5", "a.1", port=ports[1])
    wait_until(lambda: emulator.counts().get("POST /sandboxes/{id}/fork") == 2 or job.poll() is not None)
    kill_job(job)
    for stack in ("pr-5", "pr-3", "base"):
        pipeline.run("destroy.sh", stack)
    assert emulator.state()["sandboxes"] == 0
    assert list_state_keys(bucket) == []


def list_state_keys(bucket: StateBucket) -> list[str]:
    """Return the stacks and locks in the bucket."""
    keys = [item["Key"] for item in bucket.s3.list_objects_v2(Bucket=BUCKET_NAME).get("Contents", [])]
    return [key for key in keys if "/locks/" in key or ("/stacks/" in key and key.endswith(".json"))]
