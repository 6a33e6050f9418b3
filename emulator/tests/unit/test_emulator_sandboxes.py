"""Operations on sandboxes, with a manual clock."""

import pytest

from helpers.emulator_harness import ApiDriver, require_success
from neev_emulator import Backend

pytestmark = pytest.mark.parametrize("backend", ["0.9", "0.8"], indirect=True)

DISKLESS = "docker.io/library/alpine:3.22"


async def read_phase(api: ApiDriver, name: str) -> str:
    return str((await api.read(f"/sandboxes/{name}"))["phase"])


async def test_a_new_sandbox_is_ready_and_then_addressable_after_the_set_durations(
    api: ApiDriver, backend: Backend
) -> None:
    await api.create(name="web")
    backend.advance(9.9)
    assert await read_phase(api, "web") == "Pending"
    backend.advance(0.1)
    almost = await api.read("/sandboxes/web")
    assert (almost["phase"], almost["addressable"], almost["connect_url"]) == (
        "Ready",
        False,
        "http://emulator/sandboxes-runtime",
    )
    backend.advance(1)
    assert (await api.read("/sandboxes/web"))["addressable"] is True


async def test_a_fork_is_ready_after_the_fork_duration(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    require_success(await api.send("POST", "/sandboxes/web/fork", {"name": "copy"}))
    backend.advance(19.9)
    assert await read_phase(api, "copy") == "Pending"
    backend.advance(0.1)
    assert await read_phase(api, "copy") == "Ready"


async def test_a_fork_inherits_resources_egress_and_timeouts_but_no_ports(api: ApiDriver) -> None:
    egress = {"mode": "allow_list", "allow_internet": False, "allow": [{"host": "pypi.org"}]}
    lifecycle = {"idle_timeout_seconds": 50, "on_idle": "delete"}
    source = await api.create_ready(name="web", resources={"cpu": 4}, egress=egress, lifecycle=lifecycle)
    await api.create("/sandboxes/web/ports", port=80)
    fork = await api.create("/sandboxes/web/fork", name="copy")
    for inherited in ("resources", "egress", "idle_timeout_seconds", "on_idle", "image", "region"):
        assert fork[inherited] == source[inherited]
    assert (await api.read("/sandboxes/copy/ports"))["ports"] == []


async def test_pause_and_resume_complete_after_their_durations(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    pausing = await api.create("/sandboxes/web/pause")
    assert pausing["phase"] == "Pausing"
    backend.advance(2)
    assert await read_phase(api, "web") == "Paused"
    resuming = await api.create("/sandboxes/web/resume")
    assert resuming["phase"] == "Resuming"
    backend.advance(3)
    assert await read_phase(api, "web") == "Ready"


async def test_pause_of_a_paused_and_resume_of_a_ready_sandbox_change_nothing(api: ApiDriver, backend: Backend) -> None:
    running = await api.create_ready(name="web")
    assert await api.create("/sandboxes/web/resume") == running
    await api.create("/sandboxes/web/pause")
    backend.advance(2)
    paused = await api.read("/sandboxes/web")
    backend.advance(1)
    assert await api.create("/sandboxes/web/pause") == paused


async def test_a_sandbox_is_not_ready_during_a_rollback(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    snapshot = await api.create("/sandboxes/web/snapshots")
    backend.advance(5)
    rolling = await api.create("/sandboxes/web/rollback", snapshot_id=snapshot["id"])
    assert rolling["phase"] == "NotReady"
    backend.advance(5)
    assert await read_phase(api, "web") == "Ready"


async def test_a_rollback_of_a_paused_sandbox_leaves_it_paused(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    snapshot = await api.create("/sandboxes/web/snapshots")
    await api.create("/sandboxes/web/pause")
    backend.advance(5)
    await api.create("/sandboxes/web/rollback", snapshot_id=snapshot["id"])
    backend.advance(5)
    assert await read_phase(api, "web") == "Paused"


async def test_a_rollback_to_a_pending_snapshot_is_rejected(api: ApiDriver) -> None:
    await api.create_ready(name="web")
    snapshot = await api.create("/sandboxes/web/snapshots")
    status, code, message = await api.send_refused("POST", "/sandboxes/web/rollback", {"snapshot_id": snapshot["id"]})
    assert (status, code) == (409, "conflict")
    assert "Pending" in message


async def test_the_name_of_a_terminating_sandbox_is_in_use_until_it_is_deleted(
    api: ApiDriver, backend: Backend
) -> None:
    await api.create_ready(name="web")
    assert (await api.send("DELETE", "/sandboxes/web")).status_code == 204
    assert await read_phase(api, "web") == "Terminating"
    assert (await api.send_refused("POST", "/sandboxes", {"name": "web"}))[:2] == (409, "conflict")
    backend.advance(6)
    assert (await api.send_refused("GET", "/sandboxes/web"))[:2] == (404, "not_found")
    await api.create(name="web")


async def test_a_second_delete_is_accepted_and_does_not_extend_the_first(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await api.send("DELETE", "/sandboxes/web")
    backend.advance(5)
    assert (await api.send("DELETE", "/sandboxes/web")).status_code == 204
    backend.advance(1)
    assert (await api.send("DELETE", "/sandboxes/web")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"resources": {"cpu": 2}}),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("POST", "/keepalive", None),
        ("PUT", "/timeout", {"idle_timeout_seconds": 1}),
        ("POST", "/fork", {"name": "copy"}),
        ("POST", "/snapshots", {}),
        ("POST", "/ports", {"port": 80}),
        ("DELETE", "/ports/80", None),
    ],
)
async def test_operations_on_a_terminating_sandbox_return_a_conflict(
    api: ApiDriver, method: str, path: str, body: object
) -> None:
    await api.create_ready(name="web")
    await api.send("DELETE", "/sandboxes/web")
    assert (await api.send_refused(method, f"/sandboxes/web{path}", body))[:2] == (409, "conflict")


async def test_the_sandbox_of_an_agent_is_deleted_only_with_the_agent(api: ApiDriver, backend: Backend) -> None:
    agent = await api.create("/agents", name="coder", agent_template="claude-code")
    status, code, message = await api.send_refused("DELETE", f"/sandboxes/{agent['sandbox_id']}")
    assert (status, code) == (409, "conflict")
    assert "coder" in message
    await api.send("DELETE", "/agents/coder")
    backend.advance(6)
    assert (await api.send_refused("GET", f"/sandboxes/{agent['sandbox_id']}"))[0] == 404
    assert (await api.send_refused("GET", "/agents/coder"))[0] == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Web"}, "name"),
        ({"name": "9web"}, "name"),
        ({"name": "web-"}, "name"),
        ({"name": "web\n"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "w" * 64}, "name"),
        ({"name": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"}, "name"),
        ({"region": "mars"}, "region"),
        ({"resources": {"cpu": 0.7}}, "resources.cpu"),
        ({"resources": {"cpu": 8.5}}, "resources.cpu"),
        ({"resources": {"cpu": "2"}}, "resources.cpu"),
        ({"resources": {"memory_gb": 17}}, "resources.memory_gb"),
        ({"resources": {"memory_gb": 1.0}}, "resources.memory_gb"),
        ({"resources": {"disk_gb": 15}}, "resources.disk_gb"),
        ({"resources": {"disk_gb": 10, "rootfs_disk_gb": 10}}, "resources.rootfs_disk_gb"),
        ({"egress": {"mode": "open"}}, "egress.mode"),
        ({"egress": {"modes": "deny_all"}}, "egress.modes"),
        ({"egress": {"allow": [{"host": "pypi.org", "port": 443}]}}, "egress.allow[0].port"),
        ({"egress": {"allow": [{"host": "not a host"}]}}, "egress.allow[0].host"),
        ({"egress": {"allow": [{"host": "pypi.org", "ports": [0]}]}}, "egress.allow[0].ports[0]"),
        ({"egress": {"allow": [{"host": "pypi.org", "protocol": "ICMP"}]}}, "egress.allow[0].protocol"),
        ({"env": [{"name": "A=B", "value": ""}]}, "env[0].name"),
        ({"env": [{"name": "A", "value": "\0"}]}, "env[0].value"),
        ({"image": "python:3.13"}, "image"),
        ({"image": "docker.io/library/python"}, "image"),
        ({"image": f"docker.io/{'x' * 512}:1"}, "image"),
        ({"sandbox_template_id": "ubuntu"}, "sandbox_template_id"),
        ({"sandbox_template_id": "sb-nothing"}, "sandbox_template_id"),
        ({"sandbox_template_id": "sb-ubuntu-22-04-minimal"}, "sandbox_template_id"),
        ({"restore": "latest"}, "restore"),
        ({"lifecycle": {"idle_timeout_seconds": -1}}, "lifecycle.idle_timeout_seconds"),
        ({"lifecycle": {"on_idle": "stop"}}, "lifecycle.on_idle"),
        ({"image": DISKLESS, "sandbox_template_id": "sb-node-24"}, "image may not be combined"),
        ({"image": DISKLESS, "from_snapshot": "1" * 32}, "image may not be combined"),
        ({"sandbox_template_id": "sb-node-24", "command": ["ls"]}, "command"),
        ({"restore": "0" * 32, "from_snapshot": "1" * 32}, "restore and from_snapshot"),
    ],
)
async def test_the_error_for_an_invalid_sandbox_names_the_field(
    api: ApiDriver, body: dict[str, object], field: str
) -> None:
    status, code, message = await api.send_refused("POST", "/sandboxes", body)
    assert (status, code) == (400, "validation_error")
    assert message.startswith(field)
    assert (await api.read("/sandboxes"))["total"] == 0


async def test_a_sandbox_can_be_created_from_a_deprecated_template(api: ApiDriver) -> None:
    created = await api.create(sandbox_template_id="sb-ubuntu-24-04-minimal")
    assert created["sandbox_template_id"] == "sb-ubuntu-24-04-minimal"


async def test_the_default_command_of_a_custom_image_is_sleep_infinity(api: ApiDriver) -> None:
    created = await api.create(image=DISKLESS)
    assert (created["image"], created["command"], created["sandbox_template_id"]) == (
        DISKLESS,
        ["sleep", "infinity"],
        None,
    )


async def test_the_default_rootfs_size_is_a_fifth_of_the_disk_but_at_least_4_gb(api: ApiDriver) -> None:
    small, large = await api.create(), await api.create(resources={"disk_gb": 100})
    assert (small["resources"]["rootfs_disk_gb"], large["resources"]["rootfs_disk_gb"]) == (4, 20)


async def test_a_restored_sandbox_must_have_the_resources_and_region_of_its_source(
    api: ApiDriver, backend: Backend
) -> None:
    await api.create_ready(name="web", region="dev", resources={"cpu": 2})
    snapshot = (await api.create("/sandboxes/web/snapshots"))["id"]
    assert (await api.send_refused("POST", "/sandboxes", {"restore": snapshot}))[:2] == (409, "conflict")
    backend.advance(5)
    restored = await api.create(restore=snapshot)
    assert (restored["region"], restored["resources"]["cpu"]) == ("dev", 2)
    await api.create(from_snapshot=snapshot, region="dev", resources={"cpu": 2, "disk_gb": 10})
    for mismatch in ({"resources": {"cpu": 1}}, {"region": "as-south-1"}):
        field = next(iter(mismatch))
        status, code, message = await api.send_refused("POST", "/sandboxes", {"restore": snapshot, **mismatch})
        assert (status, code) == (400, "validation_error")
        assert message.startswith(field)


async def test_a_snapshot_of_another_project_is_not_found(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    snapshot = (await api.create("/sandboxes/web/snapshots"))["id"]
    backend.advance(5)
    other = ApiDriver(backend, api.client)
    other.project = api.project.replace(backend.project_ids[0], backend.project_ids[1])
    assert (await other.send_refused("POST", "/sandboxes", {"restore": snapshot}))[:2] == (404, "not_found")
    assert (await other.send_refused("GET", f"/snapshots/{snapshot}"))[:2] == (404, "not_found")
    await other.create(name="web")


async def test_an_update_of_the_disk_size_is_rejected_unless_it_is_unchanged(api: ApiDriver) -> None:
    await api.create_ready(name="web")
    same = {"resources": {"cpu": 0.5, "disk_gb": 10, "rootfs_disk_gb": 4}}
    assert require_success(await api.send("PATCH", "/sandboxes/web", same))["resources"]["cpu"] == 0.5
    for disk, size in (("disk_gb", 20), ("rootfs_disk_gb", 5)):
        status, code, message = await api.send_refused("PATCH", "/sandboxes/web", {"resources": {disk: size}})
        assert (status, code) == (400, "validation_error")
        assert message.startswith(f"resources.{disk}")


async def test_a_paused_sandbox_can_be_resized(api: ApiDriver) -> None:
    await api.create_ready(name="web")
    await api.create("/sandboxes/web/pause")
    resized = require_success(await api.send("PATCH", "/sandboxes/web", {"resources": {"memory_gb": 8}}))
    assert resized["resources"]["memory_gb"] == 8


@pytest.mark.parametrize(
    "body", [{}, {"resources": None}, {"name": "other", "resources": {"cpu": 1}}, {"egress": {}, "egress_add": None}]
)
async def test_an_update_is_rejected_if_it_is_empty_or_has_unknown_fields(
    api: ApiDriver, body: dict[str, object]
) -> None:
    await api.create_ready(name="web")
    acceptable = body.get("egress") is not None
    assert (await api.send("PATCH", "/sandboxes/web", body)).status_code == (200 if acceptable else 400)


async def test_allow_list_edits_remove_hosts_first_and_replace_existing_hosts(api: ApiDriver) -> None:
    rules = [{"host": "a.example"}, {"host": "b.example", "ports": [80]}]
    await api.create_ready(name="web", egress={"mode": "allow_list", "allow": rules})
    edit = {
        "egress_remove": {"allow": [{"host": "a.example"}, {"host": "nobody.example"}]},
        "egress_add": {"allow": [{"host": "B.example", "ports": [443]}, {"host": "10.0.0.0/8", "protocol": "UDP"}]},
    }
    changed = require_success(await api.send("PATCH", "/sandboxes/web", edit))
    assert changed["egress"]["allow"] == [
        {"host": "B.example", "ports": [443]},
        {"host": "10.0.0.0/8", "protocol": "UDP"},
    ]


async def test_allow_list_edits_are_rejected_without_an_allow_list_or_with_egress(api: ApiDriver) -> None:
    await api.create_ready(name="web")
    add = {"egress_add": {"allow": [{"host": "a.example"}]}}
    assert (await api.send_refused("PATCH", "/sandboxes/web", add))[:2] == (409, "conflict")
    both = {**add, "egress": {"mode": "allow_list"}}
    assert (await api.send_refused("PATCH", "/sandboxes/web", both))[:2] == (400, "validation_error")
    none: dict[str, object] = {"egress_add": {"allow": []}}
    assert (await api.send_refused("PATCH", "/sandboxes/web", none))[:2] == (400, "validation_error")


async def test_a_null_timeout_is_unchanged_and_zero_removes_the_limit(api: ApiDriver) -> None:
    await api.create_ready(name="web", lifecycle={"idle_timeout_seconds": 50, "max_lifetime_seconds": 90})
    change = {"idle_timeout_seconds": None, "max_lifetime_seconds": 0, "on_idle": None}
    changed = require_success(await api.send("PUT", "/sandboxes/web/timeout", change))
    assert (changed["idle_timeout_seconds"], changed["max_lifetime_seconds"]) == (50, 0)
    assert (changed["hard_expires_at"], changed["on_idle"]) == (None, "pause")


async def test_creates_over_the_quota_are_rejected_until_a_delete_completes(api: ApiDriver, backend: Backend) -> None:
    backend.change_settings(
        backend.settings.model_copy(update={"sandbox_quota": 1, "agent_quota": 0, "quota_scope": "organization"})
    )
    await api.create_ready(name="web")
    refusal = await api.send("POST", "/sandboxes/web/fork", {"name": "copy"})
    assert (refusal.status_code, refusal.json()["code"]) == (403, "sandbox_quota_exceeded")
    assert refusal.json()["scope"] == "organization"
    agent = {"name": "coder", "agent_template": "claude-code"}
    assert (await api.send_refused("POST", "/agents", agent))[:2] == (403, "agent_quota_exceeded")
    await api.send("DELETE", "/sandboxes/web")
    backend.advance(6)
    await api.create(name="web")
