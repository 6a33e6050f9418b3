"""The emulator as a server in this process."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from neev_emulator.address import LOOPBACK, RemoteNotAllowedError, bind, format_origin, require_loopback
from neev_emulator.runtime.isolation import Isolation
from neev_emulator.server import Server
from neev_emulator.settings import Settings, with_create_seconds
from neev_emulator.state.backend import Backend

VARIABLES = {
    "NEEV_BASE_URL": "base_url",
    "NEEV_API_KEY": "api_key",
    "NEEV_ORG_ID": "org_id",
    "NEEV_PROJECT_ID": "project_id",
    "NEEV_REGION": "region",
}
"""The environment variables for a client, with the fields that they have as values."""
_DIRECT = build_opener(ProxyHandler({}))
"""Opens a URL without the proxy of the environment, which is for other hosts."""


class ControlError(ValueError):
    """Raised when an emulator rejects a request to its controls; the message is the emulator's."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator: its address, credentials and controls (docs/emulator.md)."""

    base_url: str
    """Value for `NEEV_BASE_URL`: `http://127.0.0.1:PORT/agent`."""
    api_key: str = field(repr=False)
    org_id: str
    project_id: str
    region: str
    reopen: Callable[[], None] | None = field(default=None, repr=False, compare=False)
    """Accepts connections again at once; None if the emulator runs in another process."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Emulator":
        """Return the emulator to which these environment variables lead."""
        fields: dict[str, Any] = {field: env[name] for name, field in VARIABLES.items()}
        return cls(**fields)

    @property
    def env(self) -> dict[str, str]:
        """The environment variables for a client of this emulator."""
        return {name: getattr(self, field) for name, field in VARIABLES.items()}

    def state(self) -> dict[str, Any]:
        """Return the number of objects, the phases and the current time."""
        return cast("dict[str, Any]", self.control("GET", "state"))

    def advance(self, seconds: float) -> dict[str, Any]:
        """Advance the clock, handle what is due, and return the state."""
        return cast("dict[str, Any]", self.control("POST", "advance", {"seconds": seconds}))

    def inject(self, kind: str, **fault: object) -> None:
        """Inject a fault into the next matching request: `inject("delay", path="/sandboxes", seconds=9)`."""
        self.control("POST", "faults", {"kind": kind, **fault})

    def reject_connections(self, seconds: float) -> None:
        """Reject new connections for this long, also to the controls."""
        self.control("POST", "reject-connections", {"seconds": seconds})

    @property
    def settings(self) -> dict[str, Any]:
        """The settings, by name."""
        return cast("dict[str, Any]", self.control("GET", "settings"))

    def change_settings(self, **settings: object) -> dict[str, Any]:
        """Change the given settings and return all: `change_settings(durations={"pause": 2})`."""
        return cast("dict[str, Any]", self.control("PUT", "settings", settings))

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The served requests, the oldest first."""
        return cast("list[dict[str, Any]]", self.control("GET", "log"))

    @property
    def mutating_requests(self) -> list[dict[str, Any]]:
        """The served requests that may have changed something, the oldest first."""
        return cast("list[dict[str, Any]]", self.control("GET", "log?mutating=true"))

    def counts(self) -> dict[str, int]:
        """Return the number of requests by method and path: `{"POST /sandboxes": 3}`."""
        return cast("dict[str, int]", self.control("GET", "counts"))

    def clear_log(self) -> None:
        """Clear the log and the counts."""
        self.control("DELETE", "log")

    def reset(self) -> None:
        """Remove everything that was created, added or logged, and restore the first settings."""
        self.control("POST", "reset")

    def control(self, method: str, path: str, body: object = None) -> object:
        """Send a request to one of the controls and return its response (docs/emulator.md).

        Raises:
            ControlError: The emulator rejects it.
            OSError: No emulator answers.
        """
        url = f"{self.base_url.removesuffix('/agent')}/_emulator/{path}"
        data = None if body is None else json.dumps(body).encode()
        try:
            with _DIRECT.open(Request(url, data, method=method)) as response:  # noqa: S310 - always a loopback address
                raw = response.read()
        except HTTPError as error:
            message = _read_message(error)
            if message is None:
                raise
            raise ControlError(message) from None
        return json.loads(raw) if raw else None


@contextmanager
def serve(
    settings: Settings | None = None,
    *,
    create_seconds: float | None = None,
    quota: int | None = None,
    data: Path | None = None,
    isolate: bool = False,
) -> Iterator[Emulator]:
    """Serve an emulator on a thread of its own until the block ends.

    ```python
    with serve(create_seconds=0.2) as emulator:
        client = AsyncNeevAI(base_url=emulator.base_url, api_key=emulator.api_key, ...)
        emulator.inject("reset_after", method="POST", path="/sandboxes")
        emulator.advance(3600)
        assert emulator.counts()["POST /sandboxes"] == 1
    ```

    It works in synchronous and asynchronous code, with any HTTP client, and from other processes.

    Args:
        settings: Durations, quotas and limits; short or absent by default.
        create_seconds: Seconds that a create and a fork take.
        quota: Maximum number of sandboxes in the project.
        data: Directory that keeps the state after a restart or a kill.
        isolate: Isolate sandboxes; raises `IsolationUnavailableError` if this machine cannot.
    """
    settings = settings or Settings()
    if create_seconds is not None:
        settings = with_create_seconds(create_seconds, settings)
    if quota is not None:
        settings = settings.model_copy(update={"sandbox_quota": quota})
    with serve_backend(Backend(settings, data=data, isolation=Isolation() if isolate else None)) as emulator:
        yield emulator


@contextmanager
def serve_backend(
    backend: Backend,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    allow_remote: bool = False,
    allow_hosts: Iterable[str] = (),
) -> Iterator[Emulator]:
    """Serve the backend until the block ends, then close it.

    Args:
        backend: The state to serve.
        host: Address to listen on.
        port: Its port; 0 means the last one, if it is known and free, else any free one.
        allow_remote: Allow an address that other machines can reach. Anyone with the key can then run processes
            here as the emulator's user. The controls stay local.
        allow_hosts: Host names to accept beside those of this machine and the address.
    """
    try:
        if not allow_remote:
            require_loopback(host)
        listener = _open_listener(backend, host, port)
    except (OSError, RemoteNotAllowedError):
        asyncio.run(backend.close())
        raise
    server = Server(backend, [host, *allow_hosts])
    thread = threading.Thread(target=server.run_on, args=(listener,), name="neev-emulator", daemon=True)
    thread.start()
    try:
        server.ready.wait()
        if not server.started:
            raise RuntimeError("the emulator did not start; see its log")
        yield Emulator(
            base_url=f"{format_origin(listener)}/agent",
            api_key=backend.api_key,
            org_id=backend.org_id,
            project_id=backend.project_ids[0],
            region=backend.region,
            reopen=server.reopen,
        )
    finally:
        server.stop()
        thread.join()
        listener.close()


def _read_message(error: HTTPError) -> str | None:
    """Return the message of an emulator's error; None if another server responded."""
    try:
        return cast("str", json.loads(error.read())["message"])
    except (ValueError, LookupError, TypeError):
        return None


def _open_listener(backend: Backend, host: str, port: int) -> socket.socket:
    """Return a socket on the port, or on the last one: states of stacks record the address."""
    last = backend.store.get("Port", host)
    if not port and last is not None:
        with suppress(OSError):
            return bind(host, int(last))
    listener = bind(host, port)
    backend.store.put("Port", host, lambda: str(listener.getsockname()[1]))
    return listener
