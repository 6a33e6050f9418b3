"""Faults with the name of a target, for requests with its name or id."""

import pytest

from helpers.emulator_harness import SLOW, ApiDriver

SNAPSHOT_READY_AT = SLOW.create + SLOW.addressable + SLOW.snapshot_start + SLOW.snapshot


async def add_fault(api: ApiDriver, **fault: object) -> None:
    await api.client.post("/_emulator/faults", json={"kind": "status", "status": 503, **fault})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/sandboxes", {"name": "aimed"}),
        ("POST", "/sandboxes/web/fork", {"name": "aimed"}),
        ("POST", "/sandboxes/web/snapshots", {"name": "aimed"}),
        ("POST", "/agents", {"name": "aimed", "agent_template": "claude-code"}),
    ],
)
async def test_a_fault_matches_a_create_by_the_name_in_the_body(
    api: ApiDriver, method: str, path: str, body: dict[str, object]
) -> None:
    await api.create(name="web")
    await add_fault(api, method=method, path="*", name="aimed", times=2)
    assert (await api.send(method, path, {**body, "name": "other"})).is_success
    assert (await api.send(method, path, body)).status_code == 503
    assert (await api.send(method, path, body)).status_code == 503
    assert (await api.send(method, path, body)).is_success


async def test_a_fault_matches_a_sandbox_by_name_if_the_path_has_its_id(api: ApiDriver) -> None:
    aimed, other = await api.create_ready(name="aimed"), await api.create_ready(name="other")
    await add_fault(api, path="/sandboxes/{id}/pause", name="aimed")
    assert (await api.send("GET", f"/sandboxes/{aimed['id']}")).is_success
    assert (await api.send("POST", f"/sandboxes/{other['id']}/pause")).is_success
    assert (await api.send("POST", f"/sandboxes/{aimed['id'].upper()}/pause")).status_code == 503
    assert (await api.send("POST", f"/sandboxes/{aimed['id']}/pause")).is_success
    await add_fault(api, name="aimed")
    assert (await api.send("GET", "/sandboxes/aimed")).status_code == 503


async def test_a_fault_matches_a_snapshot_or_an_agent_by_name(api: ApiDriver) -> None:
    await api.create_ready(name="web")
    snapshot = await api.create("/sandboxes/web/snapshots", name="aimed")
    agent = await api.create("/agents", name="coder", agent_template="claude-code")
    await add_fault(api, name="aimed")
    await add_fault(api, name="coder")
    assert (await api.send("GET", f"/snapshots/{snapshot['id']}")).status_code == 503
    assert (await api.send("GET", f"/agents/{agent['id']}")).status_code == 503


async def test_a_fault_matches_runtime_requests_by_the_name_of_the_sandbox(api: ApiDriver) -> None:
    sandbox, other = await api.create_ready(name="aimed"), await api.create_ready(name="other")
    await add_fault(api, path="/v1/files/*", name="aimed")
    for key, status in ((other["id"], 200), (sandbox["id"], 503), (sandbox["id"], 200)):
        response = await api.client.post(
            "/sandboxes-runtime/v1/files/exists", json={"path": "x"}, headers={"x-sandbox-id": key}
        )
        assert response.status_code == status


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"name": 5}', b'"aimed"', b"[" * 100_000, b"\xff"])
async def test_a_fault_does_not_match_a_body_without_a_name(api: ApiDriver, body: bytes) -> None:
    await add_fault(api, name="aimed")
    response = await api.send("POST", "/sandboxes", content=body, headers={"content-type": "application/json"})
    assert response.status_code in {201, 400}


async def test_a_large_body_is_unchanged_after_the_fault_match(api: ApiDriver) -> None:
    await add_fault(api, name="aimed")
    large = {"name": "web", "env": [{"name": f"A{i}", "value": "x" * 1000} for i in range(2000)]}
    response = await api.send("POST", "/sandboxes", large)
    assert (response.status_code, response.json()["name"]) == (201, "web")
