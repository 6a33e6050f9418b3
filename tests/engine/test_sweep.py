"""`pulumi-neev sweep` beside stacks that hold something."""

from __future__ import annotations

import json

import pytest
from tests.engine.project import Pulumi, Result, outside, until

pytestmark = pytest.mark.engine

HOUR = 3600
PROGRAM = """
import pulumi
import pulumi_neev as neev

box = neev.Sandbox("box", name=f"pr-{pulumi.get_stack()}")
pulumi.export("hidden", pulumi.Output.secret(pulumi.Config().require("kept")))
"""


def names(swept: Result) -> list[str]:
    return sorted(each["name"] for each in json.loads(swept.stdout)["leftovers"])


def there(project: Pulumi) -> list[str]:
    return sorted(each["name"] for each in outside(project.emulator, "GET", "/sandboxes")["items"])


def test_only_what_no_stack_holds_and_is_old_and_has_the_prefix_goes(project: Pulumi) -> None:
    emulator = project.emulator
    named = {
        name: outside(emulator, "POST", "/sandboxes", {"name": name})["id"]
        for name in ("pr-gone", "pr-written", "other-gone", "pr-captured")
    }
    emulator.advance(5)
    for id, name in ((named["pr-captured"], "base"), (named["pr-gone"], "pr-first")):
        outside(emulator, "POST", f"/sandboxes/{id}/snapshots", {"name": name})

    project.python(PROGRAM)
    project.pulumi("stack", "init", "prod", "--no-select")
    for stack in ("dev", "prod"):
        project.config("kept", named["pr-written"], "--stack", stack)
    project.up("--stack", "dev")
    # the other stack's create is interrupted: only its pending operation names the sandbox
    emulator.change_settings(durations={"create": HOUR})
    before = emulator.counts()["POST /sandboxes"]
    engine = project.start("up", "--yes", "--skip-preview", "--stack", "prod")
    until(lambda: emulator.counts()["POST /sandboxes"] == before + 1)
    engine.kill()
    engine.communicate()
    emulator.advance(2 * HOUR)
    outside(emulator, "POST", "/sandboxes", {"name": "pr-young"})

    everything = ["other-gone", "pr-captured", "pr-dev", "pr-gone", "pr-prod", "pr-written", "pr-young"]
    arguments = ("sweep", "--prefix", "pr-", "--json")
    shown = project.neev(*arguments)
    assert (shown.returncode, names(shown)) == (3, ["pr-captured", "pr-first", "pr-gone"]), shown.text
    locked = project.neev(*arguments, "--yes", env={"PULUMI_CONFIG_PASSPHRASE": "of somebody else"})
    assert locked.returncode == 1, locked.text
    missing = project.neev(*arguments, "--yes", "--backend", "file:///no/such/place")
    assert missing.returncode == 1, missing.text
    assert there(project) == everything

    done = project.neev(*arguments, "--yes")
    assert done.returncode == 0, done.text
    assert there(project) == [name for name in everything if name != "pr-gone"]
    kept = {each["name"]: each["stays"] for each in json.loads(done.stdout)["leftovers"]}
    assert "its snapshot base" in kept["pr-captured"]
    paused = project.neev(*arguments, "--yes", "--pause")
    assert [each["outcome"] for each in json.loads(paused.stdout)["leftovers"]] == ["paused"], paused.text
    again = project.neev("sweep", "--prefix", "pr-", "--phase", "Ready", "--yes")
    assert (again.returncode, again.stdout) == (0, "Nothing is left over.\n"), again.text
