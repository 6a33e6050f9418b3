"""The PreviewPort resource against the emulator."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from tests.fakes.lifecycle import create_and_finish
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core import lifecycle, redaction
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.errors import InputError, OperationFailed
from neev_provider.core.hints import Hint
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.redaction import PLACEHOLDER, Redactor
from neev_provider.core.resource import OperationContext
from neev_provider.core.validation import parse
from neev_provider.core.wait import Deadline
from neev_provider.resources.preview_port import PreviewPortInputs, PreviewPortResource
from neev_provider.resources.sandbox.sandbox import SandboxResource

SANDBOX, PORT = SandboxResource(), PreviewPortResource()
EXPOSE = "POST /sandboxes/{id}/ports"
SLUG, OTHER = "abcd1234", "wxyz9876"


async def test_a_port_without_a_slug_has_a_url_with_a_generated_slug(driver: LifecycleDriver) -> None:
    """A refresh does not change it."""
    box = await driver.create(SANDBOX, name="box")
    stored = await driver.create(PORT, sandboxId=box.id, port=8080)
    assert stored.id == f"{box.id}/8080"
    assert stored.state["slug"] in stored.state["previewUrl"]
    assert not PORT.diff(stored.inputs, stored.state, {"sandboxId": box.id, "port": 8080.0}).changes
    assert await driver.read(PORT, stored) == stored


async def test_a_changed_slug_updates_the_url_in_place(driver: LifecycleDriver) -> None:
    """The id is unchanged. Removing the input afterwards is not a change."""
    box = await driver.create(SANDBOX, name="box")
    stored = await driver.create(PORT, sandboxId=box.id, port=8080, slug=SLUG)
    driver.take_requests()
    rotated = await driver.update(PORT, stored, sandboxId=box.id, port=8080, slug=OTHER)
    assert (rotated.id, rotated.state["slug"]) == (stored.id, OTHER)
    assert rotated.state["previewUrl"] != stored.state["previewUrl"]
    assert driver.take_requests() == [EXPOSE]
    assert not PORT.diff(rotated.inputs, rotated.state, {"sandboxId": box.id, "port": 8080}).changes


async def test_a_slug_that_was_changed_elsewhere_is_drift_only_if_the_input_is_set(
    driver: LifecycleDriver,
) -> None:
    """A generated slug may change."""
    box = await driver.create(SANDBOX, name="box")
    message = await driver.create(PORT, sandboxId=box.id, port=8080, slug=SLUG)
    silent = await driver.create(PORT, sandboxId=box.id, port=9090)
    await driver.api.ports.expose(box.id, 8080, slug=OTHER)
    await driver.api.ports.expose(box.id, 9090, slug="qqqq0000")
    for stored, changed in ((message, ["slug"]), (silent, [])):
        observed = await driver.read(PORT, stored)
        assert observed is not None
        found = PORT.diff(observed.inputs, observed.state, stored.inputs)
        assert [(change.path, change.requires_replacement) for change in found.changes] == [
            (item, False) for item in changed
        ]


async def test_a_port_that_was_revoked_elsewhere_is_missing(driver: LifecycleDriver) -> None:
    """A delete succeeds."""
    box = await driver.create(SANDBOX, name="box")
    stored = await driver.create(PORT, sandboxId=box.id, port=8080)
    await driver.api.ports.revoke(box.id, 8080)
    assert await driver.read(PORT, stored) is None
    await driver.delete(PORT, stored)


async def test_a_port_is_missing_if_its_sandbox_is_deleted(driver: LifecycleDriver) -> None:
    box = await driver.create(SANDBOX, name="box")
    stored = await driver.create(PORT, sandboxId=box.id, port=8080)
    await driver.delete(SANDBOX, box)
    assert await driver.read(PORT, stored) is None
    await driver.delete(PORT, stored)


async def test_a_plan_after_an_import_has_no_changes(driver: LifecycleDriver) -> None:
    """By the id or the name of the sandbox; the imported inputs have the slug."""
    box = await driver.create(SANDBOX, name="box")
    created = await driver.create(PORT, sandboxId=box.id, port=8080, slug=SLUG)
    for id in (created.id, "box/8080"):
        stored = await lifecycle.read(PORT.connect(driver.api), id, None)
        assert stored is not None
        assert stored.id == created.id
        assert stored.inputs == created.inputs
        assert not PORT.diff(stored.inputs, stored.state, created.inputs).changes
    assert await lifecycle.read(PORT.connect(driver.api), "nothing/8080", None) is None


@pytest.mark.parametrize("id", ["box", "8080", "box/web", "/8080", "box/"])
async def test_an_invalid_import_id_is_rejected_with_the_expected_form(driver: LifecycleDriver, id: str) -> None:
    """No request is sent."""
    driver.emulator.clear_log()
    with pytest.raises(InputError, match="SANDBOX_ID/PORT"):
        await lifecycle.read(PORT.connect(driver.api), id, None)
    assert driver.emulator.requests == []


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"port": 0}, "port", "must be at least 1 (is 0)"),
        ({"port": 65536}, "port", "must be at most 65535 (is 65536)"),
        ({"port": 80, "slug": "ABCD1234"}, "", "slug: must be 8 lowercase letters and digits"),
        ({"port": 80, "slug": "abcd123"}, "", "slug: must be 8 lowercase letters and digits"),
        ({"port": 80, "slug": "abcd12345"}, "", "slug: must be 8 lowercase letters and digits"),
    ],
)
def test_invalid_inputs_are_rejected_without_the_slug_in_the_error(
    inputs: dict[str, Any], path: str, reason: str
) -> None:
    """The engine would show the value of the property if the failure had its path."""
    failures = PORT.check({}, {"sandboxId": "box", **inputs}, str)[1]
    assert [(failure.path, failure.reason) for failure in failures] == [(path, reason)]


def test_the_slug_is_not_in_the_repr_of_the_inputs() -> None:
    """Tracebacks contain the repr."""
    assert SLUG not in repr(parse(PreviewPortInputs, {"sandboxId": "box", "port": 80, "slug": SLUG}))


async def test_a_generated_slug_and_its_url_are_redacted_after_the_create(driver: LifecycleDriver) -> None:
    box = await driver.create(SANDBOX, name="box")
    with redaction.use_redactor(Redactor.from_values()):
        stored = await driver.create(PORT, sandboxId=box.id, port=80)
        assert (
            redaction.redact(f"{stored.state['slug']} {stored.state['previewUrl']}") == f"{PLACEHOLDER} {PLACEHOLDER}"
        )


async def test_a_renamed_port_resource_is_kept_when_the_old_resource_is_deleted(driver: LifecycleDriver) -> None:
    """The new resource has another URL. Also after a refresh, or with the state of an older version."""
    box = await driver.create(SANDBOX, name="box")
    where = {"sandboxId": box.id, "port": 8080}
    old = await driver.create(PORT, **where)
    new = await driver.create(PORT, **where)
    assert new.state["slug"] != old.state["slug"]
    assert driver.log_lines == ["port 8080 was exposed already: it has another URL now, and the one it had has ended."]
    refreshed = await driver.read(PORT, old)
    assert refreshed is not None
    earlier = StoredResource(old.id, old.inputs, {**old.state, "exposedSlug": None})
    for item in (old, refreshed, earlier):
        await driver.delete(PORT, item)
        assert await driver.read(PORT, new) == new
    assert "port 8080 was exposed by somebody else since, so it is left as it is." in driver.log_lines
    await driver.delete(PORT, new)
    assert await driver.read(PORT, new) is None


async def test_a_create_with_the_slug_of_an_exposed_port_is_rejected(driver: LifecycleDriver) -> None:
    box = await driver.create(SANDBOX, name="box")
    created = await driver.create(PORT, sandboxId=box.id, port=8080, slug=SLUG)
    with pytest.raises(OperationFailed, match=r"port 8080 is already exposed with the given slug") as refused:
        await driver.create(PORT, sandboxId=box.id, port=8080, slug=SLUG)
    assert refused.value.hint == Hint.OWNER_UNKNOWN
    taken = await driver.create(PORT, sandboxId=box.id, port=8080, slug=OTHER)
    await driver.delete(PORT, created)
    assert await driver.read(PORT, taken) == taken


async def test_a_delete_revokes_a_port_of_which_only_the_id_is_valid(driver: LifecycleDriver) -> None:
    """The rest of the state may be invalid or missing."""
    box = await driver.create(SANDBOX, name="box")
    created = await driver.create(PORT, sandboxId=box.id, port=8080)
    await driver.delete(PORT, StoredResource(created.id, {}, {"slug": 7}))
    assert await driver.read(PORT, created) is None


async def test_a_port_is_owned_after_an_update_to_its_current_slug(driver: LifecycleDriver) -> None:
    box = await driver.create(SANDBOX, name="box")
    created = await driver.create(PORT, sandboxId=box.id, port=8080)
    await driver.api.ports.expose(box.id, 8080, slug=OTHER)
    updated = await driver.update(PORT, created, sandboxId=box.id, port=8080, slug=OTHER)
    await driver.delete(PORT, updated)
    assert await driver.read(PORT, created) is None


@contextlib.contextmanager
def listen_on_progress() -> Iterator[tuple[int, OperationContext]]:
    """Yield a free port, and a context whose first status opens a listener on it."""
    with contextlib.ExitStack() as listeners:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]

        def listen(status: str) -> None:
            if status.startswith(f"nothing listens on port {port}") and not opened:
                opened.append(listeners.enter_context(socket.create_server(("127.0.0.1", port))))

        opened: list[socket.socket] = []
        yield port, OperationContext("Test", Deadline(20, SYSTEM_CLOCK, asyncio.Event(), listen))
        assert opened


@pytest.mark.parametrize("paused", [False, True])
async def test_a_create_waits_until_something_listens_on_the_port(driver: LifecycleDriver, paused: bool) -> None:  # noqa: FBT001  a row
    box = await driver.create(SANDBOX, name="box", paused=paused)
    with listen_on_progress() as (port, context):
        inputs = {"sandboxId": box.id, "port": port, "waitUntilServed": True}
        stored = await create_and_finish(PORT.connect(driver.api), inputs, context)
    assert stored.state["previewUrl"]
    assert (await driver.api.sandboxes.get(box.id)).phase == ("Paused" if paused else "Ready")


async def test_a_port_that_nothing_serves_in_time_is_kept_and_the_next_attempt_waits_again(
    driver: LifecycleDriver,
) -> None:
    box = await driver.create(SANDBOX, name="box")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    inputs = {"sandboxId": box.id, "port": port, "waitUntilServed": True}
    with pytest.raises(ResourceInitFailed, match=f"last seen: nothing listens on port {port}") as failed:
        await create_and_finish(PORT.connect(driver.api), inputs, driver.new_context(3))
    kept = failed.value.stored
    with socket.create_server(("127.0.0.1", port)):
        finished = await driver.finish(PORT, kept)
    assert (finished.id, finished.state["slug"]) == (kept.id, kept.state["slug"])


async def test_a_delete_revokes_a_port_whose_update_failed_after_the_slug_changed(
    driver: LifecycleDriver,
) -> None:
    box = await driver.create(SANDBOX, name="box")
    created = await driver.create(PORT, sandboxId=box.id, port=8080, slug=SLUG)
    driver.emulator.inject("status", method="POST", path="/v1/exec", status=403)
    with pytest.raises(ResourceInitFailed, match="refuses") as failed:
        await driver.update(PORT, created, sandboxId=box.id, port=8080, slug=OTHER, waitUntilServed=True)
    kept = failed.value.stored
    assert (kept.inputs, kept.state["exposedSlug"]) == (created.inputs, OTHER)
    await driver.delete(PORT, kept)
    assert await driver.read(PORT, created) is None
