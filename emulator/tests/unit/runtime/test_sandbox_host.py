"""The host of a sandbox: its processes, their usage, and copies of its workspace."""

from pathlib import Path

import pytest

from helpers.runtime_harness import (
    ManualClock,
    count_open_descriptors,
    is_gone,
    read_state,
    spawn_unrunnable,
    wait_until,
)
from neev_emulator.runtime import ProcessDefinition, RuntimeApiError, SandboxHost
from neev_emulator.runtime.process import ManagedProcess

DAEMON = 'setsid sh -c "echo \\$\\$ > pid.new; mv pid.new pid; exec sleep 60" >/dev/null 2>&1 &'


def spawn_shell(host: SandboxHost, script: str) -> ManagedProcess:
    return host.spawn("sh", ["-c", script], env={})


async def read_output(process: ManagedProcess) -> str:
    return b"".join([data async for _, data in process.read_output()]).decode()


async def spawn_daemon(host: SandboxHost) -> int:
    """Start a process that leaves its group, its session and its parent."""
    await spawn_shell(host, DAEMON).wait()
    await wait_until((host.workspace / "pid").exists)
    return int((host.workspace / "pid").read_text())


async def test_a_process_has_only_the_environment_of_the_sandbox(
    host: SandboxHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEEV_API_KEY", "secret")
    variables = dict(line.split("=", 1) for line in (await read_output(spawn_shell(host, "exec env"))).splitlines())
    assert variables["HOME"] == variables["PWD"] == str(host.workspace)
    assert variables["GREETING"] == "hello"
    known = {"PATH", "HOME", "LANG", "GREETING", "NEEV_SANDBOX_DIRECTORY"}
    assert variables.keys() - known <= {"PWD", "OLDPWD", "SHLVL", "_"}


async def test_a_request_cannot_override_the_variable_that_marks_its_processes(host: SandboxHost) -> None:
    process = host.spawn("sleep", ["60"], env={"NEEV_SANDBOX_DIRECTORY": "/elsewhere"})
    assert host.measure_usage().process_count == 1
    await host.stop()
    assert process.exit_code == 137


async def test_a_program_in_the_workspace_is_executed_by_its_workspace_path(host: SandboxHost) -> None:
    host.files.write("tools/hello", b"#!/bin/sh\necho hi $1\n")
    (host.workspace / "tools" / "hello").chmod(0o755)
    assert await read_output(host.spawn("/workspace/tools/hello", ["you"], env={})) == "hi you\n"
    assert await read_output(host.spawn("./hello", ["me"], cwd="tools", env={})) == "hi me\n"


@pytest.mark.parametrize(
    ("program", "cwd", "reason"),
    [
        ("no-such-program", None, "not_found"),
        ("true", "missing", "not_found"),
        ("true", "..", "permission_denied"),
        ("true", "file", "failed_precondition"),
        ("./file", None, "permission_denied"),
        ("./text", None, "failed_precondition"),
    ],
)
async def test_a_program_that_cannot_be_executed_is_rejected(
    host: SandboxHost, program: str, cwd: str | None, reason: str
) -> None:
    assert spawn_unrunnable(host, program, cwd) == reason
    assert host.measure_usage().process_count == 0


async def test_arguments_over_the_system_limit_are_rejected(host: SandboxHost) -> None:
    with pytest.raises(RuntimeApiError) as caught:
        host.spawn("true", ["x" * (1 << 20)], env={})
    assert caught.value.reason_code == "invalid_argument"


async def test_a_rejected_start_leaves_no_file_descriptor_open(host: SandboxHost) -> None:
    before = count_open_descriptors()
    for _ in range(3):
        with pytest.raises(RuntimeApiError):
            host.spawn("no-such-program", [], env={}, stdin=b"x")
    process = host.spawn("true", [], env={})
    await read_output(process)
    assert count_open_descriptors() == before


async def test_pause_stops_all_processes_until_resume(host: SandboxHost) -> None:
    process, daemon = spawn_shell(host, "sleep 60"), await spawn_daemon(host)
    await host.pause()
    await wait_until(lambda: read_state(process.pid) == read_state(daemon) == "T")
    await host.resume()
    await wait_until(lambda: read_state(process.pid) == read_state(daemon) == "S")


async def test_stop_kills_paused_and_daemonized_processes(host: SandboxHost) -> None:
    process, daemon = spawn_shell(host, "trap '' TERM; sleep 60"), await spawn_daemon(host)
    supervised = host.processes.add(ProcessDefinition("id", 0, "sh"), spawn_shell(host, "sleep 60"))
    await host.pause()
    await host.stop()
    assert is_gone(process.pid)
    assert is_gone(daemon)
    assert supervised.status()["exit_code"] == 137
    assert host.measure_usage().process_count == 0
    process.close()


async def test_processes_of_a_killed_emulator_are_found_and_stopped(
    host: SandboxHost, tmp_path: Path, clock: ManualClock
) -> None:
    daemon = await spawn_daemon(host)
    reopened = SandboxHost(tmp_path / "sandbox", env={}, now=clock)
    assert reopened.measure_usage().process_count == 1
    await reopened.stop()
    assert is_gone(daemon)


async def test_sandboxes_do_not_count_or_stop_the_processes_of_others(
    host: SandboxHost, tmp_path: Path, clock: ManualClock
) -> None:
    process = spawn_shell(host, "sleep 60")
    other = SandboxHost(tmp_path / "sandbo", env={}, now=clock)
    other._idle_spawn_count = -1
    assert other.measure_usage().process_count == 0
    await other.stop()
    assert not is_gone(process.pid)
    process.close()


async def test_usage_includes_memory_disk_and_process_count(host: SandboxHost) -> None:
    idle = host.measure_usage()
    assert (idle.memory_bytes, idle.disk_bytes, idle.process_count) == (0, 0, 0)
    host.files.write("a/b", b"x" * 1000)
    process = spawn_shell(host, "sleep 60 & sleep 60")
    await wait_until(lambda: host.measure_usage().process_count == 3)
    used = host.measure_usage()
    assert used.memory_bytes > 100_000
    assert used.disk_bytes == 1000
    process.close()


async def test_the_cpu_time_of_an_exited_command_is_counted_once(host: SandboxHost) -> None:
    host.measure_usage()
    process = spawn_shell(host, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")
    await read_output(process)
    assert host.measure_usage().cpu_cores > 0
    assert host.measure_usage().cpu_cores == 0


async def test_a_workspace_is_copied_and_restored(host: SandboxHost, tmp_path: Path) -> None:
    host.files.write("kept", b"1")
    (host.workspace / "link").symlink_to("kept")
    host.copy_to(tmp_path / "snapshots" / "one")
    host.files.write("kept", b"2")
    host.files.write("later", b"")
    host.restore_from(tmp_path / "snapshots" / "one")
    assert [entry["path"] for entry in host.files.list_entries(".")] == ["kept", "link"]
    assert (host.workspace / "link").read_bytes() == b"1"
    assert sorted(entry.name for entry in host.workspace.parent.iterdir()) == ["workspace"]


async def test_a_failed_restore_does_not_change_the_workspace(host: SandboxHost, tmp_path: Path) -> None:
    host.files.write("kept", b"1")
    with pytest.raises(FileNotFoundError):
        host.restore_from(tmp_path / "none")
    assert host.files.exists("kept")


async def test_an_interrupted_restore_is_reverted_at_the_next_start(
    host: SandboxHost, tmp_path: Path, clock: ManualClock
) -> None:
    host.files.write("kept", b"1")
    host.workspace.rename(host.workspace.parent / "replaced")
    (host.workspace.parent / "incoming").mkdir()
    reopened = SandboxHost(tmp_path / "sandbox", env={}, now=clock)
    assert reopened.files.exists("kept")
    reopened.copy_to(tmp_path / "copy")
    reopened.restore_from(tmp_path / "copy")
    assert reopened.files.exists("kept")


async def test_temporary_files_of_a_killed_emulator_are_deleted(
    host: SandboxHost, tmp_path: Path, clock: ManualClock
) -> None:
    directory = host.workspace.parent
    (directory / "trash-x" / "0" / "deep").mkdir(parents=True)
    (directory / "write-x").write_bytes(b"half of i")
    host.files.write("page", b"whole")
    SandboxHost(tmp_path / "sandbox", env={}, now=clock)
    assert [path.name for path in directory.iterdir()] == ["workspace"]
    assert (host.workspace / "page").read_bytes() == b"whole"


async def test_the_host_is_active_while_an_operation_runs(host: SandboxHost, clock: ManualClock) -> None:
    started_at = clock.seconds
    clock.seconds += 100
    assert host.touched_at == started_at
    with host.record_operation("exec"):
        assert host.touched_at == started_at + 100
    assert [record.tool for record in host.audit] == ["exec"]


async def test_a_sandbox_without_processes_does_not_scan_the_process_list(tmp_path: Path, clock: ManualClock) -> None:
    fresh = SandboxHost(tmp_path / "fresh", env={}, now=clock)
    assert fresh._idle_spawn_count == fresh._spawn_count == 0
