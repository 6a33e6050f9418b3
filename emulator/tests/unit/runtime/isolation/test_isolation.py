"""Isolated sandboxes: files, processes and resources of their commands."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.isolation_harness import MEBIBYTE, IsolatedRecord, read_output, run_script, spawn_python
from helpers.runtime_harness import is_gone, read_state, spawn_unrunnable, wait_until
from neev_emulator.runtime import SandboxHost
from neev_emulator.runtime.isolation import Isolation, IsolationUnavailableError, Limits
from neev_emulator.runtime.isolation.namespaces import explain

CreateHost = Callable[..., SandboxHost]
READ_KEY = """
import ctypes, sys
keyctl, read = 250, 11
print(ctypes.CDLL(None).syscall(keyctl, read, int(sys.argv[1]), ctypes.create_string_buffer(6), 6))
"""


def read_environment(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")


async def test_a_command_can_access_the_workspace_but_no_files_of_the_user(
    create_host: CreateHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "hidden")
    host = create_host()
    host.files.write("sub/a.txt", b"content")
    assert await run_script(host, "pwd; cat /workspace/sub/a.txt", cwd="sub") == "/workspace/sub\ncontent"
    await run_script(host, "echo written > b.txt")
    with host.files.open_reader("b.txt") as reader:
        assert reader.read() == b"written\n"
    environment = await run_script(host, "env")
    assert "GREETING=hello" in environment
    assert "hidden" not in environment
    assert str(host.workspace) not in environment
    entries = (await run_script(host, "ls /")).split()
    assert {"home", "root", "var", "run", "sys", "opt", "mnt"}.isdisjoint(entries)
    assert "No such file or directory" in await run_script(host, f"ls {host.workspace} 2>&1")
    assert await run_script(host, "touch /usr/x /etc/x /x 2>&1 | grep -c 'Read-only'") == "3\n"
    assert await run_script(host, "id -un; grep CapEff /proc/self/status") == "sandbox\nCapEff:\t0000000000000000\n"


async def test_a_command_cannot_change_settings_or_devices_of_the_machine(create_host: CreateHost) -> None:
    host = create_host()
    setting, device = "/proc/sys/kernel/printk", "/dev/null"  # if the write succeeds, the values are unchanged
    refused = "grep -c 'Read-only file system\\|Permission denied'"
    assert await run_script(host, f"(cat {setting} > {setting}) 2>&1 | {refused}") == "1\n"
    assert await run_script(host, f"chmod 666 {device} /proc/self/fd/0 2>&1 | {refused}") == "2\n"
    assert await run_script(host, "stat -L -c %F /proc/[12]/fd/0") == "fifo\n" * 2
    assert await run_script(host, f"echo ignored > {device}; cat; head -c 2 /dev/urandom | wc -c") == "2\n"
    assert await run_script(host, "unshare -Urm true 2>&1 | grep -c 'uid_map'") == "1\n"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the system call has another number")
async def test_a_command_cannot_read_the_kernel_keys_of_the_user(create_host: CreateHost) -> None:
    add_key, session_keyring = 248, ctypes.c_int(-3)
    key = ctypes.CDLL(None).syscall(add_key, b"user", b"neev-emulator", b"secret", 6, session_keyring)
    if key < 0:
        pytest.skip("this process may have no keys")
    assert await read_output(spawn_python(create_host(), READ_KEY, str(key))) == "-1\n"


async def test_a_command_returns_the_output_and_exit_code_of_its_program(create_host: CreateHost) -> None:
    host = create_host()
    process = host.spawn("sh", ["-c", "cat; echo failed >&2; exit 7"], env={}, stdin=b"input ")
    assert [item async for item in process.read_output()] == [("stdout", b"input "), ("stderr", b"failed\n")]
    assert await process.wait() == 7
    killed = host.spawn("sh", ["-c", "kill -9 $$"], env={})
    assert await killed.wait() == 137
    trapping = host.spawn("sh", ["-c", "trap 'exit 3' TERM; echo up; while :; do sleep 0.01; done"], env={})
    output = trapping.read_output()
    assert await anext(output) == ("stdout", b"up\n")
    assert trapping.signal(signal.SIGTERM)
    assert await trapping.wait() == 3
    await output.aclose()


@pytest.mark.parametrize(
    ("program", "cwd", "reason"),
    [
        ("no-such-program", None, "not_found"),
        ("true", "missing", "not_found"),
        ("./file", None, "permission_denied"),
        ("./text", None, "failed_precondition"),
        (sys.executable, None, "not_found"),
    ],
)
async def test_a_program_that_cannot_be_executed_is_rejected(
    create_host: CreateHost, program: str, cwd: str | None, reason: str
) -> None:
    if program.startswith("/usr/"):
        pytest.skip("sandboxes have this program")
    assert spawn_unrunnable(create_host(), program, cwd) == reason


async def test_a_program_in_the_sandbox_can_be_executed_by_any_path(create_host: CreateHost) -> None:
    host = create_host()
    await run_script(host, "printf '#!/bin/sh\\necho hi' > hello; chmod +x hello; cp hello /tmp; ln -s /tmp/hello link")
    for program in ("./hello", "/tmp/hello", "./link"):
        assert await read_output(host.spawn(program, [], env={})) == "hi\n"
    assert await read_output(host.spawn("hello", [], env={"PATH": "/tmp"})) == "hi\n"


async def test_env_variables_do_not_affect_the_sandbox_launcher(create_host: CreateHost) -> None:
    host = create_host()
    process = host.spawn("sh", ["-c", "echo $LD_PRELOAD; sleep 60"], env={"LD_PRELOAD": "/none.so"})
    output = process.read_output()
    while b"/none.so\n" not in (await anext(output))[1]:
        pass
    variables = read_environment(process.pid)
    assert b"_LD_PRELOAD=/none.so" in variables
    assert b"LD_PRELOAD=/none.so" not in variables
    process.close()
    await output.aclose()


async def test_a_command_cannot_see_processes_outside_its_sandbox(create_host: CreateHost) -> None:
    one, other = create_host("one"), create_host("other")
    process = other.spawn("sleep", ["12345"], env={})
    await wait_until(lambda: other.measure_usage().process_count == 1)
    commands = await run_script(one, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
    assert "12345" not in commands
    assert sys.executable not in commands
    assert one.measure_usage().process_count == 0
    assert other.measure_usage().memory_bytes > 0
    process.close()


async def test_pausing_and_stopping_a_sandbox_affects_every_process(create_host: CreateHost) -> None:
    host = create_host()
    await run_script(host, "env -i setsid sleep 60 >/dev/null 2>&1 &")
    [pid] = host._view.find_processes(())
    await host.pause()
    await wait_until(lambda: read_state(pid) == "T")
    await host.resume()
    await host.stop()
    assert is_gone(pid)


async def test_a_sandbox_restarts_after_all_its_processes_were_killed(create_host: CreateHost) -> None:
    host = create_host()
    await run_script(host, "touch /tmp/a; kill -9 -1")
    await wait_until(lambda: not host._view._namespaces.is_open)  # type: ignore[union-attr]
    assert await run_script(host, "ls /tmp; echo again") == "again\n"


async def test_commands_use_the_restored_workspace_after_a_rollback(create_host: CreateHost, tmp_path: Path) -> None:
    host = create_host()
    host.files.write("page", b"old")
    host.copy_to(tmp_path / "copy")
    host.files.write("page", b"new")
    assert await run_script(host, "cat page") == "new"
    host.restore_from(tmp_path / "copy")
    assert await run_script(host, "cat page") == "old"


async def test_cpu_memory_and_disk_of_a_command_are_limited(create_host: CreateHost) -> None:
    record = IsolatedRecord(limits=Limits(cores=0.5, memory_bytes=256 * MEBIBYTE))
    host = create_host(record=record)
    allocate = "head -c 128M /dev/zero | tail -c 128M | wc -c"
    assert await run_script(host, f"{allocate}; nproc") == f"{128 * MEBIBYTE}\n1\n"
    record.limits = Limits(cores=64, memory_bytes=64 * MEBIBYTE)
    assert "memory exhausted" in await run_script(host, f"{allocate} 2>&1")
    assert await run_script(host, "nproc") == f"{len(os.sched_getaffinity(0))}\n"
    assert "No space left" in await run_script(host, "head -c 300M /dev/zero 2>&1 > /tmp/file")


async def test_the_memory_limit_applies_to_all_processes_together(create_host: CreateHost) -> None:
    host = create_host(record=IsolatedRecord(limits=Limits(cores=1, memory_bytes=96 * MEBIBYTE)))
    use_memory = "import time; used = bytearray(b'x' * 30_000_000); time.sleep(60)"
    processes = [spawn_python(host, use_memory) for _ in range(4)]
    exits = [asyncio.create_task(process.wait()) for process in processes]
    (ended, *_), _ = await asyncio.wait(exits, return_when=asyncio.FIRST_COMPLETED)
    assert ended.result() == 137
    await wait_until(lambda: host.measure_usage().memory_bytes < 120_000_000)
    assert None in {process.exit_code for process in processes}


def test_the_reason_names_the_missing_prerequisite(tmp_path: Path) -> None:
    with pytest.raises(IsolationUnavailableError, match="no-such-program is not installed: install the package bubble"):
        Isolation(bwrap="no-such-program")
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(IsolationUnavailableError, match=r"cannot create namespaces \(bwrap: No permissions to create"):
        Isolation(bwrap=str(program))


def test_the_error_names_the_sysctl_setting_that_forbids_namespaces(tmp_path: Path) -> None:
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "apparmor_restrict_unprivileged_userns").write_text("1\n")
    (tmp_path / "kernel" / "unprivileged_userns_clone").write_text("1\n")
    assert explain("bwrap: no\nmore", tmp_path) == (
        "bubblewrap cannot create namespaces (bwrap: no); "
        "`sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` permits user namespaces"
    )
