"""An emulator and a project for each test that drives them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer
from tests.engine.bucket import BUCKET_NAME, StateBucket
from tests.engine.project import PulumiProject

from neev_emulator import Emulator, Settings, serve


@pytest.fixture
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """Yield an empty emulator for one test. The parameter is the version of the API, by default the current one."""
    with serve(Settings(api=getattr(request, "param", Settings().api))) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, pulumi_bin: Path, emulator: Emulator) -> Iterator[PulumiProject]:
    """Yield a project without a program. Add one with `write_yaml`, `write_python` or `write_project`."""
    project = PulumiProject(tmp_path, pulumi_bin, emulator)
    yield project
    # language hosts outlive an engine that was killed
    for process in project.list_processes():
        process.kill()


@pytest.fixture
def bucket() -> Iterator[StateBucket]:
    """Yield an empty bucket for states."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    # all servers of a process share their buckets
    httpx.post(f"{endpoint}/moto-api/reset").raise_for_status()
    client.create_bucket(Bucket=BUCKET_NAME)
    yield StateBucket(endpoint, client)
    client.close()
    server.stop()
