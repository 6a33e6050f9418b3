"""Sandboxes and snapshots through the official client; every response matches its models."""

import re

import pytest
from neevai import NeevAI
from neevai.errors import NotFoundError
from neevai.generated import aiagent
from neevai.handles.sandbox import Sandbox

from helpers.official_client import (
    POLL_MS,
    close_connection_after,
    create_ready,
    read_file,
    wait_for_phase,
    wait_for_snapshot,
    wait_until_gone,
    write_file,
)
from neev_emulator import Emulator


def test_a_new_sandbox_is_pending_then_ready_then_addressable(client: NeevAI, emulator: Emulator) -> None:
    emulator.change_settings(durations={"create": 10, "addressable": 10})
    sandbox = client.sandboxes.create({"name": "web"})
    assert (sandbox.phase, sandbox.addressable, sandbox.connect_url) == ("Pending", False, None)
    states: list[tuple[str, bool]] = []

    def record(polled: Sandbox) -> None:
        states.append((polled.phase, polled.addressable))
        emulator.advance(5)

    sandbox.wait_until_ready(poll_interval_ms=1, on_poll=record)
    assert sorted(set(states)) == [("Pending", False), ("Ready", False), ("Ready", True)]
    assert sandbox.connect_url


def test_a_sandbox_returns_its_inputs_but_not_its_env(client: NeevAI) -> None:
    sandbox = client.sandboxes.create(
        {
            "name": "byoi",
            "region": "dev",
            "image": "docker.io/library/python:3.13",
            "command": ["python", "-m", "http.server"],
            "env": [{"name": "TOKEN", "value": "hush-hush"}],
            "resources": {"cpu": 1.5, "memory_gb": 3, "disk_gb": 30},
            "egress": {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443], "protocol": "TCP"}]},
            "lifecycle": {"idle_timeout_seconds": 60, "max_lifetime_seconds": 3600, "on_idle": "delete"},
        }
    )
    data = sandbox.data
    assert data["resources"] == {"cpu": 1.5, "memory_gb": 3, "disk_gb": 30, "rootfs_disk_gb": 6}
    assert data["egress"]["allow"] == [{"host": "pypi.org", "ports": [443], "protocol": "TCP"}]
    assert (data["region"], data["image"], data["on_idle"]) == ("dev", "docker.io/library/python:3.13", "delete")
    assert (data["idle_timeout_seconds"], data["paused_retention_seconds"]) == (60, None)
    assert "hush-hush" not in str(data)


def test_a_sandbox_can_be_read_by_name_or_id(client: NeevAI) -> None:
    sandbox = client.sandboxes.create({"name": "web"})
    assert client.sandboxes.get("web").id == client.sandboxes.get(sandbox.id).id == sandbox.id


def test_a_sandbox_without_a_name_gets_a_generated_name(client: NeevAI) -> None:
    assert re.fullmatch(r"sandbox-[a-z0-9]{8}", client.sandboxes.create({}).name)


def test_lists_are_paged_and_filtered(client: NeevAI) -> None:
    created = [client.sandboxes.create({"name": f"web-{number}"}) for number in range(3)]
    create_ready(client, name="other")
    page = client.sandboxes.list(page=2, limit=3)
    assert (page.total, page.page, page.limit, [item.name for item in page.items]) == (4, 2, 3, ["web-0"])
    assert {item.name for item in client.sandboxes.list(name="EB-").items} == {"web-0", "web-1", "web-2"}
    assert [item.name for item in client.sandboxes.list(status="Ready", name="other").items] == ["other"]
    assert [item.id for item in client.sandboxes.list(sandbox_id=created[1].id).items] == [created[1].id]


def test_pause_and_resume_preserve_the_files(client: NeevAI) -> None:
    sandbox = create_ready(client, name="web")
    write_file(sandbox, "still here")
    assert (sandbox.pause().phase, sandbox.replicas) == ("Pausing", 0)
    wait_for_phase(sandbox, "Paused")
    assert (sandbox.resume().phase, sandbox.replicas) == ("Resuming", 1)
    sandbox.wait_until_ready(poll_interval_ms=POLL_MS)
    assert read_file(sandbox) == "still here"


def test_resources_and_egress_are_updated_in_place(client: NeevAI) -> None:
    sandbox = create_ready(client, name="web")
    sandbox.update({"resources": {"cpu": 2}}, allow_internet=True)
    assert sandbox.data["resources"]["cpu"] == 2
    assert sandbox.data["egress"]["allow_internet"] is True
    sandbox.update({"egress_remove": {"allow": [{"host": "::/0"}]}, "egress_add": {"allow": [{"host": "a.example"}]}})
    assert [rule["host"] for rule in sandbox.data["egress"]["allow"]] == ["0.0.0.0/0", "a.example"]


def test_idle_timeout_and_maximum_lifetime_are_updated_separately(client: NeevAI) -> None:
    sandbox = create_ready(client, name="web")
    sandbox.update_timeout({"idle_timeout_seconds": 600})
    sandbox.update_timeout({"max_lifetime_seconds": 900})
    data = sandbox.keepalive().data
    assert (data["idle_timeout_seconds"], data["max_lifetime_seconds"]) == (600, 900)
    assert data["idle_expires_at"]
    assert data["hard_expires_at"]


def test_a_rollback_restores_the_files_of_a_snapshot(client: NeevAI) -> None:
    sandbox = create_ready(client, name="web")
    write_file(sandbox, "first")
    snapshot = sandbox.snapshot({"name": "first", "retain_for": "720h"})
    assert snapshot.status is aiagent.SnapshotStatus.Pending
    write_file(sandbox, "second")
    settled = wait_for_snapshot(client, str(snapshot.id))
    assert (settled.size_bytes, settled.name, len(sandbox.snapshots())) == (5, "first", 1)
    assert sandbox.rollback(str(snapshot.id)).phase == "NotReady"
    sandbox.wait_until_ready(poll_interval_ms=POLL_MS)
    assert read_file(sandbox) == "first"


def test_restore_is_a_deprecated_alias_of_rollback(client: NeevAI, emulator: Emulator) -> None:
    sandbox = create_ready(client, name="web")
    snapshot = sandbox.snapshot()
    wait_for_snapshot(client, str(snapshot.id))
    path = f"/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}/sandboxes/web/restore"
    assert client.raw.request("POST", path, body={"snapshot_id": str(snapshot.id)})["phase"] == "NotReady"


def test_a_sandbox_can_be_created_from_a_snapshot(client: NeevAI) -> None:
    sandbox = create_ready(client, name="web", resources={"cpu": 2})
    write_file(sandbox, "first")
    snapshot = sandbox.snapshot()
    wait_for_snapshot(client, str(snapshot.id))
    restored = create_ready(client, name="copy", restore=snapshot.id)
    assert read_file(restored) == "first"
    assert restored.data["resources"]["cpu"] == 2


@pytest.mark.parametrize("name", ["restore", "from_snapshot"])
def test_a_create_from_a_snapshot_accepts_a_template_id(client: NeevAI, name: str) -> None:
    sandbox = create_ready(client, name="web", sandbox_template_id="sb-node-24")
    write_file(sandbox, "first")
    snapshot = sandbox.snapshot()
    wait_for_snapshot(client, str(snapshot.id))
    restored = create_ready(client, **{"sandbox_template_id": "sb-python-3-13", name: str(snapshot.id)})
    assert read_file(restored) == "first"
    assert (restored.data["sandbox_template_id"], restored.data["image"]) == ("sb-python-3-13", sandbox.data["image"])


def test_fields_without_a_value_are_omitted_instead_of_null(client: NeevAI, emulator: Emulator) -> None:
    sandbox = create_ready(client, name="web")
    snapshot = sandbox.snapshot()
    base = f"/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
    assert "command" not in client.raw.request("GET", f"{base}/sandboxes/web")
    assert "name" not in client.raw.request("GET", f"{base}/snapshots/{snapshot.id}")
    assert "config_schema" not in client.raw.request("GET", "/api/v1beta1/agent-templates/ag-batch-runner")
    with close_connection_after(sandbox):
        sandbox.exec(["true"])
        sandbox.files.exists("page.txt")
    ran, upload = (client.raw.request("GET", f"{base}/sandboxes/web/audit")["records"][at] for at in (-1, 0))
    assert (ran["command"], "target" in ran, "command" in upload, upload["target"]) == (
        "true",
        False,
        False,
        "page.txt",
    )


def test_a_fork_copies_the_files_and_env_of_a_running_source(client: NeevAI) -> None:
    sandbox = create_ready(client, name="web", env=[{"name": "COLOUR", "value": "blue"}])
    write_file(sandbox, "live")
    fork = sandbox.fork("copy")
    assert (fork.phase, sandbox.refresh().phase) == ("Pending", "Ready")
    fork.wait_until_ready(poll_interval_ms=POLL_MS)
    write_file(fork, "changed")
    assert read_file(sandbox) == "live"
    with close_connection_after(fork):
        assert fork.exec(["sh", "-c", "echo $COLOUR"]).stdout == "blue\n"


def test_deleting_a_sandbox_deletes_its_snapshots(client: NeevAI) -> None:
    sandbox = create_ready(client, name="web")
    snapshot = sandbox.snapshot()
    sandbox.delete()
    assert sandbox.refresh().phase == "Terminating"
    wait_until_gone(lambda: client.sandboxes.get("web"))
    wait_until_gone(lambda: client.sandboxes.get_snapshot(snapshot.id))


def test_reading_a_deleted_snapshot_raises_not_found(client: NeevAI) -> None:
    snapshot = create_ready(client, name="web").snapshot()
    client.sandboxes.delete_snapshot(snapshot.id)
    with pytest.raises(NotFoundError):
        client.sandboxes.get_snapshot(snapshot.id)
