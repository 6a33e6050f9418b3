"""An engine for programs of users: it keeps what it is asked for, and answers as a platform would."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime import test as in_program
from pulumi.runtime.mocks import MockMonitor


class Engine(Mocks):
    """The mocks of a unit test of a program; a resource of ``pending`` is not made yet, as in a plan."""

    def __init__(
        self,
        added: Mapping[str, Any] | None = None,
        answers: Mapping[str, Any] | None = None,
        pending: tuple[str, ...] = (),
    ) -> None:
        self.asked: dict[tuple[str, str], dict[str, Any]] = {}
        self.called: list[tuple[str, dict[str, Any]]] = []
        self._added = added or {}
        self._answers = answers or {}
        self._pending = pending

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.asked[args.typ.rpartition(":")[2], args.name] = args.inputs
        id = "" if args.name in self._pending else f"id of {args.name}"
        return id, {**args.inputs, **self._added}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        self.called.append((args.token, args.args))
        return self._answers[args.token], []

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return what was asked for of this kind, by name; what the SDK adds aside."""
        return {
            name: {key: value for key, value in inputs.items() if not key.startswith("__") and value is not None}
            for (of, name), inputs in self.asked.items()
            if of == kind
        }


class Monitor:
    """A monitor that keeps every registration, and that nobody takes for the mocks of a unit test."""

    def __init__(self, engine: Engine) -> None:
        self.registered: list[Any] = []
        self.completed: list[Any] = []
        self._behind = MockMonitor(engine)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  the protocol's name
        """Keep the request, and answer as the mocks do."""
        self.registered.append(request)
        return self._behind.RegisterResource(request)  # type: ignore[no-untyped-call]

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802  likewise
        """Keep the request of a component."""
        self.completed.append(request)
        return self._behind.RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)


def run(
    program: Callable[[], object], engine: Engine, monitor: Monitor | None = None, *, preview: bool = False
) -> None:
    """Run a program to its end; outputs that it returns are awaited."""
    spare = asyncio.new_event_loop()
    # the mocks would make a loop in every thread that works for them, and close none
    workers = ThreadPoolExecutor(1, initializer=asyncio.set_event_loop, initargs=(spare,))
    with asyncio.Runner() as runner, closing(spare), workers:
        runner.get_loop().set_default_executor(workers)
        asyncio.set_event_loop(runner.get_loop())
        set_mocks(engine, monitor=monitor, preview=preview)  # type: ignore[arg-type]
        in_program(program)()  # type: ignore[no-untyped-call]
