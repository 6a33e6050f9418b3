"""The provider's side of plugin protocol 6: the calls of the engine, and how every one of them ends.

This module imports nothing slow, because the engine waits for the first line of the process. The other modules are
loaded after it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import grpc
from google.protobuf import message_factory
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from neev_provider.adapters.shared import fast_start
from neev_provider.adapters.shared.background_load import BackgroundLoad
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.redaction import Redactor, use_redactor

if TYPE_CHECKING:
    from neev_provider.adapters.terraform.handlers import Handlers

SERVICE: Final = "tfplugin6.Provider"
CONTROLLER: Final = "plugin.GRPCController"


def load_handlers() -> Handlers:
    """Return the handlers of this process, after importing everything that a plan needs."""
    with fast_start.exclude_from_collection():
        from neev_provider.adapters.terraform.handlers import Handlers  # noqa: PLC0415
        from neev_provider.adapters.terraform.provider import TerraformProvider  # noqa: PLC0415
        from neev_provider.client import connect  # noqa: PLC0415

        return Handlers(TerraformProvider(os.environ, Path.cwd(), connect, SYSTEM_CLOCK))


class Servicer:
    """The calls of one engine. Each waits until the handlers are loaded, and ends with a response."""

    def __init__(self, load: Callable[[], Handlers] = load_handlers) -> None:
        self.stop = asyncio.Event()
        """Set when the engine wants the process to end."""
        self._load = BackgroundLoad(load)

    async def get_handlers(self) -> Handlers:
        """Return the handlers; the first call loads them."""
        return await self._load.get()

    def cancel(self) -> None:
        """End every operation at once, with what exists."""
        if handlers := self._load.loaded:
            handlers.cancel()

    async def aclose(self) -> None:
        """Close every connection."""
        if handlers := self._load.loaded:
            await handlers.aclose()

    def generic_handlers(self) -> tuple[grpc.GenericRpcHandler, ...]:
        """Return the handlers of the protocol's service, and of the one that ends the process."""
        methods = pb.DESCRIPTOR.services_by_name["Provider"].methods
        service = {method.name: self._rpc_handler(method) for method in methods}
        shutdown = grpc.unary_unary_rpc_method_handler(
            self._shut_down, request_deserializer=Empty.FromString, response_serializer=Empty.SerializeToString
        )
        make: Any = grpc.method_handlers_generic_handler
        return make(SERVICE, service), make(CONTROLLER, {"Shutdown": shutdown})

    async def call(self, name: str, request: Message, response: Callable[..., Message]) -> Any:
        """Return the response; an error is a diagnostic in it.

        What was sent is awaited even if the engine ends the call, because it may have created an object.
        """
        handlers = await self.get_handlers()
        with use_redactor(Redactor(lambda: handlers.secrets(request))):
            try:
                return await asyncio.shield(asyncio.ensure_future(getattr(handlers, name)(request)))
            except Exception as error:  # noqa: BLE001  the boundary to the engine
                return response(diagnostics=[handlers.explain(error, request)])

    async def stream(self, name: str, request: Message) -> AsyncIterator[Message]:
        """Yield the responses; the handler itself reports errors."""
        handlers = await self.get_handlers()
        with use_redactor(Redactor(lambda: handlers.secrets(request))):
            async for response in getattr(handlers, name)(request):
                yield response

    def _rpc_handler(self, method: Any) -> grpc.RpcMethodHandler[Any, Any]:
        request, response = (message_factory.GetMessageClass(kind) for kind in (method.input_type, method.output_type))
        serializers: Any = {
            "request_deserializer": request.FromString,
            "response_serializer": response.SerializeToString,
        }

        # gRPC calls a coroutine function differently from one that returns a coroutine
        async def call(request: Message, _context: Any) -> Any:
            return await self.call(method.name, request, response)

        async def stream(request: Message, _context: Any) -> AsyncIterator[Message]:
            async for item in self.stream(method.name, request):
                yield item

        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(stream, **serializers)
        return grpc.unary_unary_rpc_method_handler(call, **serializers)

    async def _shut_down(self, _request: Empty, _context: Any) -> Empty:
        self.stop.set()
        return Empty()
