"""The sweep: delete everything that a run created, and look until nothing of it is left."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus

from neev_provider.client import Api
from neev_provider.core.errors import ApiError, NeevError
from tools.acceptance.engines import RUN_LABEL
from tools.acceptance.ledger import Created, LedgerEntries

SWEEP_SECONDS = 300.0
"""Seconds after which the sweep gives up."""
LATE_SECONDS = 30.0
"""Seconds for which a create without an outcome may still appear."""
INTERVAL = 1.0


@dataclass
class SweepResult:
    """What the sweep deleted, and what it could not."""

    deleted: list[Created] = field(default_factory=list)
    remaining: list[Created] = field(default_factory=list)
    problem: str | None = None
    """Why the sweep does not know whether anything remains, or ``None``."""

    @property
    def is_clean(self) -> bool:
        """Return whether nothing is left."""
        return not self.remaining and self.problem is None


async def sweep(
    api: Api, prefix: str, entries: LedgerEntries, *, seconds: float = SWEEP_SECONDS, interval: float = INTERVAL
) -> SweepResult:
    """Delete what the ledger names, and what has the prefix or the label of the run."""
    result, started = SweepResult(), time.monotonic()
    unresolved = set(entries.starting)
    while True:
        try:
            result.remaining = await find_objects(api, prefix, entries.created)
            result.problem = None
            unresolved -= {item.name for item in result.remaining}
            for item in result.remaining:
                await _delete(api, item, result)
        except NeevError as error:
            result.problem = error.summary
        passed = time.monotonic() - started
        if passed > seconds or (result.is_clean and (not unresolved or passed > LATE_SECONDS)):
            return result
        await asyncio.sleep(interval)


async def find_objects(api: Api, prefix: str, created: Iterable[Created]) -> list[Created]:
    """Return what exists of the run. A snapshot ends with its sandbox, the sandbox of an agent with the agent."""
    named = [item for item in await api.sandboxes.list(name=prefix) if item.name.startswith(prefix)]
    labelled = await api.sandboxes.list(labels={RUN_LABEL: prefix})
    # an API without labels ignores the filter
    sandboxes = [*named, *(item for item in labelled if (item.labels or {}).get(RUN_LABEL) == prefix)]
    agents = [item for item in await api.agents.list() if item.name.startswith(prefix)]
    found = {item.id: Created("agents", item.id, item.name) for item in agents}
    found |= {item.id: Created("sandboxes", item.id, item.name) for item in sandboxes}
    for item in created:
        if item.id not in found and await _exists(_reader(api, item.kind)(item.id)):
            found[item.id] = item
    return list(found.values())


async def _delete(api: Api, item: Created, result: SweepResult) -> None:
    """Delete the object, unless that is refused: it may be deleted already, or together with another one."""
    delete = {"sandboxes": api.sandboxes.delete, "agents": api.agents.delete, "snapshots": api.snapshots.delete}
    try:
        await delete[item.kind](item.id)
    except NeevError as error:
        result.problem = error.summary
        return
    if item not in result.deleted:
        result.deleted.append(item)


def _reader(api: Api, kind: str) -> Callable[[str], Awaitable[object]]:
    return {"sandboxes": api.sandboxes.get, "agents": api.agents.get, "snapshots": api.snapshots.get}[kind]


async def _exists(read: Awaitable[object]) -> bool:
    try:
        await read
    except ApiError as error:
        # the status decides: the code of the error may be another one than the client knows
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return False
    return True
