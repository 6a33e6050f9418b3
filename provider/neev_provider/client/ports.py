"""Ports of sandboxes that have a preview URL: their model, and the requests for them."""

from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from pydantic import BeforeValidator, Field

from neev_provider.client.http.idempotency import perform_or_confirm
from neev_provider.client.models import ApiModel, build_parser, ignore_body
from neev_provider.core.clock import Clock
from neev_provider.core.errors import NotFound

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport


class Port(ApiModel):
    """An exposed port. Its slug and its URL are secrets: they give access without a key."""

    port: int
    slug: str = Field(repr=False)
    preview_url: str = Field(repr=False)


class _PortList(ApiModel):
    """The ports of one sandbox; `null` means none."""

    ports: Annotated[tuple[Port, ...], BeforeValidator(lambda ports: () if ports is None else ports)]


_parse_port = build_parser(Port)
_parse_ports = build_parser(_PortList)


class Ports:
    """The requests for the preview ports of one project's sandboxes."""

    def __init__(self, transport: "Transport", *, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock

    async def expose(self, sandbox_id: str, port: int, *, slug: str | None = None) -> Port:
        """Expose the port and return it; it keeps its URL unless another slug is given.

        If the outcome is unknown, the port is looked up in the list.
        """
        body = {"port": port} if slug is None else {"port": port, "slug": slug}

        async def expose() -> Port:
            return await self._transport.request(
                "POST", self._collection_path(sandbox_id), parse=_parse_port, json=body
            )

        async def find_exposed() -> Port | None:
            exposed = await self.find(sandbox_id, port)
            return exposed if exposed is not None and slug in (None, exposed.slug) else None

        return await perform_or_confirm(expose, find_exposed, clock=self._clock)

    async def list(self, sandbox_id: str) -> tuple[Port, ...]:
        """Return every exposed port of the sandbox."""
        return (await self._transport.request("GET", self._collection_path(sandbox_id), parse=_parse_ports)).ports

    async def find(self, sandbox_id: str, port: int) -> Port | None:
        """Return the port; None if it is not exposed or its sandbox is gone."""
        try:
            ports = await self.list(sandbox_id)
        except NotFound:
            return None
        return next((exposed for exposed in ports if exposed.port == port), None)

    async def revoke(self, sandbox_id: str, port: int) -> None:
        """Revoke the port; return when it is not exposed, or its sandbox is gone."""
        try:
            await self._transport.request("DELETE", f"{self._collection_path(sandbox_id)}/{port}", parse=ignore_body)
        except NotFound:
            return

    def _collection_path(self, sandbox_id: str) -> str:
        """Return the path of a sandbox's ports."""
        return f"{self._transport.project}/sandboxes/{quote(sandbox_id, safe='')}/ports"
