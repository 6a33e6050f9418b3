"""A scenario that creates, refreshes and destroys many sandboxes with the engine and the plugin, and measures that."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from tests.chaos.repair import is_plugin
from tests.engine.project import PulumiProject, out_of_band_request

from neev_emulator.settings import RandomFaults, Settings, with_create_seconds
from neev_emulator.testing import Emulator, serve

CREATE_SECONDS = 1.0
FAULTS, RATE = 0.02, 50.0
"""The share of requests that get a fault, and the maximum requests a second."""
MAX_RUNS = 3
"""The maximum runs of a command until it succeeds. Later runs have little left to do, and may get faults again."""
COMMANDS = ("up", "refresh", "destroy")


@dataclass
class LoadFigures:
    """The measurements of one run."""

    requests: dict[str, int] = field(default_factory=dict)
    """The number of requests by command."""
    throttled_requests: int = 0
    """The number of requests with status 429."""
    injected_faults: int = 0
    """The number of requests with a fault."""
    runs: dict[str, int] = field(default_factory=dict)
    """The number of runs of each command until it succeeded."""
    seconds: dict[str, float] = field(default_factory=dict)
    memory: int = 0
    """The maximum resident bytes of the largest plugin process."""

    @property
    def total(self) -> int:
        """Return the number of all requests."""
        return sum(self.requests.values())


def run_load(number: int, pulumi_bin: Path, directory: Path, *, without_faults: bool = False) -> LoadFigures:
    """Create the sandboxes, assert that each exists exactly once, and destroy them."""
    troubled = Settings(rate_limit=RATE, random_faults=RandomFaults(rate=FAULTS, seed=number))
    with serve(with_create_seconds(CREATE_SECONDS, Settings() if without_faults else troubled)) as emulator:
        project = PulumiProject(directory, pulumi_bin, emulator)
        project.write_yaml({f"box-{index}": {"type": "neev:index:Sandbox"} for index in range(number)})
        figures = LoadFigures()
        with _measure_memory(project, figures):
            for command in COMMANDS:
                _run_until_done(project, command, figures)
                _check_consistent(project, 0 if command == "destroy" else number)
        return figures


def _run_until_done(project: PulumiProject, command: str, figures: LoadFigures) -> None:
    """Run the command until it succeeds, and add its measurements to the figures."""
    emulator = project.emulator
    emulator.clear_log()
    further = () if command == "refresh" else ("--continue-on-error",)
    started = time.monotonic()
    for run in range(1, MAX_RUNS + 1):
        ended = project.run_pulumi(
            command, "--yes", "--skip-preview", "--parallel", "512", *further, env={"PULUMI_SKIP_CHECKPOINTS": "true"}
        )
        figures.runs[command] = run
        if ended.returncode == 0:
            break
    else:
        raise AssertionError(ended.text)
    figures.seconds[command] = time.monotonic() - started
    log = emulator.requests
    figures.requests[command] = len(log)
    figures.throttled_requests += sum(item["fault"] == "rate_limit" for item in log)
    figures.injected_faults += sum(item["fault"] not in (None, "rate_limit") for item in log)


def _check_consistent(project: PulumiProject, number: int) -> None:
    """Assert that the state and the API hold the same sandboxes, and this number of them."""
    resources = project.export()["deployment"].get("resources", [])
    held = sorted(resource["id"] for resource in resources if resource["type"] == "neev:index:Sandbox")
    assert len(held) == number
    assert held == sorted(_list_sandbox_ids(project.emulator))


def _list_sandbox_ids(emulator: Emulator) -> Iterator[str]:
    # the requests of this check must not get faults
    settings: Any = emulator.control("GET", "settings")
    emulator.change_settings(rate_limit=None, random_faults={"rate": 0})
    page, total = 1, 1
    while (page - 1) * 100 < total:
        answer = out_of_band_request(emulator, "GET", f"/sandboxes?limit=100&page={page}")
        page, total = page + 1, answer["total"]
        yield from (item["id"] for item in answer["items"])
    emulator.change_settings(rate_limit=settings["rate_limit"], random_faults=settings["random_faults"])


@contextlib.contextmanager
def _measure_memory(project: PulumiProject, figures: LoadFigures) -> Iterator[None]:
    """Measure the memory of the plugin's processes and add it to the figures."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            for process in filter(is_plugin, project.list_processes()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    figures.memory = max(figures.memory, process.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()
