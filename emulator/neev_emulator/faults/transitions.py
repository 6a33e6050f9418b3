"""Courses that go wrong: phases that nobody knows, that never come, or that are failures."""

from collections.abc import Callable

from neev_emulator.state.backend import World
from neev_emulator.state.records import Sandbox, Snapshot

Thing = Sandbox | Snapshot
Twist = Callable[[Thing, str | None], Thing]
_A_LONG_TIME = 100 * 365 * 24 * 3600.0


def apply(world: World, ref: str, twist: Twist, word: str | None) -> None:
    """The sandbox, snapshot or agent of this id or name goes on as the twist says."""
    things: list[Thing] = [*world.sandboxes.everything(), *world.snapshots.everything()]
    backing = {name: agent.sandbox_id for agent in world.agents.everything() for name in (agent.id, agent.name)}
    for thing in things:
        if ref in (thing.id, thing.name) or backing.get(ref) == thing.id:
            world.save(twist(thing, word))


def renamed(thing: Thing, phase: str | None) -> Thing:
    """What was to be its first phase now has this name; what comes after it still comes."""
    first = thing.course[0].model_copy(update={"phase": phase})
    return thing.with_changes(course=(first, *thing.course[1:]))


def stuck(thing: Thing, phase: str | None) -> Thing:
    """Its first phase, by this name if one is given, holds for good."""
    first = thing.course[0].model_copy(update={"phase": phase or thing.course[0].phase})
    changes: dict[str, object] = {"course": (first,)}
    if thing.gone_at is not None:
        changes["gone_at"] = thing.gone_at + _A_LONG_TIME
    if isinstance(thing, Sandbox) and first.at < (thing.ready_from or 0.0):
        changes |= {"ready_from": None, "addressable_from": None, "active_from": None}
    return thing.with_changes(**changes)


def slowed(thing: Thing, seconds: float) -> Thing:
    """Its first phase lasts so much longer; what comes after it comes later."""
    first = thing.course[0]
    later = tuple(step.model_copy(update={"at": step.at + seconds}) for step in thing.course[1:])
    changes: dict[str, object] = {"course": (first, *later)}
    if thing.gone_at is not None:
        changes["gone_at"] = thing.gone_at + seconds
    if isinstance(thing, Sandbox):
        for moment in ("ready_from", "addressable_from", "active_from"):
            at = getattr(thing, moment)
            if at is not None and at > first.at:
                changes[moment] = at + seconds
    return thing.with_changes(**changes)


def failing(thing: Thing, reason: str | None) -> Thing:
    """Its course ends in failure instead."""
    failed = "Failed" if isinstance(thing, Snapshot) else "RestoreFailed"
    last = thing.course[-1].model_copy(update={"phase": failed})
    changes: dict[str, object] = {"course": (*thing.course[:-1], last)}
    if isinstance(thing, Snapshot):
        changes["error"] = reason
    return thing.with_changes(**changes)
