"""A fake engine for programs: it records registrations and returns outputs as the API does."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime import test as in_program
from pulumi.runtime.mocks import MockMonitor


class ProgramMocks(Mocks):
    """Pulumi's mocks for a program. A resource in ``pending`` has no outputs yet, as in a preview."""

    def __init__(
        self,
        added: Mapping[str, Any] | None = None,
        answers: Mapping[str, Any] | None = None,
        pending: tuple[str, ...] = (),
    ) -> None:
        self.registrations: dict[tuple[str, str], dict[str, Any]] = {}
        self.invocations: list[tuple[str, dict[str, Any]]] = []
        self._extra_outputs = added or {}
        self._call_results = answers or {}
        self._pending = pending

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.registrations[args.typ.rpartition(":")[2], args.name] = args.inputs
        id = "" if args.name in self._pending else f"id of {args.name}"
        return id, {**args.inputs, **self._extra_outputs}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        self.invocations.append((args.token, args.args))
        return self._call_results[args.token], []

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the inputs of the registered resources of this type by name, without those that the SDK adds."""
        return {
            name: {key: value for key, value in inputs.items() if not key.startswith("__") and value is not None}
            for (of, name), inputs in self.registrations.items()
            if of == kind
        }


class RecordingMonitor:
    """A monitor that records every registration. The SDK does not recognize it as the mocks of a unit test."""

    def __init__(self, engine: ProgramMocks) -> None:
        self.registrations: list[Any] = []
        self.output_registrations: list[Any] = []
        self._delegate = MockMonitor(engine)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  the protocol's name
        """Record the request and answer as the mocks do."""
        self.registrations.append(request)
        return self._delegate.RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802  likewise
        """Record the outputs request of a component."""
        self.output_registrations.append(request)
        return self._delegate.RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._delegate, name)


def run_program(
    program: Callable[[], object],
    engine: ProgramMocks,
    monitor: RecordingMonitor | None = None,
    *,
    preview: bool = False,
) -> None:
    """Run a program to its end and await the outputs that it returns."""
    spare = asyncio.new_event_loop()
    # the mocks would create an event loop in each of their worker threads and close none
    workers = ThreadPoolExecutor(1, initializer=asyncio.set_event_loop, initargs=(spare,))
    with asyncio.Runner() as runner, closing(spare), workers:
        runner.get_loop().set_default_executor(workers)
        asyncio.set_event_loop(runner.get_loop())
        set_mocks(engine, monitor=monitor, preview=preview)  # type: ignore[arg-type]
        in_program(program)()  # type: ignore[no-untyped-call]
