"""State in an S3 bucket: stacks side by side, a lock for each, and nothing left at the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.engine.project import Pulumi, outside, until
from types_boto3_s3 import S3Client

from pulumi_neev.emulator import Emulator

pytestmark = pytest.mark.engine

BUCKET = "states"
PROGRAM = """
import pulumi
import pulumi_neev as neev

neev.Sandbox("box", name=f"box-{pulumi.get_stack()}")
"""
HOUR = 3600


@pytest.fixture
def endpoint() -> Iterator[str]:
    """Where S3 is."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str) -> Iterator[S3Client]:
    """A client of it."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()


@pytest.fixture
def on_s3(project: Pulumi, endpoint: str, s3: S3Client) -> Pulumi:
    """The project, with its state in the bucket."""
    del s3
    project.env |= {
        "PULUMI_BACKEND_URL": f"s3://{BUCKET}/team?endpoint={endpoint}&s3ForcePathStyle=true&region=us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    project.python(PROGRAM)
    project.pulumi("stack", "init", "prod", "--no-select")
    return project


def names(emulator: Emulator) -> list[str]:
    return sorted(each["name"] for each in outside(emulator, "GET", "/sandboxes")["items"])


def test_two_stacks_live_side_by_side_and_leave_nothing(on_s3: Pulumi, s3: S3Client) -> None:
    together = [threading.Thread(target=on_s3.up, args=("--stack", stack)) for stack in ("dev", "prod")]
    for each in together:
        each.start()
    for each in together:
        each.join()
    assert names(on_s3.emulator) == ["box-dev", "box-prod"]
    assert on_s3.up("--stack", "prod").changes == {}

    on_s3.destroy("--stack", "dev")
    assert names(on_s3.emulator) == ["box-prod"]
    on_s3.destroy("--stack", "prod")
    for stack in ("dev", "prod"):
        assert on_s3.pulumi("stack", "rm", "--yes", stack).returncode == 0
    left = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
    assert not [key for key in left if "/locks/" in key or key.endswith(("dev.json", "prod.json"))]


def test_a_stack_that_is_being_updated_is_locked_and_the_other_is_not(on_s3: Pulumi) -> None:
    emulator = on_s3.emulator
    emulator.change_settings(durations={"create": HOUR})
    first = on_s3.start("up", "--yes", "--skip-preview", "--stack", "dev")
    try:
        until(lambda: emulator.counts().get("POST /sandboxes") == 1)
        second = on_s3.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
        assert second.returncode != 0
        assert "the stack is currently locked" in second.text
        assert names(emulator) == ["box-dev"]
        assert on_s3.pulumi("stack", "export", "--stack", "prod").returncode == 0

        emulator.advance(HOUR)
        stdout, stderr = first.communicate(timeout=60)
        assert first.returncode == 0, stdout + stderr
    finally:
        first.kill()
        first.communicate()
    assert on_s3.up("--stack", "dev").changes == {}
