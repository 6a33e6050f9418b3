"""`pulumi-neev sweep` as a shell sees it."""

from __future__ import annotations

import json

import pytest
from tests.engine.project import outside
from tests.unit.cli.conftest import FakeEngine
from typer.testing import CliRunner, Result

from pulumi_neev.cli.app import app
from pulumi_neev.emulator import Emulator


def sweep(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sweep", *arguments])


@pytest.mark.parametrize(
    "arguments", [("--yes",), ("--older-than", "9m"), ("--older-than", "soon"), ("--prefix", "", "--yes")]
)
def test_what_would_be_too_much_is_refused(arguments: tuple[str, ...]) -> None:
    assert sweep(*arguments).exit_code == 2


def test_it_shows_and_then_does(engine: FakeEngine, platform: Emulator) -> None:
    engine.hold()
    assert sweep().output == "Nothing is left over.\n"
    for name in ("pr-1", "pr-2"):
        outside(platform, "POST", "/sandboxes", {"name": name})
    platform.advance(7200)
    shown = sweep()
    assert (shown.exit_code, shown.output.count("sandbox  pr-")) == (3, 2)
    assert "Nothing is done yet" in shown.output
    platform.add_fault("status", method="DELETE", path="/sandboxes/{id}", name="pr-1", status=409)
    failed = sweep("--prefix", "pr-", "--yes", "--stack", "dev")
    assert (failed.exit_code, "failed: DELETE" in failed.output) == (1, True)
    done = json.loads(sweep("--prefix", "pr-", "--yes", "--json").stdout)
    assert {each["name"]: each["outcome"] for each in done["leftovers"]}["pr-1"] == "deleted"


def test_a_backend_without_an_answer_ends_it(engine: FakeEngine, platform: Emulator) -> None:
    outside(platform, "POST", "/sandboxes", {"name": "pr-1"})
    platform.advance(7200)
    refused = sweep("--prefix", "pr-", "--yes")  # there is no state to read
    assert (refused.exit_code, "`pulumi stack export" in refused.output) == (1, True)
    assert platform.state()["sandboxes"] == 1
    assert engine.asked == ["stack ls", "stack export"]
