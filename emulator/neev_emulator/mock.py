"""`mock_neev`: an emulator in the place of NeevAI, for a block of code, a function or the tests of a class."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import wraps
from importlib.util import find_spec
from inspect import iscoroutinefunction, isfunction
from types import TracebackType
from typing import Any, TypeVar, cast, overload

from neev_emulator.testing import Emulator, serve

CallableT = TypeVar("CallableT", bound=Callable[..., Any])


@overload
def mock_neev(target: CallableT, /) -> CallableT: ...
@overload
def mock_neev(**settings: object) -> "NeevMock": ...
def mock_neev(target: Callable[..., Any] | None = None, /, **settings: object) -> Any:
    """Serve an empty emulator in the place of NeevAI, for this process and the processes that it starts.

    ```python
    @mock_neev
    def test_a_program(): ...

    with mock_neev(api="0.8", durations={"create": 0}) as emulator:
        NeevAI().sandboxes.create({"name": "web"})
        emulator.advance(3600)
    ```

    The `NEEV_*` variables are those of the emulator. Every httpx request of this process for NeevAI goes to the
    emulator, whatever key and project its client was created with. Both end with the outermost block.
    An inner block shares the outer one's emulator, with its state.

    Args:
        target: The function, coroutine function or class, if it is used as a decorator without parentheses.
            Of a class, each method whose name begins with `test` has an emulator of its own, unless it is a static
            or class method.
        settings: Settings of the emulator to change first (docs/emulator.md).
    """
    mock = NeevMock(settings)
    return mock if target is None else mock(target)


class NeevMock:
    """A context manager and decorator; it can be entered any number of times."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._settings = settings

    def __enter__(self) -> Emulator:
        return _emulator.enter(self._settings)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _emulator.exit()

    def __call__(self, target: CallableT) -> CallableT:
        """Return the target with a block of this mock around each call."""
        return cast("CallableT", self._decorate(target))

    def _decorate(self, target: Any) -> Any:
        if isinstance(target, type):
            for name, method in list(vars(target).items()):
                if name.startswith("test") and isfunction(method):
                    setattr(target, name, self._decorate(method))
            return target
        if iscoroutinefunction(target):

            @wraps(target)
            async def call_async(*args: Any, **kwargs: Any) -> Any:
                with self:
                    return await target(*args, **kwargs)

            return call_async

        @wraps(target)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self:
                return target(*args, **kwargs)

        return call


class _SharedEmulator:
    """The emulator of all blocks of this process that have begun and not ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._emulator: Emulator | None = None
        self._blocks: list[ExitStack] = []

    def enter(self, settings: Mapping[str, object]) -> Emulator:
        with self._lock, ExitStack() as stack:
            emulator = self._emulator or stack.enter_context(_replace_neev())
            if settings:
                emulator.change_settings(**settings)
            self._emulator = emulator
            self._blocks.append(stack.pop_all())
            return emulator

    def exit(self) -> None:
        with self._lock:
            block = self._blocks.pop()
            if not self._blocks:
                self._emulator = None
            block.close()


_emulator = _SharedEmulator()


@contextmanager
def _replace_neev() -> Iterator[Emulator]:
    with serve() as emulator, ExitStack() as stack:
        stack.enter_context(_set_variables(emulator.env))
        if find_spec("httpx"):
            from neev_emulator.httpx_redirect import redirect_httpx  # noqa: PLC0415 - httpx is optional

            stack.enter_context(redirect_httpx(emulator))
        yield emulator


@contextmanager
def _set_variables(variables: Mapping[str, str]) -> Iterator[None]:
    previous = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in previous.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
