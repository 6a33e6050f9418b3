"""A runner that executes a story with the real engine, and with the plugin and an emulator as processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
from tests.chaos import invariants
from tests.chaos.emulator_process import EmulatorProcess
from tests.chaos.neighbour import NeighbourStack
from tests.chaos.repair import is_plugin, repair_program
from tests.chaos.rigs import Rig, write_source_trees
from tests.chaos.stacks import Engines, Stack, open_stack, run_command
from tests.chaos.stories import AfterSeconds, AtRequest, Kill, Step, Story, Victim
from tests.engine.command_result import COMMAND_TIMEOUT_SECONDS

POLL_INTERVAL = 0.01
"""The seconds between two checks for the moment of a kill."""


@dataclass
class StoryResult:
    """The outcome of a story."""

    kills: list[tuple[Victim, str]] = field(default_factory=list)
    """The victims that were alive when killed, and the command that ran then."""
    output: str = ""
    """The output of the last command with a kill."""
    has_neighbour: bool = False
    """Whether a foreign stack with the same names ran beside it."""


def run_story(story: Story, directory: Path, engines: Engines, result: StoryResult) -> None:
    """Run the story, check the invariants after every step, and destroy everything.

    A second stack with the same names must never change.
    """
    with EmulatorProcess(directory / "platform") as platform:
        stack = open_stack(story.adapter, engines, directory, platform.emulator)
        write_source_trees(stack.directory)
        neighbour = NeighbourStack(directory / "neighbour", stack)
        play = _StoryRunner(stack, platform, result, neighbour)
        *steps, last = story.steps
        try:
            for number, step in enumerate(steps, 1):
                _run_annotated(play, step)
                if not neighbour.exists and all(item.command != "destroy" for item in steps[number - 1 :]):
                    # later creates do not use its name, which the API would reject
                    neighbour.create()
                    result.has_neighbour = True
            stack.check_no_changes()
            _run_annotated(play, last if result.kills else replace(last, kill=story.final_kill))
            neighbour.destroy()
            invariants.check_empty(stack)
        finally:
            for process in stack.list_processes():
                process.kill()


def _run_annotated(play: _StoryRunner, step: Step) -> None:
    try:
        play.run_step(step)
    except AssertionError as error:
        error.add_note(f"in {step}; the output of the killed command:\n{play.result.output}")
        raise


@dataclass
class _StoryRunner:
    stack: Stack
    platform: EmulatorProcess
    result: StoryResult
    neighbour: NeighbourStack

    def run_step(self, step: Step) -> None:
        """Run the step's command, and repair and repeat it after a kill."""
        rig = step.rig
        self.stack.write_rig(rig)
        if step.kill is not None and self._run_and_kill(step.command, step.kill):
            self.result.kills.append((step.kill.victim, step.command))
            if step.kill.victim is Victim.INTERRUPTED:
                invariants.check_everything_is_stored(self.stack, self.neighbour.ids)
            self.stack.repair(step.kill.victim)
            rig = repair_program(self.stack.list_resources(), rig)
            self.stack.write_rig(rig)
        if step.command == "destroy":
            run_command(self.stack, "destroy")
            self._check_invariants({})
            return
        if step.command == "refresh":
            run_command(self.stack, "refresh")
        run_command(self.stack, "up")
        self._check_invariants(rig)

    def _check_invariants(self, rig: Rig) -> None:
        invariants.check_invariants(self.stack, rig, self.neighbour.ids)
        self.neighbour.check_untouched()

    def _run_and_kill(self, command: str, kill: Kill) -> bool:
        """Return whether the kill's moment occurred. The process is killed then, and the command has ended."""
        emulator = self.stack.emulator
        if isinstance(kill.moment, AtRequest):
            emulator.inject(
                "delay",
                method=kill.moment.method,
                skip=kill.moment.number - 1,
                execute_first=kill.moment.executes_first,
            )
        engine = self.stack.begin(command)
        injected = self._wait_for_moment(engine, kill) and self._kill(engine, kill.victim)
        self.result.output = "".join(engine.communicate(timeout=COMMAND_TIMEOUT_SECONDS))
        emulator.control("DELETE", "faults")
        return injected

    def _wait_for_moment(self, engine: subprocess.Popen[str], kill: Kill) -> bool:
        """Return whether the moment occurred before the command ended."""
        started = time.monotonic()
        while engine.poll() is None:
            if isinstance(kill.moment, AfterSeconds):
                if time.monotonic() - started >= kill.moment.seconds:
                    return True
            elif not self.stack.emulator.control("GET", "faults"):
                return True
            time.sleep(POLL_INTERVAL)
        return False

    def _kill(self, engine: subprocess.Popen[str], victim: Victim) -> bool:
        """Kill the victim and return whether it was alive."""
        if victim is Victim.PLATFORM:
            self.platform.kill()
            self.platform.restart()
            return True
        if victim is Victim.ENGINE:
            engine.kill()
            return True
        if victim is Victim.INTERRUPTED:
            os.killpg(engine.pid, signal.SIGINT)  # as a terminal does
            return True
        plugins: list[psutil.Process] = []
        while engine.poll() is None and not plugins:
            plugins = _find_plugin_processes(engine.pid)
        for plugin in plugins:
            with contextlib.suppress(psutil.NoSuchProcess):
                plugin.kill()
        return bool(plugins)


def _find_plugin_processes(engine: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return list(filter(is_plugin, psutil.Process(engine).children(recursive=True)))
    return []
