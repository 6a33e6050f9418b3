"""Failed and interrupted operations: the state is kept, and secrets are redacted."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.terraform_engine import Engine, EngineError, State, open_engine, open_engine_of, settings_of
from tests.fakes.terraform_executor import DrawnExecutor, DrawnProvider

from neev_emulator import Emulator
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.operations import Operations
from neev_provider.adapters.terraform.ownership import owner_of
from neev_provider.client import Api, Settings
from neev_provider.core.errors import Cancelled
from neev_provider.core.lifecycle import AnyResource, ResourceInitFailed, StoredResource
from neev_provider.core.model import UNKNOWN
from neev_provider.core.resource import OperationContext

SECRET = "hunter2-in-the-environment"
PAUSE = "/sandboxes/{id}/pause"


async def expect_error(operation: Awaitable[Any]) -> EngineError:
    """Return the error that the engine reports."""
    with pytest.raises(EngineError) as caught:
        await operation
    return caught.value


async def wait_until(is_done: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    while not is_done():  # noqa: ASYNC110  the emulator runs in another thread
        await asyncio.sleep(0.01)


class FailingExecutor(DrawnExecutor):
    """An executor whose creates fail after they created an object."""

    def __init__(self, cause: BaseException, state: Mapping[str, Any]) -> None:
        super().__init__(random.Random())
        self._cause = cause
        self._state = state

    async def create(
        self, resource: AnyResource, context: OperationContext, raw_inputs: Mapping[str, Any], *, convert: Any
    ) -> Any:
        raise ResourceInitFailed(StoredResource("id", raw_inputs, self._state)) from self._cause


async def create_and_fail(
    kind: str, config: Mapping[str, Any], cause: BaseException, state: Mapping[str, Any]
) -> tuple[Engine, State]:
    """Return the engine and its stored state after a create that failed after it created an object."""

    class FailingProvider(DrawnProvider):
        def configure(self, config: Mapping[str, Any]) -> None:
            super().configure(config)
            self._operations = Operations(
                FailingExecutor(cause, state), lambda kind, name: owner_of(kind, name, self._environ, self._directory)
            )

    async with open_engine_of(FailingProvider(random.Random())) as engine:
        stored: State | None
        try:
            stored = await engine.resource(kind).create(config)
        except EngineError as error:
            stored = error.state
    assert stored is not None
    return engine, stored


async def test_the_id_of_a_failed_create_is_stored_if_its_outputs_are_invalid() -> None:
    engine, state = await create_and_fail("neev_sandbox", {"cpu": 1}, RuntimeError(SECRET), {"effectiveLabels": 5})
    assert (state.id, state.values["cpu"], state.is_tainted) == ("id", 1, True)
    assert "A bug in the NeevAI provider (RuntimeError)" in engine.diagnostics[-1].detail
    assert SECRET not in str(engine.diagnostics)


@pytest.mark.parametrize(
    ("kind", "config", "severity"),
    [
        ("neev_sandbox", {"cpu": 1}, pb.Diagnostic.WARNING),
        # an update without a change can be planned only if an output may change
        ("neev_egress_rule", {"sandbox_id": "box", "host": "pypi.org"}, pb.Diagnostic.ERROR),
    ],
)
async def test_an_interrupted_create_is_tainted_if_no_update_can_continue_it(
    kind: str, config: Mapping[str, Any], severity: int
) -> None:
    engine, state = await create_and_fail(kind, config, Cancelled(kind), {})
    assert (state.id, state.is_tainted) == ("id", severity == pb.Diagnostic.ERROR)
    assert engine.diagnostics[-1].severity == severity


async def test_a_failed_create_is_tainted_and_the_error_names_untaint(terraform: Engine, platform: Emulator) -> None:
    box = terraform.resource("neev_sandbox")
    platform.inject("status", method="POST", path=PAUSE, status=403)
    error = await expect_error(box.create({"paused": True}))
    assert "`terraform untaint ADDRESS`" in error.details()
    assert error.state is not None
    assert error.state.is_tainted
    assert (await box.plan({"paused": True}, error.state)).action == "replace"
    kept = replace(error.state, is_tainted=False)
    plan = await box.plan({"paused": True}, kept)
    assert plan.action == "update"
    finished = await box.apply(plan)
    assert finished.values["phase"] == "Paused"
    assert (await box.plan({"paused": True}, finished)).action == "none"
    await box.destroy(finished)


async def test_a_rejected_create_stores_no_state(terraform: Engine, platform: Emulator) -> None:
    platform.inject("status", method="POST", path="/sandboxes", status=400)
    error = await expect_error(terraform.resource("neev_sandbox").create({}))
    assert error.state is None
    assert "Cannot create neev_sandbox" in error.details()
    assert "untaint" not in error.details()


@pytest.mark.parametrize("platform", [30], indirect=True)
@pytest.mark.parametrize(
    ("kind", "config", "output"),
    [("neev_sandbox", {"name": "box"}, ("phase", "Ready")), ("neev_agent", {"agent_template": "claude-code"}, None)],
)
async def test_an_interrupted_create_is_stored_and_the_next_apply_continues_it(
    kind: str, config: dict[str, Any], output: tuple[str, str] | None, terraform: Engine, platform: Emulator
) -> None:
    operation = asyncio.ensure_future(terraform.resource(kind).create(config))
    await wait_until(lambda: any("phase" in str(entry) or entry["method"] == "GET" for entry in platform.requests))
    await terraform.call("StopProvider")
    state = await operation
    assert not state.is_tainted
    assert terraform.warnings() != []
    platform.advance(60)
    platform.clear_log()
    async with open_engine() as process:
        await process.configure(**settings_of(platform))
        resource = process.resource(kind)
        read = await resource.read(state)
        assert read is not None
        plan = await resource.plan(config, read)
        assert plan.action == "update"
        finished = await resource.apply(plan)
        assert output is None or finished.values[output[0]] == output[1]
        assert (await resource.plan(config, finished)).action == "none"
    assert platform.mutating_requests == []


async def test_a_failed_update_is_planned_again(terraform: Engine, platform: Emulator) -> None:
    box = terraform.resource("neev_sandbox")
    state = await box.create({"cpu": 1})
    platform.inject("status", method="PATCH", path="/sandboxes/{id}", status=403)
    error = await expect_error(box.update({"cpu": 2}, state))
    assert error.state is not None
    assert not error.state.is_tainted
    assert error.state.values["cpu"] == 1
    assert (await box.plan({"cpu": 2}, error.state)).action == "update"


async def test_a_failed_read_is_an_error_and_keeps_the_state(terraform: Engine, platform: Emulator) -> None:
    box = terraform.resource("neev_sandbox")
    state = await box.create({})
    platform.inject("status", method="GET", path="/sandboxes*", status=403, times=9)
    assert "Cannot read neev_sandbox" in (await expect_error(box.read(state))).details()


async def test_read_plan_and_destroy_reject_a_state_of_another_account(terraform: Engine, platform: Emulator) -> None:
    state = await terraform.resource("neev_sandbox").create({})
    async with open_engine() as other:
        await other.configure(**{**settings_of(platform), "project_id": "another"})
        box = other.resource("neev_sandbox")
        for operation in (box.read(state), box.plan({}, state), box.destroy(state)):
            assert "project" in (await expect_error(operation)).details()


async def test_a_failed_delete_keeps_the_state(terraform: Engine, platform: Emulator) -> None:
    box = terraform.resource("neev_sandbox")
    state = await box.create({})
    platform.inject("status", method="DELETE", path="/sandboxes/{id}", status=403)
    error = await expect_error(box.destroy(state))
    assert error.state is not None
    assert error.state.values == state.values
    await box.destroy(error.state)
    assert await box.read(state) is None


async def test_a_sent_create_is_awaited_if_the_engine_cancels_the_call(terraform: Engine, platform: Emulator) -> None:
    operation = asyncio.ensure_future(terraform.resource("neev_sandbox").create({"paused": True}))
    await wait_until(lambda: platform.mutating_requests != [])
    operation.cancel()
    await wait_until(lambda: any(entry["template"] == PAUSE for entry in platform.mutating_requests))


async def test_secrets_are_redacted_in_diagnostics(
    terraform: Engine, platform: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    box = terraform.resource("neev_sandbox")
    key = settings_of(platform)["api_key"]
    for config in ({"env": {"TOKEN": SECRET}}, {"env_wo": {"TOKEN": SECRET}, "env_wo_version": 1}):
        body = {"message": f"env: {SECRET} and {key} are not allowed"}
        platform.inject("status", method="POST", path="/sandboxes", status=422, body=body)
        error = await expect_error(box.create(config))
        assert "not allowed" in error.details()
    assert not any(secret in str(terraform.diagnostics) + "".join(capsys.readouterr()) for secret in (SECRET, key))


async def test_an_unexpected_exception_is_reported_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_settings: Settings) -> Api:
        raise RuntimeError(SECRET)

    async with open_engine(client_factory=fail) as engine:
        await engine.configure(base_url="http://127.0.0.1:1/agent", api_key="k", org_id="o", project_id="p")
        error = await expect_error(engine.resource("neev_sandbox").create({}))
        assert error.state is None
        read = await expect_error(engine.read_data_source("neev_sandbox_templates", {}))
    for text in (error.details(), read.details()):
        assert "A bug in the NeevAI provider (RuntimeError)" in text
        assert SECRET not in text
    log = capsys.readouterr().err
    assert "RuntimeError in the NeevAI provider" in log
    assert SECRET not in log


async def test_write_only_secrets_are_not_stored_and_change_with_their_version(terraform: Engine) -> None:
    box = terraform.resource("neev_sandbox")
    first = {"env_wo": {"TOKEN": SECRET}, "env_wo_version": 1}
    state = await box.create(first)
    assert SECRET not in str(state)
    assert (await box.plan({"env_wo": {"TOKEN": "other"}, "env_wo_version": 1}, state)).action == "none"
    plan = await box.plan({"env_wo": {"TOKEN": "other"}, "env_wo_version": 2}, state)
    assert (plan.action, plan.replaced_by) == ("replace", ("env_wo_version",))
    command = terraform.resource("neev_command")
    run = {"sandbox_id": state.id, "create": ["true"], "update": ["false"], **first}
    ran = await command.create(run)
    error = await expect_error(command.update({**run, "env_wo": {"TOKEN": SECRET * 2}, "env_wo_version": 2}, ran))
    assert error.state is not None
    assert SECRET not in str(error.state) + str(terraform.diagnostics)


async def test_write_only_arguments_are_validated(terraform: Engine) -> None:
    box = terraform.resource("neev_sandbox")
    both = {"env": {"A": "1"}, "env_wo": {"A": "2"}, "env_wo_version": 1}
    assert "conflicts with env_wo" in (await expect_error(box.validate(both))).details()
    alone = await expect_error(box.validate({"env_wo": {"A": "2"}}))
    assert "Invalid env_wo: env_wo: requires env_wo_version" in alone.details()
    assert alone.paths == ["env_wo"]


async def test_a_change_of_timeouts_sends_no_request(terraform: Engine, platform: Emulator) -> None:
    box = terraform.resource("neev_sandbox")
    state = await box.create({"cpu": 1})
    platform.clear_log()
    limits = {"cpu": 1, "timeouts": {"create": "1h30m"}}
    plan = await box.plan(limits, state)
    assert plan.action == "update"
    assert plan.unknown == set()
    limited = await box.apply(plan)
    assert platform.requests == []
    assert (await box.plan(limits, limited)).action == "none"
    error = await expect_error(box.validate({"timeouts": {"create": "a while", "delete": "0h"}}))
    assert error.paths == ["timeouts.create", "timeouts.delete"]
    assert "timeouts.delete: must be more than 0 (is '0h')" in error.details()
    assert (await box.plan({"timeouts": {"create": UNKNOWN}})).action == "create"


async def test_only_outputs_that_an_update_changes_are_unknown_in_the_plan(terraform: Engine) -> None:
    box = terraform.resource("neev_sandbox")
    state = await box.create({"cpu": 1})
    assert (await box.plan({"cpu": 2}, state)).unknown == {"phase"}


async def test_the_api_key_may_be_unknown_in_the_plan(platform: Emulator) -> None:
    async with open_engine() as engine:
        await engine.configure(**{**settings_of(platform), "api_key": UNKNOWN})
        box = engine.resource("neev_sandbox")
        plan = await box.plan({})
        error = await expect_error(box.apply(plan))
        assert "the provider's api_key depends on a resource that is not applied yet" in error.details()
    async with open_engine() as engine:
        error = await expect_error(engine.configure(org_id="org"))
        assert "NEEV_API_KEY" in error.details()
