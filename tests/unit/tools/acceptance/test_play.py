"""A performance of the story: its steps, the steps after a failure, and the deadline."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from tests.unit.tools.acceptance.conftest import PREFIX
from tools.acceptance.engines import RUN_VARIABLE, DynamicProject, EngineProject, Engines, TerraformProject
from tools.acceptance.ledger import Ledger
from tools.acceptance.play import Outcome, Stage
from tools.acceptance.routes import Route
from tools.acceptance.story import Command, Story
from tools.programs import Program
from typing_extensions import override

from neev_emulator import Durations, Emulator, serve
from neev_emulator import Settings as EmulatorSettings
from neev_provider.client import Settings

STEPS = len(Story(PREFIX).steps)
SEND = """
import json, os, urllib.request

def send(method, path, body=None):
    base, org, project = (os.environ[f"NEEV_{name}"] for name in ("BASE_URL", "ORG_ID", "PROJECT_ID"))
    headers = {"Authorization": f"Bearer {os.environ['NEEV_API_KEY']}", "Content-Type": "application/json"}
    url = f"{base}/api/v1beta1/orgs/{org}/projects/{project}/sandboxes{path}"
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)) as response:
        return json.loads(response.read() or "null")

name = os.environ["NEEV_ACCEPTANCE_RUN"] + "-plugin-snap"
"""
CREATE = f'{SEND}send("POST", "", {{"name": name}})'
DELETE = f'{SEND}send("DELETE", "/" + send("GET", "/" + name)["id"])'
PASSING = {**dict.fromkeys(Command, ""), Command.PREVIEW: CREATE, Command.DESTROY: DELETE}
FAILING = {**PASSING, Command.CHECK: 'print("it changes"); raise SystemExit(1)'}
ENDLESS = dict.fromkeys(Command, "import time; time.sleep(600)")


class ScriptProject(EngineProject):
    """A project with a script of Python in the place of each command of an engine."""

    scripts: Mapping[Command, str] = {}

    @override
    def write(self, program: Program) -> None:
        (self.directory / "program").write_text(str(program), encoding="utf-8")

    @override
    def arguments_of(self, command: Command) -> Sequence[str]:
        return (sys.executable, "-c", self.scripts[command])


class StageBuilder:
    """Builds stages with scripts in the place of engines."""

    def __init__(self, target: Settings, ledger: Ledger, directory: Path) -> None:
        self._target = target
        self._ledger = ledger
        self._directory = directory
        self.progress: list[str] = []

    def build(self, scripts: Mapping[Command, str], deadline: float = float("inf")) -> Stage:
        """Return a stage with these scripts."""

        def open_project(_adapter: str, directory: Path, target: Settings, prefix: str) -> EngineProject:
            project = ScriptProject(directory, target, prefix)
            project.scripts = scripts
            return project

        return Stage(
            self._target,
            open_project,
            self._ledger,
            self._directory,
            deadline,
            lambda performance: self.progress.append(performance.results[-1].outcome.value),
        )


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Yield an empty emulator; what the scripts delete is gone at once, because they do not wait as an engine does."""
    with serve(EmulatorSettings(durations=Durations(delete=0))) as emulator:
        yield emulator


@pytest.fixture
def builder(target: Settings, ledger: Ledger, tmp_path: Path) -> StageBuilder:
    """Return a builder of stages for the emulator."""
    return StageBuilder(target, ledger, tmp_path / "run")


def test_every_step_is_executed_and_reported(builder: StageBuilder, emulator: Emulator) -> None:
    performance = builder.build(PASSING).play(["plugin"])
    assert performance.has_passed
    assert [result.outcome for result in performance.results] == [Outcome.PASSED] * STEPS
    assert [result.requests for result in performance.results] == [1, *[0] * (STEPS - 2), 2]
    assert builder.progress == ["running", "passed"] * STEPS
    assert emulator.state()["sandboxes"] == 0


def test_every_object_is_read_again_after_the_last_step(builder: StageBuilder) -> None:
    statuses = builder.build(PASSING).play(["plugin"]).recording.routes[Route("GET", "/sandboxes/{id}")].statuses
    assert statuses == {"200": 1, "404 not_found": 1}


def test_all_steps_except_the_destroy_are_skipped_after_a_failure(builder: StageBuilder, emulator: Emulator) -> None:
    performance = builder.build(FAILING).play(["plugin"])
    assert not performance.has_passed
    failed = next(result for result in performance.results if result.outcome is Outcome.FAILED)
    assert (failed.title, failed.output.strip()) == ("no changes", "it changes")
    assert [result.outcome for result in performance.results][3:] == [Outcome.SKIPPED] * (STEPS - 4) + [Outcome.PASSED]
    assert emulator.state()["sandboxes"] == 0


def test_the_engine_is_interrupted_at_the_deadline(builder: StageBuilder) -> None:
    performance = builder.build(ENDLESS, deadline=time.monotonic()).play(["plugin", "dynamic"])
    assert performance.is_out_of_time
    assert not performance.has_passed
    assert [result.outcome for result in performance.results] == [Outcome.FAILED]


def test_a_project_does_not_inherit_the_settings_of_the_machine(
    target: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NEEV_API_KEY", "NEEVCLOUD_API_KEY", "PULUMI_ACCESS_TOKEN", "TF_VAR_secret"):
        monkeypatch.setenv(name, "of this machine")
    project = ScriptProject(tmp_path / "run", target, PREFIX)
    assert "of this machine" not in project.env.values()
    assert project.env["NEEV_API_KEY"] == target.api_key
    assert project.env[RUN_VARIABLE] == PREFIX
    assert project.env["NEEV_DEFAULT_LABELS"] == f"acceptance-run={PREFIX}"
    assert (project.directory / "tree" / "a.txt").exists()


def test_each_adapter_runs_its_engine_with_its_form_of_the_program(target: Settings, tmp_path: Path) -> None:
    engines = Engines(Path("/pulumi/bin"), Path("/bin/tofu"))
    story = Story(PREFIX)
    files = {"plugin": "Pulumi.yaml", "dynamic": "program.json", "terraform": "main.tf.json"}
    for adapter, file in files.items():
        project = engines.open_project(adapter, tmp_path / adapter, target, PREFIX)
        project.write(story.first_program())
        assert f"{PREFIX}-box" in (project.directory / file).read_text()
        first = str(project.arguments_of(Command.UPDATE)[0])
        assert first == ("/bin/tofu" if adapter == "terraform" else "pulumi")
        assert isinstance(project, TerraformProject) == (adapter == "terraform")
        assert isinstance(project, DynamicProject) == (adapter == "dynamic")
