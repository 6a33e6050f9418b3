"""The scripts of the branch environments: they fail if one of their commands fails."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "branch-environments"
FAKE_TOOL = """#!/bin/sh
# logs its command line, and fails if the line begins with $FAILING
line="$(basename "$0") $*"
echo "$line" >> "$LOG"
case "$line" in "$FAILING"*) echo "error: $line" >&2; exit 1 ;; esac
case "$line" in "pulumi stack ls"*) cat "$STACKS" ;; esac
"""
DESTROY = ["pulumi stack ls", "pulumi cancel", "pulumi-neev recover", "pulumi destroy", "pulumi stack rm"]
UP = ["pulumi stack select", "pulumi cancel", "pulumi-neev recover", "pulumi up", "pulumi stack output"]
PAUSE = ["pulumi stack select", "pulumi cancel", "pulumi-neev recover", "pulumi config refresh", "pulumi up"]


class ScriptCheckout:
    """A checkout of the example, with fake tools that log their command lines."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        shutil.copytree(EXAMPLE, directory / "checkout")
        (directory / "bin").mkdir()
        for name in ("pulumi", "pulumi-neev"):
            tool = directory / "bin" / name
            tool.write_text(FAKE_TOOL)
            tool.chmod(tool.stat().st_mode | stat.S_IXUSR)

    def run(self, line: str, *stacks: str, failing: str = "nothing") -> subprocess.CompletedProcess[str]:
        """Run the script with these stacks; commands that begin with the text `failing` fail."""
        listed = self._directory / "stacks.json"
        listed.write_text(json.dumps([{"name": stack} for stack in stacks]))
        path = f"{self._directory / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            line.split(),
            cwd=self._directory / "checkout" / "ci",
            env={**os.environ, "PATH": path, "LOG": str(self.log), "STACKS": str(listed), "FAILING": failing},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def log(self) -> Path:
        """Return the file to which the tools write their command lines."""
        return self._directory / "log"

    @property
    def commands(self) -> list[str]:
        """Return the command lines of the tools."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> ScriptCheckout:
    """Return a checkout with an empty log."""
    return ScriptCheckout(tmp_path)


@pytest.mark.parametrize(
    ("line", "steps"), [("./destroy.sh pr-7", DESTROY), ("./up.sh pr-7 r1", UP), ("./pause.sh pr-7", PAUSE)]
)
def test_a_failed_step_stops_the_script_with_an_error(checkout: ScriptCheckout, line: str, steps: list[str]) -> None:
    assert checkout.run(line, "pr-7").returncode == 0
    assert [next(step for step in steps if message.startswith(step)) for message in checkout.commands] == steps
    for number, step in enumerate(steps, 1):
        checkout.log.unlink()
        failed = checkout.run(line, "pr-7", failing=step)
        assert (failed.returncode, len(checkout.commands)) == (1, number), failed
        assert "There is no stack" not in failed.stdout


def test_a_missing_stack_is_reported_only_if_the_list_succeeds(checkout: ScriptCheckout) -> None:
    gone = checkout.run("./destroy.sh pr-7", "pr-70", "a-pr-7", "base")
    assert (gone.returncode, gone.stdout, len(checkout.commands)) == (0, "There is no stack pr-7.\n", 1)
    assert checkout.run("./destroy.sh pr-7").stdout == "There is no stack pr-7.\n"


@pytest.mark.parametrize("place", [0, 20_000])
def test_a_stack_is_found_in_a_long_list(checkout: ScriptCheckout, place: int) -> None:
    many = [f"organization/branch-environments/pr-{1000 + number}" for number in range(20_000)]
    many.insert(place, "organization/branch-environments/pr-7")
    done = checkout.run("./destroy.sh pr-7", *many)
    assert (done.returncode, done.stdout) == (0, "")
    assert checkout.commands[-1] == "pulumi stack rm --yes pr-7"


@pytest.mark.parametrize(
    ("line", "failing"), [("./closed.sh echo 7", "pulumi stack ls"), ("./closed.sh false", "nothing")]
)
def test_no_closed_pull_requests_are_listed_if_a_list_request_fails(
    checkout: ScriptCheckout, line: str, failing: str
) -> None:
    assert checkout.run("./closed.sh echo 8", "pr-7", "pr-8").stdout == '["7"]\n'
    failed = checkout.run(line, "pr-7", failing=failing)
    assert (failed.returncode, failed.stdout) == (1, "")


def test_a_failed_sweep_fails_the_job(checkout: ScriptCheckout) -> None:
    assert checkout.run("./sweep.sh", failing="pulumi-neev sweep").returncode == 1
