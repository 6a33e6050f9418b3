"""The state after the emulator was stopped or killed and started again with the same directory."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from helpers.emulator_harness import START, ApiDriver
from helpers.killed_emulator import open_runtime_client, start_killable, wait_until_ready
from neev_emulator import Backend, Clock, Durations, Settings, StoreError, create_app, serve
from neev_emulator.runtime import MountNamespaces

INSTANT_DURATIONS = Durations(create=0, addressable=0, snapshot_start=0, snapshot=0)


def test_acknowledged_changes_survive_a_kill(tmp_path: Path) -> None:
    with start_killable(tmp_path) as (process, client):
        client.post("/sandboxes", json={"name": "web", "env": [{"name": "A", "value": "b"}]})
        sandbox = wait_until_ready(client, "/sandboxes/web")
        with open_runtime_client(client, sandbox) as runtime:
            assert runtime.post("/files/write?path=kept.txt", content=b"kept").status_code == 200
        snapshot = client.post("/sandboxes/web/snapshots", json={"name": "one"}).json()
        port = client.post("/sandboxes/web/ports", json={"port": 80}).json()
        client.patch("/sandboxes/web", json={"resources": {"cpu": 4}})
        client.delete("/sandboxes/web/ports/81")
        process.send_signal(signal.SIGKILL)
        process.wait()
        key = client.headers["authorization"]
    with start_killable(tmp_path) as (_, client):
        assert client.headers["authorization"] == key
        reopened = wait_until_ready(client, "/sandboxes/web")
        assert (reopened["id"], reopened["resources"]) == (sandbox["id"], {**sandbox["resources"], "cpu": 4})
        assert client.get("/sandboxes/web/ports").json()["ports"][0]["slug"] == port["slug"]
        assert wait_until_ready(client, f"/snapshots/{snapshot['id']}", "status")["name"] == "one"
        with open_runtime_client(client, sandbox) as runtime:
            assert runtime.post("/files/read", json={"path": "kept.txt"}).content == b"kept"
            ran = runtime.post("/exec", json={"command": "sh", "args": ["-c", "test $A = b"]})
            assert '"exit_code":0' in ran.text.replace(" ", "")


def find_open_to_others(directory: Path) -> set[str]:
    """Return the paths of the emulator that other users can access."""
    paths = [directory, *directory.glob("*"), *directory.glob("files/*"), *directory.glob("files/*/*")]
    return {str(path.relative_to(directory)) for path in paths if path.stat().st_mode & 0o077}


def make_accessible(directory: Path) -> None:
    for item in [directory, *directory.glob("**/*")]:
        item.chmod(0o777)


async def fill(directory: Path) -> None:
    backend = Backend(Settings(durations=INSTANT_DURATIONS), data=directory)
    transport = httpx.ASGITransport(create_app(backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator") as http:
        http.headers["authorization"] = f"Bearer {backend.api_key}"
        api = ApiDriver(backend, http)
        sandbox = await api.create(name="web")
        headers = {"x-sandbox-id": sandbox["id"]}
        assert (await http.post("/sandboxes-runtime/v1/files/write?path=a", content=b"a", headers=headers)).is_success
        uploads = {**headers, "tus-resumable": "1.0.0", "upload-length": "9", "upload-metadata": "path Yg=="}
        assert (await http.post("/sandboxes-runtime/v1/files/uploads", headers=uploads)).is_success
        snapshot = await api.create("/sandboxes/web/snapshots")
        await api.create(name="copy", restore=snapshot["id"])
        await api.create("/sandboxes/web/fork", name="twin")
        assert find_open_to_others(directory) <= {".", "program.py"}
    await backend.close()


@pytest.mark.parametrize("kept", [True, False])
async def test_the_data_directory_is_not_accessible_by_other_users(tmp_path: Path, *, kept: bool) -> None:
    before = os.umask(0)
    try:
        await fill(tmp_path / "new" / "data")
        (tmp_path / "old").mkdir(mode=0o777)
        if kept:  # with the modes of an emulator without this protection
            await fill(tmp_path / "old")
            make_accessible(tmp_path / "old")
        await Backend(data=tmp_path / "old").close()
    finally:
        os.umask(before)
    assert find_open_to_others(tmp_path / "new" / "data") == set()
    assert {item for item in find_open_to_others(tmp_path / "old") if item.count("/") == 0} == set()


async def test_the_mode_of_a_directory_with_other_files_is_unchanged(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "program.py").touch()
    (tmp_path / "work").chmod(0o755)
    await fill(tmp_path / "work")
    assert find_open_to_others(tmp_path / "work") == {".", "program.py"}


def test_deleted_objects_do_not_exist_after_a_restart(tmp_path: Path) -> None:
    settings = Settings(durations=Durations(create=0, delete=0, snapshot_start=0, snapshot=0))
    for created, remaining in (("one", 1), ("two", 2)):
        with serve(settings, data=tmp_path) as emulator:
            base = f"{emulator.base_url}/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
            headers = {"authorization": f"Bearer {emulator.api_key}"}
            with httpx.Client(base_url=base, headers=headers, verify=False) as client:
                for name in (created, "gone"):
                    assert client.post("/sandboxes", json={"name": name}).status_code == 201
                    assert client.post(f"/sandboxes/{name}/snapshots").status_code == 202
                assert client.delete("/sandboxes/gone").status_code == 204
                assert client.get("/sandboxes").json()["total"] == remaining
    with serve(settings, data=tmp_path) as emulator:
        state = emulator.state()
        assert (state["sandboxes"], state["snapshots"]) == (2, 2)


def test_processes_of_a_killed_emulator_end_at_the_next_start(tmp_path: Path) -> None:
    with start_killable(tmp_path) as (process, client):
        client.post("/sandboxes", json={"name": "web"})
        sandbox = wait_until_ready(client, "/sandboxes/web")
        with open_runtime_client(client, sandbox) as runtime:
            command = {"command": "sh", "args": ["-c", "sleep 1000 >/dev/null 2>&1 & echo $! > pid"]}
            runtime.post("/exec", json=command)
            pid = int(runtime.post("/files/read", json={"path": "pid"}).text)
        os.kill(pid, 0)
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.kill(pid, 0)
    with start_killable(tmp_path) as (_, client):
        wait_until_ready(client, "/sandboxes/web")
        assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_the_key_and_the_clock_are_preserved_over_a_restart(tmp_path: Path) -> None:
    with serve(Settings(durations=INSTANT_DURATIONS), data=tmp_path) as emulator:
        emulator.advance(3600)
        first, before = emulator.api_key, emulator.state()["now"]
    with serve(data=tmp_path) as emulator:
        assert (emulator.api_key, emulator.state()["now"] > before) == (first, True)


async def test_a_second_backend_on_one_directory_raises_a_store_error(tmp_path: Path) -> None:
    backend = Backend(data=tmp_path)
    with pytest.raises(StoreError, match="in use"):
        Backend(data=tmp_path)
    await backend.close()
    await Backend(data=tmp_path).close()


async def test_orphaned_files_are_deleted_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "files" / "left-by-a-killed-fork").mkdir(parents=True)
    backend = Backend(data=tmp_path)
    await backend.open()
    assert list((tmp_path / "files").iterdir()) == []
    await backend.close()


async def test_the_temporary_directory_is_deleted_at_the_end() -> None:
    backend = Backend(clock=Clock(lambda: START))
    assert backend.directory.exists()
    await backend.close()
    assert not backend.directory.exists()


async def test_the_key_is_not_readable_by_other_users(tmp_path: Path) -> None:
    backend = Backend(data=tmp_path / "state")
    for private in (tmp_path / "state", tmp_path / "state" / "state.sqlite"):
        assert private.stat().st_mode & 0o077 == 0
    await backend.close()


def count_in_commands(text: str) -> int:
    """Return the number of processes with this text in their command line."""
    count = 0
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            count += text.encode() in command.read_bytes()
    return count


def test_the_mount_server_ends_with_a_killed_emulator(tmp_path: Path) -> None:
    probe = MountNamespaces(tmp_path)
    missing = probe.unavailable_reason
    probe.close()
    if missing:
        pytest.skip(missing)
    with start_killable(tmp_path / "data") as (process, client):
        client.post("/sandboxes", json={"name": "web"})
        with open_runtime_client(client, wait_until_ready(client, "/sandboxes/web")) as runtime:
            runtime.post("/exec", json={"command": "true"})
        before = count_in_commands("mount_server.py\0" + str(tmp_path / "data"))
        process.send_signal(signal.SIGKILL)
        process.wait()
    deadline = time.monotonic() + 30
    while count_in_commands("mount_server.py\0" + str(tmp_path / "data")):
        assert time.monotonic() < deadline
    assert before == 1


def test_an_invalid_state_file_raises_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").write_text("junk " * 1000)
    with pytest.raises(StoreError, match="is not the state of an emulator, or is corrupt"):
        Backend(data=tmp_path)
