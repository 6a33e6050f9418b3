"""What time does by itself: idle windows, lifetimes, retention, and deletes that come to their end."""

import asyncio

from neev_emulator.state.backend import World
from neev_emulator.state.expiration import next_event
from neev_emulator.state.records import Sandbox
from neev_emulator.state.sandboxes import stop, terminate
from neev_emulator.state.timers import Key


async def settle(world: World) -> None:
    """Everything that is due by now has happened, each at its own time."""
    while key := world.calendar.pop(world.clock.now()):
        await _look(world, key)


async def run(world: World) -> None:
    """Settles whenever something comes due, until it is cancelled."""
    while True:
        world.calendar.changed.clear()
        await settle(world)
        due = world.calendar.next_at()
        wait = None if due is None else max(0.0, due - world.clock.now())
        try:
            await asyncio.wait_for(world.calendar.changed.wait(), wait)
        except TimeoutError:
            continue


async def _look(world: World, key: Key) -> None:
    if key.kind == "Snapshot":
        if snapshot := world.snapshots.get(key.id):
            world.forget(snapshot)
        return
    sandbox = world.sandboxes.get(key.id)
    if sandbox is None:
        return
    if key.kind == "Usage":
        world.chores.add(world.measure(sandbox))
        return
    event = next_event(sandbox, world.settings.account, world.files.touched_at(key.id))
    if event is None:
        return
    if event.at > world.clock.now():
        world.plan(sandbox)
    elif event.what == "gone":
        _remove(world, sandbox)
    elif event.what == "stop" and sandbox.lifecycle.on_idle == "pause":
        await stop(world, sandbox, event.at)
    else:
        terminate(world, sandbox, event.at)


def _remove(world: World, sandbox: Sandbox) -> None:
    agent = world.agent_of(sandbox.id)
    world.forget(*([agent] if agent else []), *world.snapshots_of(sandbox.id), sandbox)
