"""The phases that the emulator goes through after each operation, one by one: its clock moves only as told."""

from __future__ import annotations

from typing import Any

import httpx

from neev_emulator.app import create_app
from neev_emulator.clock import Clock
from neev_emulator.settings import Settings
from neev_emulator.state.backend import Backend
from tools.acceptance.phases import GONE, PHASE_FIELDS, Operation

STEP_SECONDS = 0.02
"""Seconds between two reads, less than any of the emulator's durations."""
STEPS = 30
SOME_NAME = "box"


async def read_emulator_phases() -> dict[Operation, tuple[str, ...]]:
    """Return the phases of each kind of objects after each operation, in order."""
    backend = Backend(Settings(), clock=Clock(lambda: 0.0))
    transport = httpx.ASGITransport(create_app(backend))
    base = f"http://127.0.0.1/agent/api/v1beta1/orgs/{backend.org_id}/projects/{backend.project_ids[0]}"
    headers = {"Authorization": f"Bearer {backend.api_key}"}
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        phases = _PhaseReader(client, backend)
        try:
            await phases.read_kind("sandboxes", {"name": SOME_NAME})
            await phases.read_kind("agents", {"name": SOME_NAME, "agent_template": "claude-code"})
        finally:
            await backend.close()
    return phases.found


class _PhaseReader:
    def __init__(self, client: httpx.AsyncClient, backend: Backend) -> None:
        self._client = client
        self._backend = backend
        self.found: dict[Operation, tuple[str, ...]] = {}

    async def read_kind(self, kind: str, body: dict[str, Any]) -> None:
        """Perform every operation on an object of the kind, and on a snapshot of it."""
        one = f"/{kind}/{await self._perform(Operation(kind, 'create'), f'/{kind}', body)}"
        await self._perform(Operation(kind, "pause"), f"{one}/pause", {})
        await self._perform(Operation(kind, "resume"), f"{one}/resume", {})
        snapshot = await self._perform(Operation("snapshots", "create"), f"{one}/snapshots", {"name": "snap"})
        await self._perform(Operation(kind, "rollback"), f"{one}/rollback", {"snapshot_id": snapshot})
        if kind == "sandboxes":
            await self._perform(Operation(kind, "fork"), f"{one}/fork", {"name": "fork"})
        await self._delete(Operation("snapshots", "delete"), f"/snapshots/{snapshot}")
        await self._delete(Operation(kind, "delete"), one)

    async def _perform(self, operation: Operation, path: str, body: dict[str, Any]) -> str:
        response = (await self._client.post(path, json=body)).raise_for_status().json()
        id = str(response["id"])
        self.found[operation] = await self._follow(operation.kind, id, [response[PHASE_FIELDS[operation.kind]]])
        return id

    async def _delete(self, operation: Operation, path: str) -> None:
        (await self._client.delete(path)).raise_for_status()
        self.found[operation] = await self._follow(operation.kind, path.rpartition("/")[2], [])

    async def _follow(self, kind: str, id: str, phases: list[str]) -> tuple[str, ...]:
        """Return the phases until nothing changes any more."""
        for _ in range(STEPS):
            response = await self._client.get(f"/{kind}/{id}")
            phase = GONE if response.status_code == httpx.codes.NOT_FOUND else response.json()[PHASE_FIELDS[kind]]
            if not phases or phases[-1] != phase:
                phases.append(phase)
            self._backend.advance(STEP_SECONDS)
        return tuple(phases)
