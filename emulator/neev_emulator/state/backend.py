"""The state of one emulator: projects, their sandboxes, snapshots and agents, and the clock they live by."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from neev_emulator.clock import Clock
from neev_emulator.runtime import Computer, Mounts, file_tree
from neev_emulator.settings import Settings
from neev_emulator.state.background_tasks import Chores
from neev_emulator.state.catalog import REGIONS
from neev_emulator.state.collection import Shelf
from neev_emulator.state.expiration import hard_expires_at, idle_expires_at, next_event
from neev_emulator.state.metrics import Meters
from neev_emulator.state.records import Agent, Record, Sandbox, Snapshot
from neev_emulator.state.storage import Files
from neev_emulator.state.store import Store
from neev_emulator.state.timers import Calendar, Key

ORG_ID = "org-emulator"
_STATE = "state.sqlite"
PROJECT_IDS = ("project-emulator", "project-other")


class World:
    """Everything that an emulator knows; made anew it is empty, on a directory it is what was there.

    Args:
        settings: Times, quotas and limits at the start; `reset` returns to them.
        clock: What tells the time; tests may hand in one that stands still.
        data: Directory that keeps the state over a restart; without it a temporary one is used and removed.
        api_key: The only key that is let in; without it a random one, kept in `data`.
        mounts: What makes the workspace of each sandbox /workspace for its commands.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        data: Path | None = None,
        api_key: str | None = None,
        mounts: Mounts | None = None,
    ) -> None:
        self.initial = settings or Settings()
        self.settings = self.initial
        self.clock = clock or Clock()
        self.org_id = ORG_ID
        self.project_ids = PROJECT_IDS
        self.region = REGIONS[0]
        self._temporary = data is None
        self.directory = _made(data or Path(tempfile.mkdtemp(prefix="neev-emulator-")))
        self.mounts = mounts or Mounts(self.directory)
        self.store = Store(None if self._temporary else self.directory / _STATE)
        self.api_key = self._remembered("api_key", api_key or f"nv_{secrets.token_urlsafe(24)}")
        self.signing_key = self._remembered("signing_key", secrets.token_hex(32))
        self.clock.offset += float(self._remembered("clock_offset", "0"))
        self.chores = Chores()
        self.files = Files(self.directory, self.clock, self.chores, self.mounts)
        self.meters = Meters(self.clock.now)
        self.calendar = Calendar()
        self.sandboxes = Shelf("Sandbox", Sandbox, self.store)
        self.snapshots = Shelf("Snapshot", Snapshot, self.store)
        self.agents = Shelf("Agent", Agent, self.store)
        self.reschedule()

    @property
    def caller(self) -> str:
        """Who makes things here: the key, by a name that does not give it away."""
        return f"key_{hashlib.sha256(self.api_key.encode()).hexdigest()[:12]}"

    def save(self, *records: Record) -> None:
        """The records are what is known from now on, and their next moment is planned."""
        with self.store.together():
            for record in records:
                self._shelve(record)

    def forget(self, *records: Record) -> None:
        """The records are gone, and their files with them."""
        with self.store.together():
            for record in records:
                self._unshelve(record)
        for record in records:
            self.files.discard(record.id)
            self.meters.forget(record.id)

    def snapshots_of(self, sandbox_id: str) -> list[Snapshot]:
        """The snapshots taken from this sandbox, the newest first."""
        return [snapshot for snapshot in reversed(self.snapshots.everything()) if snapshot.sandbox_id == sandbox_id]

    def agent_of(self, sandbox_id: str) -> Agent | None:
        """The agent that this sandbox runs."""
        return next((agent for agent in self.agents.everything() if agent.sandbox_id == sandbox_id), None)

    def idle_expires_at(self, sandbox: Sandbox) -> float | None:
        """When it is stopped if it stays idle."""
        return idle_expires_at(sandbox, self.settings.account, self.files.touched_at(sandbox.id))

    def hard_expires_at(self, sandbox: Sandbox) -> float | None:
        """When it is stopped regardless of activity."""
        return hard_expires_at(sandbox, self.settings.account)

    def use(self, sandbox: Sandbox) -> Computer:
        """The sandbox's computer; from now on it is measured for as long as it does something."""
        self.calendar.plan(Key("Usage", sandbox.id), self.clock.now() + self.settings.sample_seconds)
        return self.files.use(sandbox)

    async def measure(self, sandbox: Sandbox) -> None:
        """What the sandbox uses is known; once more after a while if it is busy."""
        computer = self.files.computer(sandbox)
        sample = await self.meters.read(sandbox.id, computer)
        later = sample.at + self.settings.sample_seconds
        if sample.usage.process_count or self.files.touched_at(sandbox.id) > sample.at - self.settings.sample_seconds:
            self.calendar.plan(Key("Usage", sandbox.id), later)

    def change(self, settings: Settings) -> None:
        """These settings hold for what is asked from now on, and for the account's windows."""
        self.settings = settings
        self.reschedule()

    def advance(self, seconds: float) -> None:
        """Time has moved on, and what is due can be done."""
        self.clock.advance(seconds)
        self.store.put("Setting", "clock_offset", lambda: str(self.clock.offset))
        self.calendar.changed.set()

    def reschedule(self) -> None:
        """Every record's next moment is planned."""
        for record in [*self.sandboxes.everything(), *self.snapshots.everything()]:
            self.plan(record)

    def plan(self, record: Record) -> None:
        """The next moment at which time changes this record is in the calendar."""
        if isinstance(record, Sandbox):
            event = next_event(record, self.settings.account, self.files.touched_at(record.id))
            if event is not None:
                self.calendar.plan(Key("Sandbox", record.id), event.at)
        elif isinstance(record, Snapshot) and record.expires_at is not None:
            self.calendar.plan(Key("Snapshot", record.id), record.expires_at)

    async def open(self) -> None:
        """Nothing runs or lies about that an emulator which was killed has left here."""
        sandboxes = self.sandboxes.everything()
        await self.files.tidy(sandboxes, {record.id for record in [*sandboxes, *self.snapshots.everything()]})

    async def empty(self) -> None:
        """Nothing is left of any project, and the settings are those of the start."""
        self.forget(*self.agents.everything(), *self.snapshots.everything(), *self.sandboxes.everything())
        self.change(self.initial)
        await self.chores.done()

    async def close(self) -> None:
        """No process of a sandbox runs any more, and the directory is free."""
        await self.files.stop()
        await self.chores.done()
        self.mounts.close()
        self.store.close()
        if self._temporary:
            file_tree.remove(self.directory)

    def _shelve(self, record: Record) -> None:
        match record:
            case Sandbox():
                self.sandboxes.put(record)
            case Snapshot():
                self.snapshots.put(record)
            case Agent():
                self.agents.put(record)
        self.plan(record)

    def _unshelve(self, record: Record) -> None:
        match record:
            case Sandbox():
                self.sandboxes.drop(record)
            case Snapshot():
                self.snapshots.drop(record)
            case Agent():
                self.agents.drop(record)

    def _remembered(self, name: str, first: str) -> str:
        value = self.store.get("Setting", name) or first
        self.store.put("Setting", name, lambda: value)
        return value


def _made(directory: Path) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    # One that holds other things too keeps its mode: what the emulator puts there lets nobody in by itself.
    for_this_alone = (directory / _STATE).exists() or not any(directory.iterdir())
    if for_this_alone and directory.stat().st_uid == os.geteuid():
        return file_tree.private_directory(directory)
    return directory.resolve()
