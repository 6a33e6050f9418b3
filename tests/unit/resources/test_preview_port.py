"""Preview ports on a platform."""

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


async def test_a_port_has_a_url_with_the_slug_that_the_platform_chose(driver: LifecycleDriver) -> None:
    """And keeps it."""
    box = await driver.create(SANDBOX, name="box")
    stored = await driver.create(PORT, sandboxId=box.id, port=8080)
    assert stored.id == f"{box.id}/8080"
    assert stored.state["slug"] in stored.state["previewUrl"]
    assert not PORT.diff(stored.inputs, stored.state, {"sandboxId": box.id, "port": 8080.0}).changes
    assert await driver.read(PORT, stored) == stored


async def test_another_slug_is_another_url_of_the_same_port(driver: LifecycleDriver) -> None:
    """The port is rotated in place; taking the slug out leaves it."""
    box = await driver.create(SANDBOX, name="box")
    stored = await driver.create(PORT, sandboxId=box.id, port=8080, slug=SLUG)
    driver.take_requests()
    rotated = await driver.update(PORT, stored, sandboxId=box.id, port=8080, slug=OTHER)
    assert (rotated.id, rotated.state["slug"]) == (stored.id, OTHER)
    assert rotated.state["previewUrl"] != stored.state["previewUrl"]
    assert driver.take_requests() == [EXPOSE]
    assert not PORT.diff(rotated.inputs, rotated.state, {"sandboxId": box.id, "port": 8080}).changes


async def test_a_slug_that_was_changed_elsewhere_is_drift_only_where_the_program_says_one(
    driver: LifecycleDriver,
) -> None:
    """What the platform chose may change."""
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


async def test_a_port_that_was_revoked_elsewhere_is_gone(driver: LifecycleDriver) -> None:
    """Deleting it is no error."""
    box = await driver.create(SANDBOX, name="box")
    stored = await driver.create(PORT, sandboxId=box.id, port=8080)
    await driver.api.ports.revoke(box.id, 8080)
    assert await driver.read(PORT, stored) is None
    await driver.delete(PORT, stored)


async def test_a_port_goes_with_its_sandbox(driver: LifecycleDriver) -> None:
    """Likewise."""
    box = await driver.create(SANDBOX, name="box")
    stored = await driver.create(PORT, sandboxId=box.id, port=8080)
    await driver.delete(SANDBOX, box)
    assert await driver.read(PORT, stored) is None
    await driver.delete(PORT, stored)


async def test_an_import_is_clean(driver: LifecycleDriver) -> None:
    """By the sandbox's id or its name; the slug it has is the one to write."""
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
async def test_an_id_that_names_no_port_says_how_one_looks(driver: LifecycleDriver, id: str) -> None:
    """No request is made."""
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
def test_bad_input_is_refused_and_no_slug_is_quoted(inputs: dict[str, Any], path: str, reason: str) -> None:
    """The engine would show the value at a path."""
    failures = PORT.check({}, {"sandboxId": "box", **inputs}, str)[1]
    assert [(failure.path, failure.reason) for failure in failures] == [(path, reason)]


def test_what_opens_the_port_is_in_no_repr() -> None:
    """Inputs show themselves in tracebacks."""
    assert SLUG not in repr(parse(PreviewPortInputs, {"sandboxId": "box", "port": 80, "slug": SLUG}))


async def test_what_the_platform_made_up_is_a_secret_of_the_operation_from_then_on(driver: LifecycleDriver) -> None:
    box = await driver.create(SANDBOX, name="box")
    with redaction.use_redactor(Redactor.from_values()):
        stored = await driver.create(PORT, sandboxId=box.id, port=80)
        assert (
            redaction.redact(f"{stored.state['slug']} {stored.state['previewUrl']}") == f"{PLACEHOLDER} {PLACEHOLDER}"
        )


async def test_a_port_under_another_name_in_the_program_outlives_the_old_one(driver: LifecycleDriver) -> None:
    """It gets another URL, which tells the two apart; also after a refresh, or where an older version stored it."""
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


async def test_a_port_that_cannot_be_told_apart_is_refused(driver: LifecycleDriver) -> None:
    box = await driver.create(SANDBOX, name="box")
    created = await driver.create(PORT, sandboxId=box.id, port=8080, slug=SLUG)
    with pytest.raises(OperationFailed, match=r"port 8080 is already exposed with the given slug") as refused:
        await driver.create(PORT, sandboxId=box.id, port=8080, slug=SLUG)
    assert refused.value.hint == Hint.OWNER_UNKNOWN
    taken = await driver.create(PORT, sandboxId=box.id, port=8080, slug=OTHER)
    await driver.delete(PORT, created)
    assert await driver.read(PORT, taken) == taken


async def test_a_port_whose_state_lacks_everything_is_revoked(driver: LifecycleDriver) -> None:
    """A delete needs an id and little else."""
    box = await driver.create(SANDBOX, name="box")
    created = await driver.create(PORT, sandboxId=box.id, port=8080)
    await driver.delete(PORT, StoredResource(created.id, {}, {"slug": 7}))
    assert await driver.read(PORT, created) is None


async def test_a_port_that_is_asked_for_with_its_slug_is_owned_from_then_on(driver: LifecycleDriver) -> None:
    box = await driver.create(SANDBOX, name="box")
    created = await driver.create(PORT, sandboxId=box.id, port=8080)
    await driver.api.ports.expose(box.id, 8080, slug=OTHER)
    updated = await driver.update(PORT, created, sandboxId=box.id, port=8080, slug=OTHER)
    await driver.delete(PORT, updated)
    assert await driver.read(PORT, created) is None


@contextlib.contextmanager
def listen_on_progress() -> Iterator[tuple[int, OperationContext]]:
    """Yield a free port, and an operation whose first status makes something listen on it."""
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


async def test_a_port_that_got_another_slug_before_its_wait_failed_is_revoked_by_a_delete(
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
