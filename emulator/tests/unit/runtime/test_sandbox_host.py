"""The files and the processes of a sandbox are its own, and end with it."""

from pathlib import Path

import pytest

from helpers.runtime_harness import Clock, eventually, gone, open_descriptors, state
from neev_emulator.runtime import Computer, RuntimeFailure
from neev_emulator.runtime.process import Child

DAEMON = 'setsid sh -c "echo \\$\\$ > pid.new; mv pid.new pid; exec sleep 60" >/dev/null 2>&1 &'


def run(computer: Computer, script: str) -> Child:
    return computer.spawn("sh", ["-c", script], env={})


async def said(child: Child) -> str:
    return b"".join([data async for _, data in child.output()]).decode()


async def daemon(computer: Computer) -> int:
    """A process that has left its group, its session and its parent."""
    await run(computer, DAEMON).wait()
    await eventually((computer.workspace / "pid").exists)
    return int((computer.workspace / "pid").read_text())


async def test_a_process_has_the_environment_of_the_sandbox_and_nothing_of_the_emulator(
    computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEEV_API_KEY", "secret")
    variables = dict(line.split("=", 1) for line in (await said(run(computer, "exec env"))).splitlines())
    assert variables["HOME"] == variables["PWD"] == str(computer.workspace)
    assert variables["GREETING"] == "hello"
    known = {"PATH", "HOME", "LANG", "GREETING", "NEEV_SANDBOX_DIRECTORY"}
    assert variables.keys() - known <= {"PWD", "OLDPWD", "SHLVL", "_"}


async def test_a_request_cannot_hide_its_processes(computer: Computer) -> None:
    child = computer.spawn("sleep", ["60"], env={"NEEV_SANDBOX_DIRECTORY": "/elsewhere"})
    assert computer.usage().process_count == 1
    await computer.stop()
    assert child.exit_code == 137


async def test_a_program_of_the_workspace_is_run_by_the_path_that_callers_know(computer: Computer) -> None:
    computer.files.write("tools/hello", b"#!/bin/sh\necho hi $1\n")
    (computer.workspace / "tools" / "hello").chmod(0o755)
    assert await said(computer.spawn("/workspace/tools/hello", ["you"], env={})) == "hi you\n"
    assert await said(computer.spawn("./hello", ["me"], cwd="tools", env={})) == "hi me\n"


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
async def test_what_cannot_be_run_is_refused(computer: Computer, program: str, cwd: str | None, reason: str) -> None:
    computer.files.write("file", b"")
    computer.files.write("text", b"\x01\x02")
    (computer.workspace / "text").chmod(0o755)
    with pytest.raises(RuntimeFailure) as caught:
        computer.spawn(program, [], cwd=cwd, env={})
    assert caught.value.reason_code == reason
    assert computer.usage().process_count == 0


async def test_arguments_beyond_what_the_system_takes_are_refused(computer: Computer) -> None:
    with pytest.raises(RuntimeFailure) as caught:
        computer.spawn("true", ["x" * (1 << 20)], env={})
    assert caught.value.reason_code == "invalid_argument"


async def test_a_refused_start_leaves_no_descriptor_open(computer: Computer) -> None:
    before = open_descriptors()
    for _ in range(3):
        with pytest.raises(RuntimeFailure):
            computer.spawn("no-such-program", [], env={}, stdin=b"x")
    child = computer.spawn("true", [], env={})
    await said(child)
    assert open_descriptors() == before


async def test_paused_processes_stand_still_until_they_are_resumed(computer: Computer) -> None:
    child, wandered = run(computer, "sleep 60"), await daemon(computer)
    await computer.pause()
    await eventually(lambda: state(child.pid) == state(wandered) == "T")
    await computer.resume()
    await eventually(lambda: state(child.pid) == state(wandered) == "S")


async def test_stopping_ends_every_process_even_paused_ones_and_those_that_wandered_off(computer: Computer) -> None:
    child, wandered = run(computer, "trap '' TERM; sleep 60"), await daemon(computer)
    supervised = computer.processes.add(run(computer, "sleep 60"), name="sh", args=[], cwd=None)
    await computer.pause()
    await computer.stop()
    assert gone(child.pid)
    assert gone(wandered)
    assert supervised.status()["exit_code"] == 137
    assert computer.usage().process_count == 0
    child.close()


async def test_processes_that_an_emulator_left_when_it_was_killed_are_found(
    computer: Computer, tmp_path: Path, clock: Clock
) -> None:
    wandered = await daemon(computer)
    again = Computer(tmp_path / "sandbox", env={}, now=clock)
    assert again.usage().process_count == 1
    await again.stop()
    assert gone(wandered)


async def test_sandboxes_do_not_count_or_stop_the_processes_of_others(
    computer: Computer, tmp_path: Path, clock: Clock
) -> None:
    child = run(computer, "sleep 60")
    other = Computer(tmp_path / "sandbo", env={}, now=clock)
    other._known_quiet_at = -1
    assert other.usage().process_count == 0
    await other.stop()
    assert not gone(child.pid)
    child.close()


async def test_usage_is_what_processes_and_files_use(computer: Computer) -> None:
    idle = computer.usage()
    assert (idle.memory_bytes, idle.disk_bytes, idle.process_count) == (0, 0, 0)
    computer.files.write("a/b", b"x" * 1000)
    child = run(computer, "sleep 60 & sleep 60")
    await eventually(lambda: computer.usage().process_count == 3)
    used = computer.usage()
    assert used.memory_bytes > 100_000
    assert used.disk_bytes == 1000
    child.close()


async def test_the_processor_time_of_a_command_that_has_ended_counts_once(computer: Computer) -> None:
    computer.usage()
    child = run(computer, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")
    await said(child)
    assert computer.usage().cpu_cores > 0
    assert computer.usage().cpu_cores == 0


async def test_a_workspace_is_copied_and_put_back(computer: Computer, tmp_path: Path) -> None:
    computer.files.write("kept", b"1")
    (computer.workspace / "link").symlink_to("kept")
    computer.copy_to(tmp_path / "snapshots" / "one")
    computer.files.write("kept", b"2")
    computer.files.write("later", b"")
    computer.restore_from(tmp_path / "snapshots" / "one")
    assert [entry["path"] for entry in computer.files.entries(".")] == ["kept", "link"]
    assert (computer.workspace / "link").read_bytes() == b"1"
    assert sorted(entry.name for entry in computer.workspace.parent.iterdir()) == ["workspace"]


async def test_a_restore_that_fails_leaves_the_workspace_as_it_was(computer: Computer, tmp_path: Path) -> None:
    computer.files.write("kept", b"1")
    with pytest.raises(FileNotFoundError):
        computer.restore_from(tmp_path / "none")
    assert computer.files.exists("kept")


async def test_a_restore_that_was_killed_half_way_is_undone(computer: Computer, tmp_path: Path, clock: Clock) -> None:
    computer.files.write("kept", b"1")
    computer.workspace.rename(computer.workspace.parent / "replaced")
    (computer.workspace.parent / "incoming").mkdir()
    again = Computer(tmp_path / "sandbox", env={}, now=clock)
    assert again.files.exists("kept")
    again.copy_to(tmp_path / "copy")
    again.restore_from(tmp_path / "copy")
    assert again.files.exists("kept")


async def test_what_was_left_aside_by_an_emulator_that_was_killed_is_cleared_away(
    computer: Computer, tmp_path: Path, clock: Clock
) -> None:
    directory = computer.workspace.parent
    (directory / "trash-x" / "0" / "deep").mkdir(parents=True)
    (directory / "write-x").write_bytes(b"half of i")
    computer.files.write("page", b"whole")
    Computer(tmp_path / "sandbox", env={}, now=clock)
    assert [path.name for path in directory.iterdir()] == ["workspace"]
    assert (computer.workspace / "page").read_bytes() == b"whole"


async def test_it_is_busy_while_something_goes_on(computer: Computer, clock: Clock) -> None:
    began = clock.seconds
    clock.seconds += 100
    assert computer.touched_at == began
    with computer.operation("exec"):
        assert computer.touched_at == began + 100
    assert [record.tool for record in computer.audit] == ["exec"]


async def test_a_thousand_idle_computers_cost_no_look_at_the_processes(tmp_path: Path, clock: Clock) -> None:
    fresh = Computer(tmp_path / "fresh", env={}, now=clock)
    assert fresh._known_quiet_at == fresh._spawned == 0
