"""Labels of sandboxes, and API 0.8 without them."""

from collections.abc import Sequence

import pytest

from helpers.emulator_harness import ApiDriver
from neev_emulator import Backend, Settings


async def list_names(api: ApiDriver, *labels: str, **query: object) -> list[str]:
    response = await api.send("GET", "/sandboxes", params={"label": labels, **query})
    return [item["name"] for item in response.json()["items"]]


async def test_a_sandbox_has_the_labels_of_its_create(api: ApiDriver) -> None:
    labels = {"team": "Web_1.a-b", "managed-by": "pulumi"}
    assert (await api.create(name="web", labels=labels))["labels"] == labels
    assert (await api.read("/sandboxes/web"))["labels"] == labels
    assert (await api.create(name="bare"))["labels"] == {}


@pytest.mark.parametrize(
    "labels",
    [
        {"Team": "web"},
        {"": "web"},
        {"a" * 64: "web"},
        {"team": "two words"},
        {"team": ""},
        {"team": "a" * 64},
        {"team": 1},
        {f"key-{number}": "a" for number in range(17)},
    ],
)
async def test_invalid_labels_are_rejected(api: ApiDriver, labels: dict[str, object]) -> None:
    status, code, message = await api.send_refused("POST", "/sandboxes", {"name": "web", "labels": labels})
    assert (status, code) == (400, "validation_error")
    assert "labels" in message


async def test_labels_at_the_limits_are_accepted(api: ApiDriver) -> None:
    labels = {f"{'a' * 61}{number:02}": "b" * 63 for number in range(16)}
    assert (await api.create(name="web", labels=labels))["labels"] == labels


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ((), ["c", "b", "a"]),
        (["team=web"], ["c", "a"]),
        (["team=web", "tier=1"], ["c"]),
        (["team=db", "tier=1"], []),
        (["team=we"], []),
    ],
)
async def test_a_list_contains_only_sandboxes_with_all_given_labels(
    api: ApiDriver, labels: Sequence[str], names: list[str]
) -> None:
    await api.create(name="a", labels={"team": "web"})
    await api.create(name="b", labels={"team": "db"})
    await api.create(name="c", labels={"team": "web", "tier": "1"})
    assert await list_names(api, *labels) == names


async def test_a_filtered_list_is_paged(api: ApiDriver) -> None:
    for name in ("a", "b", "c", "d"):
        await api.create(name=name, labels={"team": "db" if name == "b" else "web"})
    assert await list_names(api, "team=web", limit=2, page=2) == ["a"]


@pytest.mark.parametrize("label", ["team", "=web", "team=", ""])
async def test_an_invalid_label_filter_is_rejected(api: ApiDriver, label: str) -> None:
    response = await api.send("GET", "/sandboxes", params={"label": label})
    assert (response.status_code, response.json()["details"]) == (400, "label")


async def test_labels_cannot_be_changed(api: ApiDriver) -> None:
    await api.create(name="web", labels={"team": "web"})
    assert (await api.send_refused("PATCH", "/sandboxes/web", {"labels": {"team": "db"}}))[0] == 400


async def test_a_fork_inherits_labels_and_a_restored_sandbox_does_not(api: ApiDriver, backend: Backend) -> None:
    await api.create_ready(name="web", labels={"team": "web"})
    snapshot = await api.create("/sandboxes/web/snapshots")
    backend.advance(5)
    assert (await api.create("/sandboxes/web/fork", name="copy"))["labels"] == {"team": "web"}
    assert (await api.create(name="restored", restore=snapshot["id"]))["labels"] == {}
    assert (await api.create(name="other", restore=snapshot["id"], labels={"a": "b"}))["labels"] == {"a": "b"}


async def test_api_0_8_ignores_labels_and_returns_replicas(api: ApiDriver, backend: Backend) -> None:
    assert "replicas" not in await api.create(name="newer")
    backend.change_settings(Settings(api="0.8"))
    created = await api.create(name="web", labels={"Not": "a label"})
    assert "labels" not in created
    assert created["replicas"] == 1
    assert await list_names(api, "team=db", "?") == ["web", "newer"]
    assert (await api.create("/sandboxes/web/pause"))["replicas"] == 0
