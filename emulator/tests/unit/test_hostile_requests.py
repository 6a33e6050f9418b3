"""Hostile values in every field of every endpoint: no status 500, and no access outside the workspace."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from helpers.emulator_harness import ApiDriver
from neev_emulator import Backend, Durations, Settings, create_app
from neev_emulator.api.openapi import build_openapi
from neev_emulator.app import control_plane_routes

DESCRIPTION = build_openapi(control_plane_routes())
OPERATIONS = [(method, path) for path, methods in DESCRIPTION["paths"].items() for method in methods]
SECRET = b"what is beside the emulator's directory"
TEXTS = [
    "",
    "..",
    "../../../../../../etc/passwd",
    "/etc/passwd",
    "%2e%2e%2fsecret",
    "out/secret",
    "absolute/secret",
    "straight",
    "/workspace/../../../secret",
    "a\0b",
    "\u202egnp.exe",
    "-rf",
    "'; DROP TABLE records; --",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "x" * 20_000,  # HTTP clients reject longer URLs.
]
RAW = [
    *(json.dumps(text) for text in TEXTS),
    f'"{"x" * 1_000_000}"',
    '"\\ud800"',
    "null",
    "true",
    "-1",
    "1e400",
    "1" * 400,
    "1" * 5000,
    "9223372036854775808",
    "NaN",
    "-Infinity",
    "[]",
    '{"": {"": []}}',
    '{"a": ' * 100 + "1" + "}" * 100,
    '{"a": ' * 150 + "1" + "}" * 150,
    '{"a": ' * 190 + "1" + "}" * 190,
    '{"a": ' * 250 + "1" + "}" * 250,
    '{"a": ' + "1" * 4000 + "}",
    '{"a": ' + "1" * 5000 + "}",
    '{"a": [1e308, -0.0, 1e-400]}',
    "[" * 120 + "]" * 120,
    "[" * 250 + "]" * 250,
    "[" * 100_000 + "]" * 100_000,
    '[{"name": "A", "value": "b"}, {"name": "A", "value": 1}]',
    '["A=1", "=", "\\u0000"]',
]
INSTANT_DURATIONS = Durations(
    create=0, fork=0, addressable=0, pause=0, resume=0, snapshot_start=0, snapshot=0, rollback=0, delete=0
)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[ApiDriver]:
    (tmp_path / "secret").write_bytes(SECRET)
    backend = Backend(Settings(durations=INSTANT_DURATIONS), data=tmp_path / "data")
    transport = httpx.ASGITransport(create_app(backend))
    headers = {"authorization": f"Bearer {backend.api_key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://emulator", headers=headers) as http:
        yield ApiDriver(backend, http)
    await backend.close()


async def create_valid_values(api: ApiDriver) -> dict[str, Any]:
    """Create a sandbox with symlinks to the outside; return a valid value of every parameter and field."""
    sandbox = (await api.create(name="web"))["id"]
    key = {"x-sandbox-id": sandbox}
    runtime = "/sandboxes-runtime/v1"
    links = "ln -s ../../../.. out; ln -s /etc/passwd straight; ln -s $0 absolute; echo content > page"
    outside = str(api.backend.directory.parent)
    await api.client.post(f"{runtime}/exec", json={"command": "sh", "args": ["-c", links, outside]}, headers=key)
    process = (await api.client.post(f"{runtime}/processes/start", json={"program": "true"}, headers=key)).json()
    snapshot = (await api.create("/sandboxes/web/snapshots"))["id"]
    return {
        "org": api.backend.org_id,
        "project": api.backend.project_ids[0],
        "sandbox": sandbox,
        "X-Sandbox-Id": sandbox,
        "snapshot": snapshot,
        "snapshot_id": snapshot,
        "agent": (await api.create("/agents", name="coder", agent_template="claude-code"))["id"],
        "template": "sb-python-3-13",
        "agent_template": "claude-code",
        "name": "other",
        "port": 80,
        "path": "page",
        "source": "page",
        "destination": "moved",
        "command": "true",
        "program": "true",
        "process_id": process["process_id"],
    }


def list_fields(operation: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of a body's fields, and of the required ones."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return [], []
    model = DESCRIPTION["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    return list(model.get("properties", {})), model.get("required", [])


def generate_hostile_requests(method: str, path: str, valid_values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield requests of the operation with each hostile value in each place."""
    operation = DESCRIPTION["paths"][path][method]
    optional, required = list_fields(operation)
    parameters = operation["parameters"]

    def request(**hostile: str) -> dict[str, Any]:
        values = {**{name: str(value) for name, value in valid_values.items()}, **hostile}
        url = re.sub(r"{(\w+)}", lambda match: quote(values[match[1]], safe=""), path)
        query = {item["name"] for item in parameters if item["in"] == "query"}
        query &= hostile.keys() | {item["name"] for item in parameters if item["required"]}
        return {
            "method": method,
            "url": url,
            "params": {name: values[name] for name in query},
            "headers": {"x-sandbox-id": values["X-Sandbox-Id"], "content-type": "application/json"},
        }

    for item in parameters:
        for text in TEXTS:
            if item["in"] != "header" or (text.isascii() and text.isprintable()):
                yield request(**{item["name"]: text})
    for name in optional:
        whole = {other: json.dumps(valid_values[other]) for other in required}
        for raw in RAW:
            body = ", ".join(f'"{key}": {value}' for key, value in {**whole, name: raw}.items())
            yield {**request(), "content": f"{{{body}}}".encode()}
    if optional:
        for raw in (*RAW, '{"name": "a", "name": "b"}'):
            yield {**request(), "content": raw.encode()}
        for content in (b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}", '{"name": "é"}'.encode("latin-1"), b"\0", b"{}garbage"):
            yield {**request(), "content": content}


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[f"{method} {path}" for method, path in OPERATIONS])
async def test_no_hostile_value_causes_a_server_error_or_leaves_the_workspace(
    api: ApiDriver, tmp_path: Path, method: str, path: str
) -> None:
    for request in generate_hostile_requests(method, path, await create_valid_values(api)):
        response = await api.client.request(**request)
        assert response.status_code < 500, (str(request)[:500], response.text)
        assert SECRET not in response.content
        assert b"root:" not in response.content
    await api.backend.background_tasks.join()
    check_confined(api.backend, tmp_path)
    created = len(api.backend.sandboxes), len(api.backend.snapshots), len(api.backend.agents)
    await api.backend.close()
    reopened = Backend(data=tmp_path / "data")  # every accepted value can be read back
    assert (len(reopened.sandboxes), len(reopened.snapshots), len(reopened.agents)) == created
    await reopened.close()


def check_confined(backend: Backend, outside: Path) -> None:
    assert sorted(item.name for item in outside.iterdir()) == ["data", "secret"]
    assert (outside / "secret").read_bytes() == SECRET
    assert {item.name.partition("-")[0] for item in (outside / "data").iterdir()} <= {"files", "state.sqlite"}
    known = {item.id for item in [*backend.sandboxes.all(), *backend.snapshots.all()]}
    for path in (outside / "data" / "files").iterdir():
        assert path.name in known
        assert [item.name for item in path.iterdir()] == ["workspace"]
