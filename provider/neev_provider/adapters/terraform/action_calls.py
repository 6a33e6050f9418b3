"""The calls for actions, which the engine invokes when the user asks for one, or around an apply."""

# ruff: noqa: N802  the names are the protocol's

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.calls import (
    Calls,
    argument_diagnostics,
    error_of,
    plain_config,
    warning_diagnostics,
)
from neev_provider.adapters.terraform.conversion import properties_to_core
from neev_provider.adapters.terraform.names import action_of
from neev_provider.core.redaction import redact

Event = pb.InvokeAction.Event


class ActionCalls(Calls):
    """The calls for actions."""

    async def ValidateActionConfig(self, request: pb.ValidateActionConfig.Request) -> pb.ValidateActionConfig.Response:
        """Check the arguments, as far as their values are known."""
        found = argument_diagnostics(request.config, action_of(request.type_name).arguments)
        return pb.ValidateActionConfig.Response(diagnostics=found)

    async def PlanAction(self, request: pb.PlanAction.Request) -> pb.PlanAction.Response:
        """Check the arguments that were not known before."""
        found = argument_diagnostics(request.config, action_of(request.action_type).arguments)
        return pb.PlanAction.Response(diagnostics=found)

    async def InvokeAction(self, request: pb.InvokeAction.Request) -> AsyncIterator[pb.InvokeAction.Event]:
        """Yield the lines of the action while it runs, and at last its errors and warnings."""
        lines: asyncio.Queue[str | None] = asyncio.Queue()
        running = asyncio.ensure_future(self._invoke(request, lines.put_nowait))
        running.add_done_callback(lambda _: lines.put_nowait(None))
        try:
            while (line := await lines.get()) is not None:
                yield Event(progress=Event.Progress(message=redact(line)))
            yield Event(completed=Event.Completed(diagnostics=running.result()))
        finally:
            running.cancel()

    async def _invoke(self, request: pb.InvokeAction.Request, show: Callable[[str], None]) -> list[pb.Diagnostic]:
        """Return the errors and warnings of the action."""
        warnings: list[str] = []
        action = action_of(request.action_type)
        arguments = properties_to_core(action.arguments, plain_config(request.config))
        try:
            await self._provider.invoke(action, arguments, show, warnings.append)
        except Exception as error:  # noqa: BLE001  the boundary to the engine
            return [*warning_diagnostics(request, warnings), error_of(error, request)]
        return warning_diagnostics(request, warnings)
