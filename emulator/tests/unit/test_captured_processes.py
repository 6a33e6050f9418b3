"""Supervised processes in snapshots, forks and rollbacks: they are restarted."""

from typing import Any

from helpers.emulator_harness import ApiDriver, require_success
from helpers.runtime_harness import read_state, wait_until
from neev_emulator import Backend
from neev_emulator.runtime import SandboxHost
from neev_emulator.state.records import SnapshotRecord

SERVICE = 'read line; echo "$line $COLOR" >> starts; exec sleep 60'


async def call(api: ApiDriver, sandbox: str, path: str, **body: Any) -> dict[str, Any]:
    key = (await api.read(f"/sandboxes/{sandbox}"))["id"]
    headers = {"x-sandbox-id": key}
    return require_success(await api.client.post(f"/sandboxes-runtime/v1{path}", headers=headers, json=body))


async def start(api: ApiDriver, script: str, **body: Any) -> dict[str, Any]:
    return await call(api, "web", "/processes/start", program="sh", args=["-c", script], **body)


async def list_processes(api: ApiDriver, sandbox: str) -> list[dict[str, Any]]:
    processes: list[dict[str, Any]] = (await call(api, sandbox, "/processes/list"))["processes"]
    return processes


def find_host(backend: Backend, sandbox: str) -> SandboxHost:
    return backend.storage.host(backend.sandboxes.find(backend.project_ids[0], sandbox))


async def wait_for_starts(backend: Backend, sandbox: str, count: int) -> list[str]:
    """Wait for this number of starts; return the line that the service wrote at each one."""
    path = find_host(backend, sandbox).workspace / "starts"

    def read_lines() -> list[str]:
        return path.read_text().splitlines() if path.exists() else []

    await wait_until(lambda: len(read_lines()) == count)
    return read_lines()


async def create_snapshot(api: ApiDriver, backend: Backend) -> str:
    snapshot = await api.create("/sandboxes/web/snapshots")
    backend.advance(5)
    return str(snapshot["id"])


async def test_a_fork_starts_the_running_processes_of_its_source(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    service = await start(api, SERVICE, env=["COLOR=blue"], stdin="up\n")
    await wait_for_starts(backend, "web", 1)
    ended = await start(api, "true")
    await call(api, "web", "/processes/get", process_id=ended["process_id"], wait=True)
    await api.create("/sandboxes/web/fork", name="copy")
    backend.advance(20)
    assert await list_processes(api, "copy") == [service]
    assert await wait_for_starts(backend, "copy", 2) == ["up blue", "up blue"]
    assert await wait_for_starts(backend, "web", 1) == ["up blue"]


async def test_a_restored_sandbox_starts_the_processes_of_the_snapshot(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    service = await start(api, SERVICE, stdin="up\n")
    await wait_for_starts(backend, "web", 1)
    snapshot = await create_snapshot(api, backend)
    await call(api, "web", "/processes/kill-all", signal=9)
    await api.create(name="restored", restore=snapshot)
    backend.advance(10)
    assert await list_processes(api, "restored") == [service]
    await wait_for_starts(backend, "restored", 2)


async def test_a_rollback_replaces_the_processes_with_those_of_the_snapshot(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    service = await start(api, SERVICE, stdin="up\n")
    await wait_for_starts(backend, "web", 1)
    snapshot = await create_snapshot(api, backend)
    await start(api, "exec sleep 60")
    await api.create("/sandboxes/web/rollback", snapshot_id=snapshot)
    backend.advance(5)
    assert await list_processes(api, "web") == [service]
    await wait_for_starts(backend, "web", 2)


async def test_a_rollback_of_a_paused_sandbox_starts_processes_when_it_is_resumed(
    api: ApiDriver, backend: Backend
) -> None:
    await api.create_ready(name="web")
    service = await start(api, SERVICE, stdin="up\n")
    await wait_for_starts(backend, "web", 1)
    snapshot = await create_snapshot(api, backend)
    await api.create("/sandboxes/web/pause")
    backend.advance(2)
    await api.create("/sandboxes/web/rollback", snapshot_id=snapshot)
    backend.advance(5)
    (stopped,) = find_host(backend, "web").processes.all()
    await wait_until(lambda: read_state(stopped.managed_process.pid) == "T")
    await api.create("/sandboxes/web/resume")
    backend.advance(3)
    assert await list_processes(api, "web") == [service]
    await wait_for_starts(backend, "web", 2)


async def test_a_process_that_cannot_be_started_in_a_fork_is_omitted(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await call(api, "web", "/exec", command="mkdir", args=["folder"])
    await start(api, "exec sleep 60", cwd="folder")
    await call(api, "web", "/exec", command="rmdir", args=["folder"])
    await api.create("/sandboxes/web/fork", name="copy")
    backend.advance(20)
    assert await list_processes(api, "copy") == []


async def test_the_processes_of_a_snapshot_are_stored(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    await start(api, "exec sleep 60", env=["COLOR=blue"], stdin="ä\n", cwd=".")
    record = backend.snapshots.find(backend.project_ids[0], await create_snapshot(api, backend))
    assert len(record.processes) == 1
    assert SnapshotRecord.model_validate_json(record.model_dump_json()) == record
