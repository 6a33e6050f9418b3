"""An emulator that differs on purpose: it takes the place of the real service in the rehearsal of acceptance."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from neev_emulator.app import create_app
from neev_emulator.faults.queue import Fault
from neev_emulator.faults.request_log import relative_path, route_template
from neev_emulator.settings import Durations, Settings
from neev_emulator.state.backend import Backend

DELAY_SECONDS = 5.0
SECRET_FIELDS = ("token", "slug", "preview_url", "gateway_token", "web_ui_url")
PENDING_SECONDS = 1.5
"""Duration of a create: long enough for a read before its end."""
INJECTED = {
    "status: the service answered 202; the emulator answers 200": "an unusual status",
    "status: the service answered 503 service_unavailable; the emulator answers 200": "a fault that the client retries",
    "status: the service answered 404 missing; the emulator answers 200, 404 not_found": "another code",
    "field: sandboxes: only the service has `node` (object)": "an additional field",
    "field: snapshots: the service has no `created_by`": "a missing field",
    "type: snapshots: `sandbox_format_version` is string; the emulator has number": "another type",
    "value: sandboxes: `phase` is Waking; the emulator has NotReady, Paused, Pausing, Pending, Ready, Resuming, "
    "Terminating": "another phase",
    "phases: create of sandboxes: Pending → NotReady → Ready; the emulator has Pending → Ready": "another order",
    "phases: fork of sandboxes: Pending → NotReady → Ready; the emulator has Pending → Ready": "",
    "time: the service took": "a slow route",
}
"""Every difference as the report begins it, and what was injected for it."""


@dataclass
class DifferingEmulator:
    """The emulator while it runs: its state, the variables for a client, and the secrets in its responses."""

    backend: Backend
    env: Mapping[str, str]
    secrets: set[str] = field(default_factory=set)

    @property
    def counts(self) -> list[int]:
        """Return how many sandboxes, agents and snapshots there are."""
        backend = self.backend
        return [len(backend.sandboxes), len(backend.agents), len(backend.snapshots)]


@contextmanager
def serve_differing_emulator() -> Iterator[DifferingEmulator]:
    """Serve the emulator until the block ends."""
    backend = Backend(Settings(durations=Durations(create=PENDING_SECONDS, fork=PENDING_SECONDS)))
    listener = socket.create_server(("127.0.0.1", 0))
    env = {
        "NEEV_BASE_URL": f"http://127.0.0.1:{listener.getsockname()[1]}/agent",
        "NEEV_API_KEY": backend.api_key,
        "NEEV_ORG_ID": backend.org_id,
        "NEEV_PROJECT_ID": backend.project_ids[0],
    }
    emulator = DifferingEmulator(backend, env)
    application = create_app(backend)
    application.state.traffic.faults.add(Fault(kind="status", path="/agent-templates", status=503, retry_after=0))
    application.add_middleware(DifferingMiddleware, secrets=emulator.secrets)
    server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False, date_header=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield emulator
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        asyncio.run(backend.close())


class DifferingMiddleware:
    """Changes responses of the API before they are sent."""

    def __init__(self, app: ASGIApp, secrets: set[str]) -> None:
        self._app = app
        self._secrets = secrets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and change its response if it is JSON."""
        if scope["type"] != "http" or not scope["path"].startswith("/agent/"):
            await self._app(scope, receive, send)
            return
        template, method = route_template(relative_path(scope["path"])), scope["method"]
        if template == "/sandboxes/{id}/timeout":
            await asyncio.sleep(DELAY_SECONDS)
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, collect)
        start, content = messages[0], b"".join(message.get("body", b"") for message in messages[1:])
        if content:
            body = json.loads(content)
            self._change(body, is_read=method == "GET")
            if template == "/snapshots/{id}" and start["status"] == 404:
                body["code"] = "missing"
            content = json.dumps(body).encode()
        if template == "/sandboxes/{id}/timeout":
            start["status"] = 202
        headers = [item for item in start["headers"] if item[0].lower() != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(content)).encode())]})
        await send({"type": "http.response.body", "body": content})

    def _change(self, body: Any, *, is_read: bool) -> None:
        for item in body.get("items", [body]):
            if "addressable" in item:
                item["node"] = {"zone": "a"}
                phases = {"Resuming": "Waking", "Pending": "NotReady" if is_read else "Pending"}
                item["phase"] = phases.get(item["phase"], item["phase"])
            if "snapshot_type" in item:
                del item["created_by"]
                item["sandbox_format_version"] = str(item["sandbox_format_version"])
            self._secrets.update(item[name] for name in SECRET_FIELDS if item.get(name))
