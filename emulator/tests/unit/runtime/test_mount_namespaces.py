"""/workspace is the workspace of a sandbox also for its commands, with mount namespaces and without."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from helpers.runtime_harness import Clock, open_descriptors
from neev_emulator.runtime import Computer, Mounts, RuntimeFailure
from neev_emulator.runtime.process import Child

UNPRIVILEGED = """
import asyncio, sys, time
from pathlib import Path
from neev_emulator.runtime import Computer, Mounts
async def main():
    mounts = Mounts(Path(sys.argv[1]))
    computer = Computer(Path(sys.argv[1]) / "one", env={}, now=time.time, mounts=mounts)
    child = computer.spawn("sh", ["-c", "pwd > /workspace/where; id -u"], env={})
    print([data async for _, data in child.output()], mounts.missing)
    await computer.stop()
    mounts.close()
asyncio.run(main())
"""


async def said(child: Child) -> str:
    return b"".join([data async for _, data in child.output()]).decode()


async def ran(computer: Computer, script: str, *, cwd: str | None = None) -> str:
    return await said(computer.spawn("sh", ["-c", script], cwd=cwd, env={}))


def machine() -> tuple[str, set[str]]:
    """What is mounted, and what there is in its root."""
    return Path("/proc/self/mountinfo").read_text(), {each.name for each in Path("/").iterdir()}


@pytest.fixture
def mounts(tmp_path: Path) -> Iterator[Mounts]:
    mounts = Mounts(tmp_path)
    if mounts.missing:
        pytest.skip(mounts.missing)
    yield mounts
    mounts.close()


@pytest.fixture
async def mounted(tmp_path: Path, mounts: Mounts) -> AsyncIterator[Computer]:
    computer = Computer(tmp_path / "one", env={"TOOLS": "/workspace/bin"}, now=Clock(), mounts=mounts)
    yield computer
    await computer.stop()


@pytest.fixture
async def replaced(tmp_path: Path) -> AsyncIterator[Computer]:
    without = Mounts(tmp_path, nsenter="no-such-program")
    computer = Computer(tmp_path / "two", env={"TOOLS": "/workspace/bin"}, now=Clock(), mounts=without)
    yield computer
    await computer.stop()


@pytest.fixture(params=["mounted", "replaced"])
def either(request: pytest.FixtureRequest) -> Computer:
    computer: Computer = request.getfixturevalue(request.param)
    return computer


async def test_commands_find_files_by_the_path_that_callers_know(either: Computer) -> None:
    either.files.write("/workspace/sub/a.txt", b"content")
    assert await said(either.spawn("cat", ["/workspace/sub/a.txt"], env={})) == "content"
    assert await ran(either, "cd /workspace && cat '/workspace/sub/a.txt'") == "content"
    either.files.mkdir("bin")
    assert await ran(either, "cat a.txt; ls $TOOLS/..", cwd="/workspace/sub") == "contentbin\nsub\n"
    assert await said(either.spawn("sh", ["-c", "cat $FILE"], env={"FILE": "/workspace/sub/a.txt"})) == "content"
    await ran(either, "echo made > /workspace/made")
    with either.files.reader("made") as made:
        assert made.read() == b"made\n"


async def test_a_program_of_the_workspace_runs_by_any_of_its_names(either: Computer) -> None:
    either.files.write("bin/hello", b"#!/bin/sh\necho hi $1\n")
    (either.workspace / "bin" / "hello").chmod(0o755)
    for program, env in [
        ("/workspace/bin/hello", {}),
        ("./bin/hello", {}),
        ("hello", {"PATH": "/workspace/bin:/usr/bin:/bin"}),
    ]:
        assert await said(either.spawn(program, ["you"], env=env)) == "hi you\n"


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
async def test_what_cannot_be_run_is_refused(either: Computer, program: str, cwd: str | None, reason: str) -> None:
    either.files.write("file", b"")
    either.files.write("text", b"\x01\x02")
    (either.workspace / "text").chmod(0o755)
    with pytest.raises(RuntimeFailure) as caught:
        either.spawn(program, [], cwd=cwd, env={})
    assert caught.value.reason_code == reason


async def test_the_workspace_is_where_commands_are_and_their_home(mounted: Computer) -> None:
    mounted.files.mkdir("sub")
    assert await ran(mounted, "pwd; cd; pwd; echo $TOOLS", cwd="sub") == "/workspace/sub\n/workspace\n/workspace/bin\n"


async def test_a_link_leads_commands_where_it_says(mounted: Computer) -> None:
    mounted.files.write("real/hello", b"#!/bin/sh\necho hi\n")
    (mounted.workspace / "real" / "hello").chmod(0o755)
    (mounted.workspace / "bin").symlink_to("/workspace/real")
    (mounted.workspace / "shell").symlink_to("/bin/sh")
    assert await said(mounted.spawn("bin/hello", [], env={})) == "hi\n"
    assert await said(mounted.spawn("./shell", ["-c", "echo $0"], env={})) == "./shell\n"


async def test_each_sandbox_has_a_workspace_of_its_own(mounted: Computer, mounts: Mounts, tmp_path: Path) -> None:
    other = Computer(tmp_path / "other", env={}, now=Clock(), mounts=mounts)
    for computer, name in ((mounted, "one"), (other, "other")):
        computer.files.write("who", name.encode())
    assert await ran(mounted, "cat /workspace/who") == "one"
    assert await ran(other, "cat /workspace/who") == "other"
    await other.stop()


async def test_after_a_rollback_the_workspace_is_the_one_that_was_put_back(mounted: Computer, tmp_path: Path) -> None:
    mounted.files.write("page", b"old")
    mounted.copy_to(tmp_path / "copy")
    mounted.files.write("page", b"new")
    assert await ran(mounted, "cat /workspace/page") == "new"
    mounted.restore_from(tmp_path / "copy")
    assert await ran(mounted, "cat /workspace/page") == "old"


async def test_the_machine_sees_nothing_of_it_and_it_sees_the_machine_once(mounted: Computer, tmp_path: Path) -> None:
    before = machine()
    assert (await ran(mounted, f"ls {tmp_path}")).split() == ["one"]
    assert before[1] | {"workspace"} >= set((await ran(mounted, "ls -A /")).split())
    assert machine() == before


async def test_nothing_stays_open_in_a_command_or_after_it(mounted: Computer) -> None:
    before = open_descriptors()
    assert (await ran(mounted, "ls /proc/self/fd")).split() == ["0", "1", "2", "3"]
    await mounted.stop()
    assert open_descriptors() == before


async def test_where_there_are_many_sandboxes_those_at_rest_hold_nothing(tmp_path: Path, mounts: Mounts) -> None:
    few = Mounts(tmp_path, most=2)
    assert mounts.missing == few.missing
    computers = [Computer(tmp_path / str(number), env={}, now=Clock(), mounts=few) for number in range(4)]
    for computer in computers[:2]:
        await ran(computer, "true")
    before = open_descriptors()
    for _ in range(2):
        for number, computer in enumerate(computers):
            computer.files.write("who", str(number).encode())
            assert await ran(computer, "cat /workspace/who") == str(number)
    assert open_descriptors() == before
    for computer in computers:
        await computer.stop()
    few.close()


def test_where_no_descriptor_is_left_that_is_said(mounts: Mounts, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            mounts.namespace(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_without_namespaces_only_the_path_itself_is_replaced(replaced: Computer) -> None:
    said_of = (
        "/workspace /workspace/a.b PATH=/bin:/workspace/bin /other/workspace /workspaces /workspace-2 /workspace.d"
    )
    root = str(replaced.workspace)
    told = await said(replaced.spawn("echo", said_of.split(), env={}))
    assert told.split() == [
        *(root, f"{root}/a.b", f"PATH=/bin:{root}/bin"),
        *("/other/workspace", "/workspaces", "/workspace-2", "/workspace.d"),
    ]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert Mounts(tmp_path, nsenter="no-such-program").missing == "the program no-such-program is not there"
    assert "unrecognized" in str(Mounts(tmp_path, nsenter=str(_failing(tmp_path))).missing)
    assert Mounts(tmp_path / "none").missing == f"{tmp_path}/none: No such file or directory"


def test_a_user_without_privileges_has_it_too(tmp_path: Path) -> None:
    command = [sys.executable, "-c", UNPRIVILEGED, str(tmp_path)]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("nothing here takes privileges away")
        command = ["setpriv", "--bounding-set=-sys_admin", *command]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    told, _, missing = run.stdout.strip().rpartition(" ")
    if missing != "None":
        pytest.skip(run.stdout)
    assert told == f"[b'{os.geteuid()}\\n']"
    assert (tmp_path / "one" / "workspace" / "where").read_text() == "/workspace\n"


def _failing(directory: Path) -> Path:
    program = directory / "nsenter"
    program.write_text("#!/bin/sh\necho unrecognized option >&2\nexit 1\n")
    program.chmod(0o755)
    return program
