"""The objects that inputs may refer to: sandboxes and snapshots that no program manages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from neev_emulator import Emulator
from neev_provider.client import Api

STABLE_TIMEOUT = 5.0
"""The seconds on the emulator's clock after which every transition has ended."""
SANDBOXES = {"source", "another"}
_WORDS = re.compile(r"\$(?P<word>\w+)")


class Fixtures:
    """The objects that placeholders in inputs stand for, created at first use.

    ``$source`` and ``$another`` are sandboxes. ``$base`` and ``$later`` are snapshots of ``$source``. ``$own`` is a
    snapshot of the sandbox under test.
    """

    def __init__(self, api: Api, emulator: Emulator) -> None:
        self._api = api
        self._emulator = emulator
        self._ids: dict[str, str] = {}

    async def resolve(self, inputs: Mapping[str, Any], id: str = "") -> dict[str, Any]:
        """Return the inputs with ids in the place of placeholders."""
        return {key: await self._resolve_value(value, id) for key, value in inputs.items()}

    async def delete_all(self) -> None:
        """Delete every object that was created."""
        for sandbox in SANDBOXES & self._ids.keys():
            await self._api.sandboxes.delete(self._ids.pop(sandbox))
        self._emulator.advance(STABLE_TIMEOUT)

    async def _resolve_value(self, value: Any, id: str) -> Any:
        match = _WORDS.fullmatch(value) if isinstance(value, str) else None
        return await self._get_id(match["word"], id) if match else value

    async def _get_id(self, word: str, id: str) -> str:
        if word not in self._ids:
            self._ids[word] = await self._create(word, id)
            self._emulator.advance(STABLE_TIMEOUT)
        return self._ids[word]

    async def _create(self, word: str, id: str) -> str:
        if word in SANDBOXES:
            return (await self._api.sandboxes.create({"name": word})).id
        of = id if word == "own" else await self._get_id("source", id)
        return (await self._api.snapshots.create(of, name=word)).id
