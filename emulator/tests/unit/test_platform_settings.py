"""Settings for behaviour that differs between versions of the platform's documentation."""

from typing import Any

import pytest

from helpers.emulator_harness import ApiDriver
from neev_emulator import Backend, Settings


def change_settings(backend: Backend, **changes: Any) -> None:
    backend.change_settings(Settings(durations=backend.settings.durations, **changes))


@pytest.mark.parametrize("host", ["*.npmjs.org", "*"])
async def test_wildcards_are_rejected_if_reject_egress_wildcards_is_set(
    api: ApiDriver, backend: Backend, host: str
) -> None:
    wildcard = {"allow": [{"host": host}]}
    await api.create(name="web", egress={"mode": "allow_list", **wildcard})
    change_settings(backend, reject_egress_wildcards=True)
    for method, path, body in (
        ("POST", "/sandboxes", {"egress": {"mode": "allow_list", **wildcard}}),
        ("PATCH", "/sandboxes/web", {"egress": {"mode": "allow_list", **wildcard}}),
        ("PATCH", "/sandboxes/web", {"egress_add": wildcard}),
    ):
        status, code, message = await api.send_refused(method, path, body)
        assert (status, code) == (400, "validation_error")
        assert "wildcards are not supported" in message
    exact = {"mode": "allow_list", "allow": [{"host": "registry.npmjs.org"}]}
    assert (await api.create(name="exact", egress=exact))["egress"]["allow"] == exact["allow"]


async def test_retain_for_is_ignored_if_ignore_retain_for_is_set(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    change_settings(backend, ignore_retain_for=True)
    assert (await api.create("/sandboxes/web/snapshots", retain_for="720h"))["expires_at"] is None
    assert (await api.send_refused("POST", "/sandboxes/web/snapshots", {"retain_for": "soon"}))[0] == 400


async def test_restoring_an_unsupported_snapshot_is_rejected(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web")
    snapshot = (await api.create("/sandboxes/web/snapshots"))["id"]
    backend.advance(5)
    assert (await api.read(f"/snapshots/{snapshot}"))["restorability"] == "restorable"
    change_settings(backend, restorability="unsupported")
    assert (await api.read(f"/snapshots/{snapshot}"))["restorability"] == "unsupported"
    for path, body in (("/sandboxes", {"restore": snapshot}), ("/sandboxes/web/rollback", {"snapshot_id": snapshot})):
        assert (await api.send_refused("POST", path, body))[:2] == (409, "conflict")


async def test_templates_of_api_0_9_are_missing_in_api_0_8(api: ApiDriver, backend: Backend) -> None:
    new = {"sb-ubuntu-26-04-dev", "sb-ubuntu-26-04-interpreter"}

    async def list_ids() -> set[str]:
        response = await api.client.get("/agent/api/v1beta1/sandbox-templates")
        return {template["id"] for template in response.json()["items"]}

    newer = await list_ids()
    for template in new:
        await api.create(sandbox_template_id=template)
    change_settings(backend, api="0.8")
    assert newer - await list_ids() == new
    for template in new:
        assert (await api.send_refused("POST", "/sandboxes", {"sandbox_template_id": template}))[0] == 400
        response = await api.client.get(f"/agent/api/v1beta1/sandbox-templates/{template}")
        assert response.status_code == 404
