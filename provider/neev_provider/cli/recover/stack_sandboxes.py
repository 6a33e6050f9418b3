"""The sandboxes of one stack, by their labels."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.http.pagination import list_all
from neev_provider.client.sandboxes import Sandbox, Sandboxes


class StackSandboxes(Sandboxes):
    """The sandboxes with the labels of a stack, listed once for all lookups.

    An API that has no labels ignores the filter and lists every sandbox; names and inputs then decide.
    """

    def __init__(self, api: Api, labels: Mapping[str, str]) -> None:
        super().__init__(api.transport, clock=api.clock)
        self._labels = labels
        self._listed: asyncio.Future[tuple[Sandbox, ...]] | None = None

    @override
    async def find(self, name: str) -> Sandbox | None:
        return next((item for item in await self.list(name=name) if item.name == name), None)

    @override
    async def list(
        self, *, name: str | None = None, status: str | None = None, labels: Mapping[str, str] | None = None
    ) -> tuple[Sandbox, ...]:
        if self._listed is None:
            self._listed = asyncio.ensure_future(self._list_all())
        return tuple(item for item in await asyncio.shield(self._listed) if (name or "") in item.name)

    async def _list_all(self) -> tuple[Sandbox, ...]:
        filters = [f"{key}={value}" for key, value in self._labels.items()]
        listed = await list_all(lambda number: self._read_page(self._root, number, label=filters))
        return tuple(item for item in listed if item.labels is None or self._labels.items() <= item.labels.items())
