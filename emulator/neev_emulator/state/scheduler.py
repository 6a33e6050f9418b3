"""Changes over time: idle timeouts, lifetimes, retention and the end of deletes."""

import asyncio

from neev_emulator.state.backend import Backend
from neev_emulator.state.expiration import next_event
from neev_emulator.state.records import SandboxRecord
from neev_emulator.state.sandboxes import stop, terminate
from neev_emulator.state.timers import TimerKey


async def run_due(backend: Backend) -> None:
    """Handle everything that is due, each at its own time."""
    while key := backend.timers.pop_due(backend.clock.now()):
        await _handle_due(backend, key)


async def run(backend: Backend) -> None:
    """Handle what is due until cancelled."""
    while True:
        backend.timers.changed.clear()
        await run_due(backend)
        due = backend.timers.next_due_at()
        wait = None if due is None else max(0.0, due - backend.clock.now())
        try:
            await asyncio.wait_for(backend.timers.changed.wait(), wait)
        except TimeoutError:
            continue


async def _handle_due(backend: Backend, key: TimerKey) -> None:
    if key.kind == "Snapshot":
        if snapshot := backend.snapshots.get(key.id):
            backend.delete(snapshot)
        return
    sandbox = backend.sandboxes.get(key.id)
    if sandbox is None:
        return
    if key.kind == "Usage":
        backend.background_tasks.add(backend.measure(sandbox))
        return
    event = next_event(sandbox, backend.settings.account, backend.storage.touched_at(key.id))
    if event is None:
        return
    if event.at > backend.clock.now():
        backend.schedule(sandbox)
    elif event.action == "gone":
        _delete(backend, sandbox)
    elif event.action == "stop" and sandbox.lifecycle.on_idle == "pause":
        await stop(backend, sandbox, event.at)
    else:
        terminate(backend, sandbox, event.at)


def _delete(backend: Backend, sandbox: SandboxRecord) -> None:
    agent = backend.find_agent(sandbox.id)
    backend.delete(*([agent] if agent else []), *backend.find_snapshots(sandbox.id), sandbox)
