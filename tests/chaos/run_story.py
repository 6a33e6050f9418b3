"""Plays a story through the real engine, with the plugin and an emulator in processes of their own."""

from __future__ import annotations

import contextlib
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
from tests.chaos import invariants
from tests.chaos.emulator_process import Platform
from tests.chaos.neighbour import Neighbour
from tests.chaos.repair import is_plugin, mended, repair
from tests.chaos.rigs import Rig, grow_trees
from tests.chaos.stories import AfterSeconds, AtRequest, Kill, Step, Story, Victim
from tests.engine.adapters import FACES
from tests.engine.project import SECONDS, Pulumi

LOOK = 0.01
"""Seconds between two looks at whether the moment has come."""


@dataclass
class Tale:
    """What happened."""

    kills: list[tuple[Victim, str]] = field(default_factory=list)
    """The victims that were found alive, and the command that was under way."""
    said: str = ""
    """What the command said that was struck last."""


def play(story: Story, directory: Path, engine: Path, tale: Tale) -> None:
    """The story has been played and is told, everything agreed after every step, and nothing is left of it.

    What a second stack has beside it is never touched.
    """
    with Platform(directory / "platform") as platform:
        project = Pulumi(directory, engine, platform.emulator)
        grow_trees(project.directory)
        neighbour = Neighbour(directory / "neighbour", engine, project)
        play = _Play(project, platform, story.face, tale, neighbour)
        *steps, last = story.steps
        try:
            for number, step in enumerate(steps, 1):
                _with_note(play, step)
                if not neighbour.is_there and all(each.command != "destroy" for each in steps[number - 1 :]):
                    # from here on nothing of its name is created, which would be refused as it should
                    neighbour.come()
            play.nothing_is_planned()
            _with_note(play, last if tale.kills else replace(last, kill=story.last_chance))
            neighbour.go()
            invariants.empty(project)
        finally:
            for process in project.processes():
                process.kill()


def _with_note(play: _Play, step: Step) -> None:
    try:
        play.step(step)
    except AssertionError as error:
        error.add_note(f"in {step}; the struck command had said:\n{play.tale.said}")
        raise


@dataclass
class _Play:
    project: Pulumi
    platform: Platform
    face: str
    tale: Tale
    neighbour: Neighbour

    def step(self, step: Step) -> None:
        """The command's aim is reached, whatever was killed on the way."""
        rig = step.rig
        self._write(rig)
        if step.kill is not None and self._struck(step.command, step.kill):
            self.tale.kills.append((step.kill.victim, step.command))
            repair(self.project, step.kill.victim)
            rig = mended(self.project, rig)
            self._write(rig)
        if step.command == "destroy":
            self.project.destroy()
            self._agree({})
            return
        if step.command == "refresh":
            self.project.refresh()
        self.project.up()
        self._agree(rig)

    def nothing_is_planned(self) -> None:
        """The program is as everything is."""
        plan = self.project.pulumi("preview", "--expect-no-changes", "--diff")
        assert plan.returncode == 0, plan.text

    def _agree(self, rig: Rig) -> None:
        invariants.agree(self.project, rig, self.neighbour.ids)
        self.neighbour.is_untouched()

    def _write(self, rig: Rig) -> None:
        FACES[self.face](self.project, rig)

    def _struck(self, command: str, kill: Kill) -> bool:
        """Whether the command's moment came; the process was killed then, and the command has ended."""
        emulator = self.project.emulator
        if isinstance(kill.moment, AtRequest):
            emulator.add_fault("hang", method=kill.moment.method, skip=kill.moment.number - 1, act=kill.moment.act)
        engine = self.project.start(command, "--yes", "--skip-preview")
        struck = self._has_come(engine, kill) and self._killed(engine, kill.victim)
        self.tale.said = "".join(engine.communicate(timeout=SECONDS))
        emulator.control("DELETE", "faults")
        return struck

    def _has_come(self, engine: subprocess.Popen[str], kill: Kill) -> bool:
        """Whether the moment came before the command was over."""
        started = time.monotonic()
        while engine.poll() is None:
            if isinstance(kill.moment, AfterSeconds):
                if time.monotonic() - started >= kill.moment.seconds:
                    return True
            elif not self.project.emulator.control("GET", "faults"):
                return True
            time.sleep(LOOK)
        return False

    def _killed(self, engine: subprocess.Popen[str], victim: Victim) -> bool:
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
            plugins = _plugins(engine.pid)
        for plugin in plugins:
            with contextlib.suppress(psutil.NoSuchProcess):
                plugin.kill()
        return bool(plugins)


def _plugins(engine: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return list(filter(is_plugin, psutil.Process(engine).children(recursive=True)))
    return []
