"""Stories: the commands, and which process is killed at which moment, all derived from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.chaos import rigs
from tests.chaos.rigs import Rig

STEPS = 3
COMMANDS = ("up", "up", "up", "refresh", "destroy")
REQUESTS = {
    "up": (("POST", 3), ("POST", 1), ("*", 6), ("*", 2), ("*", 1), ("*", 1), ("PATCH", 1), ("DELETE", 1)),
    "refresh": (("GET", 1),),
    "destroy": (("DELETE", 2), ("*", 3)),
}
"""The requests at which a kill occurs: the method, and the highest number of a request."""
SECONDS = (0.1, 2.0)
"""The range of the command's age in seconds for a kill that is not at a request."""
FIRST_KILL_SHARE, SECOND_KILL_SHARE, TIMED_KILL_SHARE, EXECUTE_FIRST_SHARE = 0.4, 0.5, 0.3, 0.5
SECOND_ADAPTER_EVERY_NTH = 4
"""One of so many stories uses dynamic resources in the place of the plugin, or Terraform in the place of OpenTofu."""
PULUMI, TERRAFORM, ALL = "pulumi", "terraform", "all"
"""Which stories there are for a seed: one of Pulumi, one of Terraform or OpenTofu, or both."""
GROUPS = {PULUMI: ("plugin", "dynamic"), TERRAFORM: ("tofu", "terraform")}
"""The adapters of stories, the more frequent one first."""


class Victim(StrEnum):
    """The process that is killed with kill -9, or the engine that is interrupted."""

    ENGINE = "engine"
    PLUGIN = "plugin"
    PLATFORM = "emulator"
    INTERRUPTED = "Ctrl-C"
    """Only of Terraform and OpenTofu, which then store everything that exists."""


VICTIMS = {
    **dict.fromkeys(GROUPS[PULUMI], (Victim.ENGINE, Victim.PLUGIN, Victim.PLATFORM)),
    **dict.fromkeys(GROUPS[TERRAFORM], tuple(Victim)),
}
"""The victims of stories by their adapter."""


@dataclass(frozen=True)
class AtRequest:
    """The moment at which the API handles the command's n-th request of this method (`*`: any)."""

    number: int
    method: str
    executes_first: bool

    def __str__(self) -> str:
        method = "request" if self.method == "*" else self.method
        return f"at {method} {self.number}, {'done' if self.executes_first else 'not done'}"


@dataclass(frozen=True)
class AfterSeconds:
    """The moment so many seconds after the start of the command."""

    seconds: float

    def __str__(self) -> str:
        return f"after {self.seconds:.2f} s"


@dataclass(frozen=True)
class Kill:
    """The kill of one process."""

    victim: Victim
    moment: AtRequest | AfterSeconds

    def __str__(self) -> str:
        return f"{self.victim} killed {self.moment}"


@dataclass(frozen=True)
class Step:
    """One command of the engine for one program, and the kill during it."""

    command: str
    rig: Rig
    kill: Kill | None

    def __str__(self) -> str:
        return f"{self.command} ({self.kill})" if self.kill else self.command


@dataclass(frozen=True)
class Story:
    """Commands through one adapter. The last one destroys everything."""

    seed: int
    adapter: str
    steps: list[Step]
    final_kill: Kill
    """The kill during the last command if no earlier one occurred. Its moment always occurs."""


def generate_stories(seed: int, which: str) -> list[Story]:
    """Return the stories of this seed: one of Pulumi, one of Terraform or OpenTofu, or both."""
    groups = GROUPS.values() if which == ALL else [GROUPS[which]]
    return [generate_story(seed, adapters[seed % SECOND_ADAPTER_EVERY_NTH == 0]) for adapters in groups]


def generate_story(seed: int, adapter: str) -> Story:
    """Return a story: an update, two commands with at least one kill, and the destroy."""
    random, victims = Random(seed), VICTIMS[adapter]
    rig = rigs.create_initial_rig(random)
    is_killed = random.random() < FIRST_KILL_SHARE
    steps = [Step("up", rig, _choose_kill("up", victims, random) if is_killed else None)]
    injected = random.randrange(1, STEPS)
    for number in range(1, STEPS):
        command = "up" if steps[-1].command == "destroy" else random.choice(COMMANDS)
        if command == "up":
            rig = rigs.apply_changes(rig, random)
        is_killed = number == injected or random.random() < SECOND_KILL_SHARE
        steps.append(Step(command, rig, _choose_kill(command, victims, random) if is_killed else None))
    if steps[-1].command != "destroy":
        steps.append(Step("destroy", rig, None))
    return Story(seed, adapter, steps, kill_at_first_delete(random.choice(victims)))


def kill_at_first_delete(victim: Victim) -> Kill:
    """Return the kill of this process at the first delete."""
    return Kill(victim, AtRequest(1, "DELETE", executes_first=True))


def _choose_kill(command: str, victims: Sequence[Victim], random: Random) -> Kill:
    victim = random.choice(victims)
    if random.random() < TIMED_KILL_SHARE:
        return Kill(victim, AfterSeconds(random.uniform(*SECONDS)))
    method, last = random.choice(REQUESTS[command])
    return Kill(
        victim, AtRequest(random.randint(1, last), method, executes_first=random.random() < EXECUTE_FIRST_SHARE)
    )
