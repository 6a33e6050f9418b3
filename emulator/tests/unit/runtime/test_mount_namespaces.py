"""The path /workspace in commands, with and without mount namespaces."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from helpers.runtime_harness import ManualClock, count_open_descriptors, spawn_unrunnable
from neev_emulator.runtime import MountNamespaces, SandboxHost
from neev_emulator.runtime.process import ManagedProcess

UNPRIVILEGED = """
import asyncio, sys, time
from pathlib import Path
from neev_emulator.runtime import MountNamespaces, SandboxHost
async def main():
    mounts = MountNamespaces(Path(sys.argv[1]))
    sandbox_host = SandboxHost(Path(sys.argv[1]) / "one", env={}, now=time.time, mounts=mounts)
    process = sandbox_host.spawn("sh", ["-c", "pwd > /workspace/where; id -u"], env={})
    print([data async for _, data in process.read_output()], mounts.unavailable_reason)
    await sandbox_host.stop()
    mounts.close()
asyncio.run(main())
"""


async def read_output(process: ManagedProcess) -> str:
    return b"".join([data async for _, data in process.read_output()]).decode()


async def run(host: SandboxHost, script: str, *, cwd: str | None = None) -> str:
    return await read_output(host.spawn("sh", ["-c", script], cwd=cwd, env={}))


def read_machine() -> tuple[str, set[str]]:
    """Return the machine's mounts and the entries of its root directory."""
    return Path("/proc/self/mountinfo").read_text(), {item.name for item in Path("/").iterdir()}


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[MountNamespaces]:
    mounts = MountNamespaces(tmp_path)
    if mounts.unavailable_reason:
        pytest.skip(mounts.unavailable_reason)
    yield mounts
    mounts.close()


@pytest.fixture
async def mounted_host(tmp_path: Path, mounts: MountNamespaces) -> AsyncIterator[SandboxHost]:
    sandbox_host = SandboxHost(tmp_path / "one", env={"TOOLS": "/workspace/bin"}, now=ManualClock(), mounts=mounts)
    yield sandbox_host
    await sandbox_host.stop()


@pytest.fixture
async def unmounted_host(tmp_path: Path) -> AsyncIterator[SandboxHost]:
    without = MountNamespaces(tmp_path, nsenter="no-such-program")
    sandbox_host = SandboxHost(tmp_path / "two", env={"TOOLS": "/workspace/bin"}, now=ManualClock(), mounts=without)
    yield sandbox_host
    await sandbox_host.stop()


@pytest.fixture(params=["mounted_host", "unmounted_host"])
def any_host(request: pytest.FixtureRequest) -> SandboxHost:
    sandbox_host: SandboxHost = request.getfixturevalue(request.param)
    return sandbox_host


async def test_commands_can_access_files_by_their_workspace_path(any_host: SandboxHost) -> None:
    any_host.files.write("/workspace/sub/a.txt", b"content")
    assert await read_output(any_host.spawn("cat", ["/workspace/sub/a.txt"], env={})) == "content"
    assert await run(any_host, "cd /workspace && cat '/workspace/sub/a.txt'") == "content"
    any_host.files.mkdir("bin")
    assert await run(any_host, "cat a.txt; ls $TOOLS/..", cwd="/workspace/sub") == "contentbin\nsub\n"
    assert (
        await read_output(any_host.spawn("sh", ["-c", "cat $FILE"], env={"FILE": "/workspace/sub/a.txt"})) == "content"
    )
    await run(any_host, "echo made > /workspace/made")
    with any_host.files.open_reader("made") as created:
        assert created.read() == b"made\n"


async def test_a_program_in_the_workspace_can_be_executed_by_any_path(any_host: SandboxHost) -> None:
    any_host.files.write("bin/hello", b"#!/bin/sh\necho hi $1\n")
    (any_host.workspace / "bin" / "hello").chmod(0o755)
    for program, env in [
        ("/workspace/bin/hello", {}),
        ("./bin/hello", {}),
        ("hello", {"PATH": "/workspace/bin:/usr/bin:/bin"}),
    ]:
        assert await read_output(any_host.spawn(program, ["you"], env=env)) == "hi you\n"


@pytest.mark.parametrize(
    ("program", "cwd", "reason"),
    [
        ("no-such-program", None, "not_found"),
        ("/workspace/none/such", None, "not_found"),
        ("true", "missing", "not_found"),
        ("./file", None, "permission_denied"),
        ("/workspace", None, "permission_denied"),
        ("./text", None, "failed_precondition"),
    ],
)
async def test_a_program_that_cannot_be_executed_is_rejected(
    any_host: SandboxHost, program: str, cwd: str | None, reason: str
) -> None:
    assert spawn_unrunnable(any_host, program, cwd) == reason


async def test_the_workspace_is_the_working_and_home_directory_of_commands(mounted_host: SandboxHost) -> None:
    mounted_host.files.mkdir("sub")
    assert (
        await run(mounted_host, "pwd; cd; pwd; echo $TOOLS", cwd="sub")
        == "/workspace/sub\n/workspace\n/workspace/bin\n"
    )


async def test_commands_follow_symlinks_in_the_workspace(mounted_host: SandboxHost) -> None:
    mounted_host.files.write("real/hello", b"#!/bin/sh\necho hi\n")
    (mounted_host.workspace / "real" / "hello").chmod(0o755)
    (mounted_host.workspace / "bin").symlink_to("/workspace/real")
    (mounted_host.workspace / "shell").symlink_to("/bin/sh")
    assert await read_output(mounted_host.spawn("bin/hello", [], env={})) == "hi\n"
    assert await read_output(mounted_host.spawn("./shell", ["-c", "echo $0"], env={})) == "./shell\n"


async def test_each_sandbox_mounts_its_own_workspace(
    mounted_host: SandboxHost, mounts: MountNamespaces, tmp_path: Path
) -> None:
    other = SandboxHost(tmp_path / "other", env={}, now=ManualClock(), mounts=mounts)
    for sandbox_host, name in ((mounted_host, "one"), (other, "other")):
        sandbox_host.files.write("who", name.encode())
    assert await run(mounted_host, "cat /workspace/who") == "one"
    assert await run(other, "cat /workspace/who") == "other"
    await other.stop()


async def test_commands_use_the_restored_workspace_after_a_rollback(mounted_host: SandboxHost, tmp_path: Path) -> None:
    mounted_host.files.write("page", b"old")
    mounted_host.copy_to(tmp_path / "copy")
    mounted_host.files.write("page", b"new")
    assert await run(mounted_host, "cat /workspace/page") == "new"
    mounted_host.restore_from(tmp_path / "copy")
    assert await run(mounted_host, "cat /workspace/page") == "old"


async def test_a_mount_namespace_does_not_change_the_mounts_of_the_machine(
    mounted_host: SandboxHost, tmp_path: Path
) -> None:
    before = read_machine()
    assert (await run(mounted_host, f"ls {tmp_path}")).split() == ["one"]
    assert before[1] | {"workspace"} >= set((await run(mounted_host, "ls -A /")).split())
    assert read_machine() == before


async def test_commands_inherit_no_file_descriptors_and_leave_none_open(mounted_host: SandboxHost) -> None:
    before = count_open_descriptors()
    assert (await run(mounted_host, "ls /proc/self/fd")).split() == ["0", "1", "2", "3"]
    await mounted_host.stop()
    assert count_open_descriptors() == before


async def test_idle_sandboxes_close_their_namespaces_over_the_limit(tmp_path: Path, mounts: MountNamespaces) -> None:
    few = MountNamespaces(tmp_path, max_open=2)
    assert mounts.unavailable_reason == few.unavailable_reason
    hosts = [SandboxHost(tmp_path / str(number), env={}, now=ManualClock(), mounts=few) for number in range(4)]
    for sandbox_host in hosts[:2]:
        await run(sandbox_host, "true")
    before = count_open_descriptors()
    for _ in range(2):
        for number, sandbox_host in enumerate(hosts):
            sandbox_host.files.write("who", str(number).encode())
            assert await run(sandbox_host, "cat /workspace/who") == str(number)
    assert count_open_descriptors() == before
    for sandbox_host in hosts:
        await sandbox_host.stop()
    few.close()


def test_creating_a_namespace_fails_if_no_file_descriptor_is_available(mounts: MountNamespaces, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            mounts.create_namespace(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_only_the_exact_workspace_path_is_replaced_without_namespaces(unmounted_host: SandboxHost) -> None:
    message_of = (
        "/workspace /workspace/a.b PATH=/bin:/workspace/bin /other/workspace /workspaces /workspace-2 /workspace.d"
    )
    root = str(unmounted_host.workspace)
    output = await read_output(unmounted_host.spawn("echo", message_of.split(), env={}))
    assert output.split() == [
        *(root, f"{root}/a.b", f"PATH=/bin:{root}/bin"),
        *("/other/workspace", "/workspaces", "/workspace-2", "/workspace.d"),
    ]


def test_the_reason_names_the_missing_prerequisite(tmp_path: Path) -> None:
    assert (
        MountNamespaces(tmp_path, nsenter="no-such-program").unavailable_reason
        == "the program no-such-program is not installed"
    )
    assert "unrecognized" in str(
        MountNamespaces(tmp_path, nsenter=str(_write_failing_program(tmp_path))).unavailable_reason
    )
    assert MountNamespaces(tmp_path / "none").unavailable_reason == f"{tmp_path}/none: No such file or directory"


def test_an_unprivileged_user_can_create_mount_namespaces(tmp_path: Path) -> None:
    command = [sys.executable, "-c", UNPRIVILEGED, str(tmp_path)]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not installed")
        command = ["setpriv", "--bounding-set=-sys_admin", *command]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    output, _, missing = run.stdout.strip().rpartition(" ")
    if missing != "None":
        pytest.skip(run.stdout)
    assert output == f"[b'{os.geteuid()}\\n']"
    assert (tmp_path / "one" / "workspace" / "where").read_text() == "/workspace\n"


def _write_failing_program(directory: Path) -> Path:
    program = directory / "nsenter"
    program.write_text("#!/bin/sh\necho unrecognized option >&2\nexit 1\n")
    program.chmod(0o755)
    return program
