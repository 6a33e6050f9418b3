"""The emulator against its OpenAPI description: every response conforms to it, and none has status 500."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from neev_emulator import Durations, Emulator, Settings, serve
from neev_emulator.api.openapi import Schemas, build_openapi
from neev_emulator.app import control_plane_routes
from neev_emulator.runtime.routes import ENDPOINTS
from neev_emulator.runtime.schemas import EmptyBody

EXAMPLES = 20
INSTANT = Durations(
    create=0, fork=0, addressable=0, pause=0, resume=0, snapshot_start=0, snapshot=0, rollback=0, delete=0
)
DESCRIPTION = build_openapi(control_plane_routes())
schema = schemathesis.openapi.from_dict(DESCRIPTION)
load_all_checks()
CONFORMING = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "ignored_auth",
    ]
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with serve(Settings(durations=INSTANT)) as running:
        yield running


@pytest.fixture
def existing_ids(emulator: Emulator) -> dict[str, str]:
    """Create one object of each kind; return their ids by the names of parameters and fields."""
    emulator.reset()
    key = {"authorization": f"Bearer {emulator.api_key}"}
    base = f"{emulator.base_url}/api/v1beta1/orgs/{emulator.org_id}/projects/{emulator.project_id}"
    with httpx.Client(base_url=base, headers=key, verify=False) as client:
        sandbox = client.post("/sandboxes", json={"name": "web"}).json()["id"]
        snapshot = client.post("/sandboxes/web/snapshots", json={}).json()["id"]
        agent = client.post("/agents", json={"name": "coder", "agent_template": "claude-code"}).json()["id"]
        runtime = client.base_url.copy_with(path="/sandboxes-runtime/v1")
        sandbox_headers = {"x-sandbox-id": sandbox}
        process = client.post(f"{runtime}/processes/start", json={"program": "true"}, headers=sandbox_headers).json()[
            "process_id"
        ]
        client.post(f"{runtime}/files/write?path=page", content=b"content", headers=sandbox_headers)
    return {
        "org": emulator.org_id,
        "project": emulator.project_id,
        "sandbox": sandbox,
        "snapshot": snapshot,
        "agent": agent,
        "X-Sandbox-Id": sandbox,
        "snapshot_id": snapshot,
        "process_id": process,
        "command": "true",  # A generated command might be a program of this machine.
        "program": "true",
        "agent_template": "claude-code",
        "template": "sb-python-3-13",
    }


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),  # Objects of one operation do not exist for the next one.
)
def test_every_response_conforms_to_the_openapi_description(
    case: Any, emulator: Emulator, existing_ids: dict[str, str]
) -> None:
    for part in (case.path_parameters, case.headers, case.body):
        if hasattr(part, "keys"):
            part.update({name: existing_ids[name] for name in part.keys() & existing_ids.keys()})
    if isinstance(case.body, dict) and len(str(case.body.get("path"))) % 2:  # Otherwise the value was generated.
        case.body["path"] = "." if case.path.endswith("/list") else "page"
    case.call_and_validate(
        base_url=emulator.base_url.removesuffix("/agent"),
        headers={"Authorization": f"Bearer {emulator.api_key}"},
        checks=CONFORMING,
    )


def test_a_valid_openapi_description_is_served_without_a_key(emulator: Emulator) -> None:
    served = httpx.get(f"{emulator.base_url.removesuffix('/agent')}/openapi.json")
    assert served.json() == DESCRIPTION
    schema.validate()
    assert len(DESCRIPTION["paths"]) == 47


def test_every_path_of_the_api_is_described() -> None:
    described = {
        (method, path.removeprefix("/agent"))
        for path, methods in DESCRIPTION["paths"].items()
        for method in methods
        if path.startswith("/agent")
    }
    assert described == {
        (method.lower(), route.path) for route in control_plane_routes() for method in route.operations
    }
    speaking = {path for _, path, _ in ENDPOINTS if not path.startswith(("/v1/files/uploads", "/v1/files/watch"))}
    assert {f"/sandboxes-runtime{path}" for path in speaking} < DESCRIPTION["paths"].keys()


def test_one_schema_name_for_a_request_and_a_response_raises_an_error() -> None:
    with pytest.raises(ValueError, match=r"one name: \['EmptyBody'\]"):
        Schemas(requests=[EmptyBody], responses=[EmptyBody])
