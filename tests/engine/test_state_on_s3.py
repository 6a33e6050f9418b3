"""State in an S3 bucket: concurrent stacks, a lock for each, and nothing left at the end."""

from __future__ import annotations

import threading

import pytest
from tests.engine.bucket import BUCKET_NAME, StateBucket
from tests.engine.project import PulumiProject, out_of_band_request, wait_until
from types_boto3_s3 import S3Client

from neev_emulator import Emulator

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
import pulumi_neev as neev

neev.Sandbox("box", name=f"box-{pulumi.get_stack()}")
"""
HOUR = 3600


@pytest.fixture
def s3(bucket: StateBucket) -> S3Client:
    """Return a client of the bucket."""
    return bucket.s3


@pytest.fixture
def s3_project(project: PulumiProject, bucket: StateBucket) -> PulumiProject:
    """Return the project, with its state in the bucket."""
    project.env |= bucket.env
    project.write_python(PROGRAM)
    project.run_pulumi("stack", "init", "prod", "--no-select")
    return project


def list_sandbox_names(emulator: Emulator) -> list[str]:
    return sorted(item["name"] for item in out_of_band_request(emulator, "GET", "/sandboxes")["items"])


def test_two_stacks_are_updated_concurrently_and_removed_completely(s3_project: PulumiProject, s3: S3Client) -> None:
    together = [threading.Thread(target=s3_project.up, args=("--stack", stack)) for stack in ("dev", "prod")]
    for item in together:
        item.start()
    for item in together:
        item.join()
    assert list_sandbox_names(s3_project.emulator) == ["box-dev", "box-prod"]
    assert s3_project.up("--stack", "prod").changes == {}

    s3_project.destroy("--stack", "dev")
    assert list_sandbox_names(s3_project.emulator) == ["box-prod"]
    s3_project.destroy("--stack", "prod")
    for stack in ("dev", "prod"):
        assert s3_project.run_pulumi("stack", "rm", "--yes", stack).returncode == 0
    left = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET_NAME).get("Contents", [])]
    assert not [key for key in left if "/locks/" in key or key.endswith(("dev.json", "prod.json"))]


def test_an_update_locks_only_its_own_stack(s3_project: PulumiProject) -> None:
    emulator = s3_project.emulator
    emulator.change_settings(durations={"create": HOUR})
    first = s3_project.start_pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    try:
        wait_until(lambda: emulator.counts().get("POST /sandboxes") == 1)
        second = s3_project.run_pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
        assert second.returncode != 0
        assert "the stack is currently locked" in second.text
        assert list_sandbox_names(emulator) == ["box-dev"]
        assert s3_project.run_pulumi("stack", "export", "--stack", "prod").returncode == 0

        emulator.advance(HOUR)
        stdout, stderr = first.communicate(timeout=60)
        assert first.returncode == 0, stdout + stderr
    finally:
        first.kill()
        first.communicate()
    assert s3_project.up("--stack", "dev").changes == {}
