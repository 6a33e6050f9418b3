"""The emulator as a server of this process: started, used, stopped."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.request import Request, urlopen

from neev_emulator.address import LOOPBACK, RemoteNotAllowedError, bind, format_origin, require_loopback
from neev_emulator.server import Server
from neev_emulator.settings import Settings, with_create_seconds
from neev_emulator.state.backend import Backend


@dataclass(frozen=True)
class Emulator:
    """A running emulator: where it is, who may use it, and its controls (docs/emulator.md)."""

    base_url: str
    """What `NEEV_BASE_URL` is set to: `http://127.0.0.1:PORT/agent`."""
    api_key: str = field(repr=False)
    org_id: str
    project_id: str
    region: str
    reopen: Callable[[], None] | None = field(default=None, repr=False, compare=False)
    """Ends a refusal at once; only where this process serves it."""

    @property
    def env(self) -> dict[str, str]:
        """The variables that point a client here."""
        return {
            "NEEV_BASE_URL": self.base_url,
            "NEEV_API_KEY": self.api_key,
            "NEEV_ORG_ID": self.org_id,
            "NEEV_PROJECT_ID": self.project_id,
            "NEEV_REGION": self.region,
        }

    def state(self) -> dict[str, Any]:
        """How many sandboxes, snapshots and agents there are, in which phases, and what time it is."""
        return cast("dict[str, Any]", self.control("GET", "state"))

    def advance(self, seconds: float) -> dict[str, Any]:
        """The state after this much time; everything that came due in it has happened."""
        return cast("dict[str, Any]", self.control("POST", "advance", {"seconds": seconds}))

    def add_fault(self, kind: str, **fault: object) -> None:
        """The next call that matches goes wrong: `add_fault("delay", method="POST", path="/sandboxes", seconds=9)`."""
        self.control("POST", "faults", {"kind": kind, **fault})

    def reject_connections(self, seconds: float) -> None:
        """For so long nobody can connect, not even to the controls: whoever tries has sent nothing."""
        self.control("POST", "reject-connections", {"seconds": seconds})

    def change_settings(self, **settings: object) -> dict[str, Any]:
        """The settings with these changed: `change_settings(durations={"pause": 2})`."""
        return cast("dict[str, Any]", self.control("PUT", "settings", settings))

    def log(self, *, mutating: bool = False) -> list[dict[str, Any]]:
        """The requests served, the oldest first; on demand only those that may have changed something."""
        return cast("list[dict[str, Any]]", self.control("GET", f"log?mutating={str(mutating).lower()}"))

    def counts(self) -> dict[str, int]:
        """How many requests were served, by method and path: `{"POST /sandboxes": 3}`."""
        return cast("dict[str, int]", self.control("GET", "counts"))

    def clear_log(self) -> None:
        """The log and the counts are empty."""
        self.control("DELETE", "log")

    def reset(self) -> None:
        """Nothing is left of what was made, asked for or logged."""
        self.control("POST", "reset")

    def control(self, method: str, path: str, body: object = None) -> object:
        """The answer of one of the controls, as `docs/emulator.md` lists them."""
        url = f"{self.base_url.removesuffix('/agent')}/_emulator/{path}"
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(url, data, method=method)) as answer:  # noqa: S310 - always our own loopback address
            raw = answer.read()
        return json.loads(raw) if raw else None


@contextmanager
def serve(
    settings: Settings | None = None,
    *,
    create_seconds: float | None = None,
    quota: int | None = None,
    data: Path | None = None,
) -> Iterator[Emulator]:
    """A running emulator, on a thread of its own, until the block ends; then nothing of it is left.

    ```python
    with serve(create_seconds=0.2) as emulator:
        client = AsyncNeevAI(base_url=emulator.base_url, api_key=emulator.api_key, ...)
        emulator.add_fault("reset_after", method="POST", path="/sandboxes")
        emulator.advance(3600)
        assert emulator.counts()["POST /sandboxes"] == 1
    ```

    It works in synchronous and in asynchronous code, with any HTTP client, and from other processes.

    Args:
        settings: Times, quotas, limits; all small or absent unless given.
        create_seconds: Seconds that a create and a fork take.
        quota: Sandboxes that the project may hold.
        data: Directory that keeps sandboxes, snapshots and files over a restart, also after a kill.
    """
    chosen = settings or Settings()
    chosen = chosen if create_seconds is None else with_create_seconds(create_seconds, chosen)
    chosen = chosen if quota is None else chosen.model_copy(update={"sandbox_quota": quota})
    with serve_backend(Backend(chosen, data=data)) as emulator:
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
    """This world as a running emulator, on this port or on any free one; it is closed at the end.

    Args:
        backend: What is served.
        host: Address to listen on.
        port: Port of it; 0 is the one of the last time, where that is known and free, or else any free one.
        allow_remote: Also on an address that other machines can reach. Whoever has the key runs processes here, as
            the emulator's user; the controls stay for this machine.
        allow_hosts: Names under which it may be called, beside those of this machine and the address it listens on.
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
            raise RuntimeError("the emulator did not start; its log says why")
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


def _open_listener(backend: Backend, host: str, port: int) -> socket.socket:
    """Return a socket on the port, or on the port of the last time: states record the address of what they hold."""
    last = backend.store.get("Port", host)
    if not port and last is not None:
        with suppress(OSError):
            return bind(host, int(last))
    listener = bind(host, port)
    backend.store.put("Port", host, lambda: str(listener.getsockname()[1]))
    return listener
