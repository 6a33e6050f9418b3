"""One performance of the story: every adapter, one after another, against one target through the proxy."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from neev_provider.client import Api, connect
from neev_provider.client.settings import Settings
from neev_provider.core.errors import NeevError
from tools.acceptance.engines import EngineProject, OutOfTimeError, kill_processes
from tools.acceptance.ledger import Ledger
from tools.acceptance.proxy import Proxy
from tools.acceptance.recording import Recording
from tools.acceptance.story import Command, Step, Story


class Outcome(Enum):
    """How a step ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    RUNNING = "running"


@dataclass
class StepResult:
    """A step of one adapter."""

    adapter: str
    title: str
    outcome: Outcome = Outcome.RUNNING
    seconds: float = 0.0
    requests: int = 0
    output: str = ""
    """The output of the engine, if the step failed."""


@dataclass
class Performance:
    """The results of the steps, and what was answered."""

    results: list[StepResult] = field(default_factory=list)
    recording: Recording = field(default_factory=Recording)
    secrets: set[str] = field(default_factory=set)
    """The secret values of the programs."""
    is_out_of_time: bool = False

    @property
    def has_passed(self) -> bool:
        """Return whether every step passed."""
        return not self.is_out_of_time and all(result.outcome is Outcome.PASSED for result in self.results)


@dataclass
class Stage:
    """Where a story is played: a target, the projects of the engines, and what limits them."""

    target: Settings
    open_project: Callable[[str, Path, Settings, str], EngineProject]
    """Returns a new project of an adapter in a directory, for a target and the prefix of the run."""
    ledger: Ledger
    directory: Path
    deadline: float
    """By the monotonic clock."""
    on_progress: Callable[[Performance], None]
    performance: Performance = field(default_factory=Performance)

    def play(self, adapters: Sequence[str]) -> Performance:
        """Play the story with these adapters and return what happened, also if the time is over."""
        with Proxy(self.target, self.performance.recording, self.ledger) as proxy:
            try:
                for adapter in adapters:
                    self._play_adapter(adapter, proxy.settings)
            except OutOfTimeError:
                self.performance.is_out_of_time = True
            finally:
                # hosts and providers may outlive an engine
                kill_processes(self.ledger.prefix)
            asyncio.run(self._read_created(proxy.settings))
        return self.performance

    def _play_adapter(self, adapter: str, settings: Settings) -> None:
        prefix = self.ledger.prefix
        story = Story(f"{prefix}-{adapter}")
        self.performance.secrets |= story.secrets
        project = self.open_project(adapter, self.directory / adapter, settings, prefix)
        has_failed = False
        for step in story.steps:
            result = StepResult(adapter, step.title)
            self.performance.results.append(result)
            if has_failed and step.command is not Command.DESTROY:
                result.outcome = Outcome.SKIPPED
                continue
            self._play_step(project, step, result)
            has_failed = has_failed or result.outcome is Outcome.FAILED

    def _play_step(self, project: EngineProject, step: Step, result: StepResult) -> None:
        self.on_progress(self.performance)
        recording, started = self.performance.recording, time.monotonic()
        requests = recording.requests
        try:
            project.write(step.program(self.ledger.find_id))
            done = project.run(step.command, deadline=self.deadline)
        except BaseException:
            result.outcome = Outcome.FAILED
            raise
        else:
            result.outcome = Outcome.PASSED if done.succeeded else Outcome.FAILED
            result.output = "" if done.succeeded else done.text
        finally:
            result.seconds = time.monotonic() - started
            result.requests = recording.requests - requests
            self.on_progress(self.performance)

    async def _read_created(self, settings: Settings) -> None:
        """Read everything that was created once more: what was deleted is not found, on every target."""
        async with connect(settings) as api:
            for kind, id, _name in self.ledger.created:
                with contextlib.suppress(NeevError):
                    await _read_one(api, kind, id)


async def _read_one(api: Api, kind: str, id: str) -> None:
    read = {"sandboxes": api.sandboxes.get, "agents": api.agents.get, "snapshots": api.snapshots.get}
    await read[kind](id)
