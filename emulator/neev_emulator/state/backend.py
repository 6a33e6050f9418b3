"""The state of one emulator: projects, sandboxes, snapshots, agents and the clock."""

import hashlib
import secrets
import tempfile
from pathlib import Path
from typing import Any

from neev_emulator import operating_system
from neev_emulator.clock import Clock
from neev_emulator.runtime import MountNamespaces, SandboxHost, file_tree
from neev_emulator.runtime.isolation import Isolation
from neev_emulator.settings import Settings
from neev_emulator.state.background_tasks import BackgroundTasks
from neev_emulator.state.catalog import REGIONS
from neev_emulator.state.collection import Collection
from neev_emulator.state.empty_storage import EmptyStorage
from neev_emulator.state.expiration import hard_expires_at, idle_expires_at, next_event
from neev_emulator.state.metrics import MetricsRecorder
from neev_emulator.state.records import AgentRecord, Record, SandboxRecord, SnapshotRecord
from neev_emulator.state.storage import SandboxStorage
from neev_emulator.state.store import Store
from neev_emulator.state.timers import TimerKey, TimerQueue

ORG_ID = "org-emulator"
STATE_FILE = "state.sqlite"
PROJECT_IDS = ("project-emulator", "project-other")
_RUNTIME_UNAVAILABLE_REASON = operating_system.explain_missing_runtime()


class Backend:
    """The whole state of an emulator, empty or loaded from a directory.

    Args:
        settings: Initial durations, quotas and limits; `reset` restores them.
        clock: The time; tests can pass one that moves only by `advance`.
        data: Directory that keeps the state after a restart; by default a temporary one, which is removed.
        api_key: The only valid key; by default a random one, stored in `data`.
        mounts: Mount namespaces for the commands of sandboxes.
        isolation: What isolates sandboxes; by default nothing does.
        runtime_unavailable_reason: Why sandboxes have no files and commands; by default what this system says.
    """

    def __init__(  # noqa: PLR0913
        self,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        data: Path | None = None,
        api_key: str | None = None,
        mounts: MountNamespaces | None = None,
        isolation: Isolation | None = None,
        runtime_unavailable_reason: str | None = _RUNTIME_UNAVAILABLE_REASON,
    ) -> None:
        self.initial_settings = settings or Settings()
        self.settings = self.initial_settings
        self.clock = clock or Clock()
        self.org_id = ORG_ID
        self.project_ids = PROJECT_IDS
        self.region = REGIONS[0]
        self._is_temporary = data is None
        self.directory = _prepare_directory(data or Path(tempfile.mkdtemp(prefix="neev-emulator-")))
        self.mounts = mounts or MountNamespaces(self.directory)
        self.store = Store(None if self._is_temporary else self.directory / STATE_FILE)
        self.api_key = self._load_or_store("api_key", api_key or f"nv_{secrets.token_urlsafe(24)}")
        self.signing_key = self._load_or_store("signing_key", secrets.token_hex(32))
        self.clock.offset += float(self._load_or_store("clock_offset", "0"))
        self.background_tasks = BackgroundTasks()
        self.runtime_unavailable_reason = runtime_unavailable_reason
        self.storage = self._create_storage(isolation)
        self.metrics = MetricsRecorder(self.clock.now)
        self.timers = TimerQueue()
        self.sandboxes = Collection("Sandbox", SandboxRecord, self.store)
        self.snapshots = Collection("Snapshot", SnapshotRecord, self.store)
        self.agents = Collection("Agent", AgentRecord, self.store)
        self._collections: dict[type[Record], Collection[Any]] = {
            SandboxRecord: self.sandboxes,
            SnapshotRecord: self.snapshots,
            AgentRecord: self.agents,
        }
        self.reschedule_all()

    @property
    def has_runtime(self) -> bool:
        """Return whether sandboxes have files and commands."""
        return self.runtime_unavailable_reason is None

    @property
    def caller(self) -> str:
        """Return the creator of objects: a hash of the key."""
        return f"key_{hashlib.sha256(self.api_key.encode()).hexdigest()[:12]}"

    def save(self, *records: Record) -> None:
        """Store the records and schedule their next changes."""
        with self.store.transaction():
            for record in records:
                self._collections[type(record)].put(record)
                self.schedule(record)

    def delete(self, *records: Record) -> None:
        """Delete the records and their files."""
        with self.store.transaction():
            for record in records:
                self._collections[type(record)].drop(record)
        for record in records:
            self.storage.discard(record.id)
            self.metrics.discard(record.id)

    def find_snapshots(self, sandbox_id: str) -> list[SnapshotRecord]:
        """Return the snapshots of this sandbox, the newest first."""
        return [snapshot for snapshot in reversed(self.snapshots.all()) if snapshot.sandbox_id == sandbox_id]

    def find_agent(self, sandbox_id: str) -> AgentRecord | None:
        """Return the agent of this sandbox."""
        return next((agent for agent in self.agents.all() if agent.sandbox_id == sandbox_id), None)

    def idle_expires_at(self, sandbox: SandboxRecord) -> float | None:
        """Return when the sandbox is stopped if it stays idle."""
        return idle_expires_at(sandbox, self.settings.account, self.storage.touched_at(sandbox.id))

    def hard_expires_at(self, sandbox: SandboxRecord) -> float | None:
        """Return when the sandbox is stopped regardless of activity."""
        return hard_expires_at(sandbox, self.settings.account)

    def use(self, sandbox: SandboxRecord) -> SandboxHost:
        """Return the host of the sandbox; measure its usage while it is active."""
        self.timers.schedule(TimerKey("Usage", sandbox.id), self.clock.now() + self.settings.sample_seconds)
        return self.storage.use(sandbox)

    async def measure(self, sandbox: SandboxRecord) -> None:
        """Measure the sandbox's usage, unless it is gone; repeat later while it is active."""
        host = self.storage.find_host(sandbox.id)
        if host is None:
            return
        sample = await self.metrics.measure(sandbox.id, host)
        later = sample.at + self.settings.sample_seconds
        if sample.usage.process_count or self.storage.touched_at(sandbox.id) > sample.at - self.settings.sample_seconds:
            self.timers.schedule(TimerKey("Usage", sandbox.id), later)

    def change_settings(self, settings: Settings) -> None:
        """Apply the settings, also to the expiration of existing sandboxes."""
        self.settings = settings
        self.reschedule_all()

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self.clock.advance(seconds)
        self.store.put("Setting", "clock_offset", lambda: str(self.clock.offset))
        self.timers.changed.set()

    def reschedule_all(self) -> None:
        """Schedule the next change of every record."""
        for record in [*self.sandboxes.all(), *self.snapshots.all()]:
            self.schedule(record)

    def schedule(self, record: Record) -> None:
        """Schedule the next time-based change of the record."""
        if isinstance(record, SandboxRecord):
            event = next_event(record, self.settings.account, self.storage.touched_at(record.id))
            if event is not None:
                self.timers.schedule(TimerKey("Sandbox", record.id), event.at)
        elif isinstance(record, SnapshotRecord) and record.expires_at is not None:
            self.timers.schedule(TimerKey("Snapshot", record.id), record.expires_at)

    async def open(self) -> None:
        """Remove processes and files that a killed emulator has left."""
        sandboxes = self.sandboxes.all()
        await self.storage.remove_stale(sandboxes, {record.id for record in [*sandboxes, *self.snapshots.all()]})

    async def reset(self) -> None:
        """Delete everything and restore the first settings."""
        self.delete(*self.agents.all(), *self.snapshots.all(), *self.sandboxes.all())
        self.change_settings(self.initial_settings)
        await self.background_tasks.join()

    async def close(self) -> None:
        """End all processes of sandboxes and release the directory."""
        await self.storage.stop()
        await self.background_tasks.join()
        self.mounts.close()
        self.store.close()
        if self._is_temporary:
            self.storage.remove_all(self.directory)

    def _create_storage(self, isolation: Isolation | None) -> SandboxStorage | EmptyStorage:
        if self.runtime_unavailable_reason is not None:
            return EmptyStorage(self.clock, self.runtime_unavailable_reason)
        return SandboxStorage(
            self.directory,
            self.clock,
            self.background_tasks,
            mounts=self.mounts,
            isolation=isolation,
            find_sandbox=lambda key: self.sandboxes.get(key),  # noqa: PLW0108 - it does not exist yet
        )

    def _load_or_store(self, name: str, default: str) -> str:
        value = self.store.get("Setting", name) or default
        self.store.put("Setting", name, lambda: value)
        return value


def _prepare_directory(directory: Path) -> Path:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A directory with other content keeps its mode: the emulator protects its own files.
    is_own = (directory / STATE_FILE).exists() or not any(directory.iterdir())
    if is_own and operating_system.is_own(directory):
        return file_tree.create_private_directory(directory)
    return directory.resolve()
