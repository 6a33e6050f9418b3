"""Plays a story through the real engine, with the plugin and an emulator in processes of their own."""

from __future__ import annotations

import contextlib
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
from tests.chaos import invariants
from tests.chaos.emulator_process import EmulatorProcess
from tests.chaos.neighbour import NeighbourStack
from tests.chaos.repair import is_plugin, repair, repair_program
from tests.chaos.rigs import Rig, write_source_trees
from tests.chaos.stories import AfterSeconds, AtRequest, Kill, Step, Story, Victim
from tests.engine.adapters import ADAPTERS
from tests.engine.project import COMMAND_TIMEOUT_SECONDS, PulumiProject

POLL_INTERVAL = 0.01
"""Seconds between two looks at whether the moment has come."""


@dataclass
class StoryResult:
    """What happened."""

    kills: list[tuple[Victim, str]] = field(default_factory=list)
    """The victims that were found alive, and the command that was under way."""
    output: str = ""
    """What the command said that was struck last."""


def run_story(story: Story, directory: Path, pulumi_bin: Path, result: StoryResult) -> None:
    """The story has been played and is told, everything agreed after every step, and nothing is left of it.

    What a second stack has beside it is never touched.
    """
    with EmulatorProcess(directory / "platform") as platform:
        project = PulumiProject(directory, pulumi_bin, platform.emulator)
        write_source_trees(project.directory)
        neighbour = NeighbourStack(directory / "neighbour", pulumi_bin, project)
        play = _StoryRunner(project, platform, story.adapter, result, neighbour)
        *steps, last = story.steps
        try:
            for number, step in enumerate(steps, 1):
                _run_annotated(play, step)
                if not neighbour.exists and all(item.command != "destroy" for item in steps[number - 1 :]):
                    # from here on nothing of its name is created, which would be refused as it should
                    neighbour.create()
            play.check_no_changes()
            _run_annotated(play, last if result.kills else replace(last, kill=story.final_kill))
            neighbour.destroy()
            invariants.check_empty(project)
        finally:
            for process in project.list_processes():
                process.kill()


def _run_annotated(play: _StoryRunner, step: Step) -> None:
    try:
        play.run_step(step)
    except AssertionError as error:
        error.add_note(f"in {step}; the struck command had said:\n{play.result.output}")
        raise


@dataclass
class _StoryRunner:
    project: PulumiProject
    platform: EmulatorProcess
    adapter: str
    result: StoryResult
    neighbour: NeighbourStack

    def run_step(self, step: Step) -> None:
        """The command's aim is reached, whatever was killed on the way."""
        rig = step.rig
        self._write(rig)
        if step.kill is not None and self._run_and_kill(step.command, step.kill):
            self.result.kills.append((step.kill.victim, step.command))
            repair(self.project, step.kill.victim)
            rig = repair_program(self.project, rig)
            self._write(rig)
        if step.command == "destroy":
            self.project.destroy()
            self._check_invariants({})
            return
        if step.command == "refresh":
            self.project.refresh()
        self.project.up()
        self._check_invariants(rig)

    def check_no_changes(self) -> None:
        """The program is as everything is."""
        plan = self.project.run_pulumi("preview", "--expect-no-changes", "--diff")
        assert plan.returncode == 0, plan.text

    def _check_invariants(self, rig: Rig) -> None:
        invariants.check_invariants(self.project, rig, self.neighbour.ids)
        self.neighbour.check_untouched()

    def _write(self, rig: Rig) -> None:
        ADAPTERS[self.adapter](self.project, rig)

    def _run_and_kill(self, command: str, kill: Kill) -> bool:
        """Whether the command's moment came; the process was killed then, and the command has ended."""
        emulator = self.project.emulator
        if isinstance(kill.moment, AtRequest):
            emulator.add_fault(
                "delay",
                method=kill.moment.method,
                skip=kill.moment.number - 1,
                execute_first=kill.moment.executes_first,
            )
        engine = self.project.start_pulumi(command, "--yes", "--skip-preview")
        injected = self._wait_for_moment(engine, kill) and self._kill(engine, kill.victim)
        self.result.output = "".join(engine.communicate(timeout=COMMAND_TIMEOUT_SECONDS))
        emulator.control("DELETE", "faults")
        return injected

    def _wait_for_moment(self, engine: subprocess.Popen[str], kill: Kill) -> bool:
        """Whether the moment came before the command was over."""
        started = time.monotonic()
        while engine.poll() is None:
            if isinstance(kill.moment, AfterSeconds):
                if time.monotonic() - started >= kill.moment.seconds:
                    return True
            elif not self.project.emulator.control("GET", "faults"):
                return True
            time.sleep(POLL_INTERVAL)
        return False

    def _kill(self, engine: subprocess.Popen[str], victim: Victim) -> bool:
        """Whether the victim was alive to be killed."""
        if victim is Victim.PLATFORM:
            self.platform.kill()
            self.platform.restart()
            return True
        if victim is Victim.ENGINE:
            engine.kill()
            return True
        plugins: list[psutil.Process] = []
        while engine.poll() is None and not plugins:
            plugins = _plugin_processes(engine.pid)
        for plugin in plugins:
            with contextlib.suppress(psutil.NoSuchProcess):
                plugin.kill()
        return bool(plugins)


def _plugin_processes(engine: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return list(filter(is_plugin, psutil.Process(engine).children(recursive=True)))
    return []
