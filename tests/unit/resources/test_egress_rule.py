"""The EgressRule resource: one rule of a sandbox's allow-list."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.scripted_transport import ScriptedTransport, json_response
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.adapters.shared.planner import Planner
from neev_provider.client import Settings, connect
from neev_provider.core import lifecycle
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.errors import Conflict, InputError, OperationFailed, UnexpectedResponse
from neev_provider.core.hints import Hint
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.model import UNKNOWN
from neev_provider.core.reference_errors import MissingReference
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline
from neev_provider.resources import egress
from neev_provider.resources.agent import AgentResource
from neev_provider.resources.egress_rule import EgressRuleInputs, EgressRuleResource
from neev_provider.resources.sandbox.sandbox import SandboxResource

RULE, SANDBOX = EgressRuleResource(), SandboxResource()
PATCH = "PATCH /sandboxes/{id}"
OLD, NEW = {"host": "PyPI.org", "ports": [443], "protocol": "TCP"}, {"host": "pypi.org", "ports": [80]}


async def list_rules(driver: LifecycleDriver, id: str) -> list[dict[str, Any]]:
    """Return the rules of the sandbox's allow-list."""
    policy = (await driver.api.sandboxes.get(id)).egress or {}
    return [dict(rule) for rule in policy["allow"]] if policy["mode"] == "allow_list" else []


@pytest.fixture
async def box(driver: LifecycleDriver) -> str:
    """Create a sandbox that denies all egress and return its id."""
    return (await driver.create(SANDBOX, name="box")).id


async def test_rules_of_one_sandbox_are_created_and_deleted_independently(driver: LifecycleDriver, box: str) -> None:
    """The first rule changes the policy to an allow-list."""
    rules = await asyncio.gather(
        driver.create(RULE, sandboxId=box, host="pypi.org", ports=[443]),
        driver.create(RULE, sandboxId=box, host="10.0.0.0/8"),
    )
    assert [rule.id for rule in rules] == [f"{box}/pypi.org", f"{box}/10.0.0.0/8"]
    assert {rule["host"] for rule in await list_rules(driver, box)} == {"pypi.org", "10.0.0.0/8"}
    for rule in rules:
        assert await driver.read(RULE, rule) == rule
    await driver.delete(RULE, rules[0])
    assert [rule["host"] for rule in await list_rules(driver, box)] == ["10.0.0.0/8"]
    assert await driver.read(RULE, rules[0]) is None
    await driver.delete(RULE, rules[0])
    await driver.delete(RULE, rules[1])
    assert await list_rules(driver, box) == []


async def test_ports_and_protocol_are_updated_in_place(driver: LifecycleDriver, box: str) -> None:
    stored = await driver.create(RULE, sandboxId=box, host="pypi.org", ports=[443])
    driver.take_requests()
    stored = await driver.update(RULE, stored, sandboxId=box, host="pypi.org", ports=[80, 443])
    assert driver.take_requests() == [PATCH]
    assert (await list_rules(driver, box))[0]["ports"] == [80, 443]
    stored = await driver.update(RULE, stored, sandboxId=box, host="pypi.org", protocol="UDP")
    assert await list_rules(driver, box) == [{"host": "pypi.org", "protocol": "UDP"}]
    driver.take_requests()
    await driver.finish(RULE, stored)
    assert driver.take_requests() == []


async def test_a_rule_for_a_host_that_is_already_allowed_is_rejected(driver: LifecycleDriver, box: str) -> None:
    """Its owner is unknown, so it has to be imported."""
    await driver.create(RULE, sandboxId=box, host="pypi.org")
    with pytest.raises(OperationFailed, match=r"already allows PyPI.org") as caught:
        await driver.create(RULE, sandboxId=box, host="PyPI.org")
    assert caught.value.hint == Hint.OWNER_UNKNOWN
    imported = await lifecycle.read(RULE.connect(driver.api), "box/pypi.org", None)
    assert imported is not None
    assert (imported.id, imported.inputs) == (f"{box}/pypi.org", {"sandboxId": box, "host": "pypi.org"})


async def test_a_rule_that_was_changed_elsewhere_is_missing_and_not_deleted(driver: LifecycleDriver, box: str) -> None:
    """The host is allowed with other ports by another owner."""
    stored = await driver.create(RULE, sandboxId=box, host="pypi.org", ports=[443])
    await driver.api.sandboxes.patch(box, {"egress_add": {"allow": [{"host": "pypi.org", "ports": [80]}]}})
    assert await driver.read(RULE, stored) is None
    await driver.delete(RULE, stored)
    assert (await list_rules(driver, box))[0]["ports"] == [80]
    assert "left as it is" in driver.log_lines[-1]


@pytest.mark.parametrize("change", [{"ports": [80], "protocol": "ICMP"}, {"ports": [443], "protocol": "UDP"}])
async def test_a_delete_keeps_the_rule_if_the_state_has_other_ports_or_another_protocol(
    driver: LifecycleDriver, box: str, change: dict[str, Any]
) -> None:
    stored = await driver.create(RULE, sandboxId=box, host="pypi.org", ports=[443])
    await driver.delete(RULE, replace(stored, state={**stored.state, **change}))
    assert [rule["host"] for rule in await list_rules(driver, box)] == ["pypi.org"]


async def test_a_delete_accepts_an_id_with_a_host_that_no_rule_can_have(driver: LifecycleDriver, box: str) -> None:
    stored = await driver.create(RULE, sandboxId=box, host="pypi.org")
    await driver.delete(RULE, replace(stored, id=f"{box}/a host"))
    assert [rule["host"] for rule in await list_rules(driver, box)] == ["pypi.org"]


@pytest.mark.parametrize("policy", [{"mode": "ask"}, {"mode": "allow_list", "allow": [{"host": "a b"}]}])
def test_an_undocumented_policy_in_a_response_is_an_unexpected_response(policy: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponse, match=r"not the documented shape: (mode|allow)"):
        egress.from_api(policy)


async def test_a_rule_is_missing_if_its_sandbox_is_deleted_or_the_policy_denies_all(
    driver: LifecycleDriver, box: str
) -> None:
    stored = await driver.create(RULE, sandboxId=box, host="pypi.org")
    await driver.api.sandboxes.patch(box, {"egress": {"mode": "deny_all"}})
    assert await driver.read(RULE, stored) is None
    await driver.api.sandboxes.delete(box)
    driver.emulator.advance(5)
    assert await driver.read(RULE, stored) is None
    await driver.delete(RULE, stored)
    assert await lifecycle.read(RULE.connect(driver.api), stored.id, None) is None


async def test_find_created_finds_a_rule_with_the_same_host_and_ports(driver: LifecycleDriver, box: str) -> None:
    inputs = {"sandboxId": box, "host": "pypi.org", "ports": [443]}
    connected = RULE.connect(driver.api)
    assert await connected.find_created(EgressRuleInputs.model_validate(inputs)) is None
    stored = await driver.create(RULE, **inputs)
    found = await connected.find_created(EgressRuleInputs.model_validate(inputs))
    assert found is not None
    assert found.id == stored.id
    assert await connected.find_created(EgressRuleInputs.model_validate({**inputs, "ports": [80]})) is None


@pytest.mark.parametrize(
    ("policy", "sent"),
    [
        (None, {"egress": {"mode": "allow_list", "allow": [NEW]}}),
        ({"mode": "deny_all"}, {"egress": {"mode": "allow_list", "allow": [NEW]}}),
        ({"mode": "allow_list", "allow": [{"host": "a.example"}]}, {"egress_add": {"allow": [NEW]}}),
        (
            {"mode": "allow_list", "allow": [OLD, {"host": "a.example"}]},
            {"egress_add": {"allow": [NEW]}, "egress_remove": {"allow": [OLD]}},
        ),
    ],
)
async def test_a_create_edits_the_existing_policy_in_one_request(
    policy: dict[str, Any] | None, sent: dict[str, Any]
) -> None:
    """It does not depend on a rejected request or on the replacement of a rule by the API."""
    sandbox = {"id": "the-id", "name": "box", "phase": "Ready", "egress": policy}
    script = ScriptedTransport(json_response(json=sandbox))
    stored = StoredResource("the-id/pypi.org", {"sandboxId": "the-id", "host": "pypi.org", "ports": [80]}, {})
    context = OperationContext("EgressRule rule", Deadline(20, SYSTEM_CLOCK, asyncio.Event()))
    async with connect(Settings("https://api.example", "key", "org", "project"), transport=script) as api:
        await lifecycle.finish_create(RULE.connect(api), stored, context)
    assert [json.loads(request.content) for request in script.sent if request.method == "PATCH"] == [sent]


async def test_a_conflict_response_is_reported(driver: LifecycleDriver, box: str) -> None:
    """If the policy is an allow-list, the conflict is not about its mode."""
    stored = await driver.create(RULE, sandboxId=box, host="pypi.org")
    driver.emulator.inject("status", method="PATCH", path="/sandboxes/{id}", status=409)
    with pytest.raises(ResourceInitFailed) as caught:
        await driver.update(RULE, stored, sandboxId=box, host="pypi.org", ports=[443])
    assert isinstance(caught.value.__cause__, Conflict)


async def test_the_error_for_a_missing_sandbox_names_it(driver: LifecycleDriver) -> None:
    with pytest.raises(MissingReference, match="sandboxId: there is no sandbox 'none'"):
        await driver.create(RULE, sandboxId="none", host="pypi.org")


async def test_an_import_id_without_a_host_is_rejected(driver: LifecycleDriver) -> None:
    with pytest.raises(InputError, match="must have the form SANDBOX_ID/HOST"):
        await lifecycle.read(RULE.connect(driver.api), "box", None)


async def test_the_case_of_a_host_is_ignored(driver: LifecycleDriver, box: str) -> None:
    """A different case is not a change. Together with another change, it does not replace the rule."""
    stored = await driver.create(RULE, sandboxId=box, host="pypi.org", ports=[443])
    inputs = {**stored.inputs, "host": "PyPI.org"}
    assert RULE.diff(stored.inputs, stored.state, inputs).changes == ()
    updated = await driver.update(RULE, stored, **{**inputs, "ports": [80]})
    assert await list_rules(driver, box) == [{"host": "PyPI.org", "ports": [80]}]
    await driver.delete(RULE, replace(updated, id=stored.id))  # an update does not change the id in a state
    assert await list_rules(driver, box) == []


def test_an_empty_list_of_ports_is_rejected() -> None:
    """It could mean all ports. The policy of a sandbox rejects it, too."""
    (failure,) = RULE.check({}, {"sandboxId": "the-id", "host": "pypi.org", "ports": []}, str)[1]
    assert (failure.path, failure.reason) == ("ports", "must not be empty; leave it out to allow all ports")
    policy = {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": []}]}
    (nested,) = SANDBOX.check({}, {"name": "box", "egress": policy}, str)[1]
    assert (nested.path, nested.reason) == ("egress.allow[0].ports", failure.reason)


@pytest.mark.parametrize(
    ("host", "network"), [("10.0.0.1/8", "10.0.0.0/8"), ("fd00::1/8", "fd00::/8"), ("10.1/8", None), ("1.2.3", None)]
)
def test_an_address_with_a_prefix_length_is_rejected_with_the_network_as_a_hint(host: str, network: str | None) -> None:
    """The policy of a sandbox has the same hint."""
    (failure,) = RULE.check({}, {"sandboxId": "the-id", "host": host}, str)[1]
    policy = {"mode": "allow_list", "allow": [{"host": host}]}
    (nested,) = SANDBOX.check({}, {"name": "box", "egress": policy}, str)[1]
    for found in (failure, nested):
        assert found.reason.startswith("must be an IP address, a CIDR block or a domain")
        assert (f"did you mean the network {network}?" in found.reason) is (network is not None)


def test_a_rule_is_rejected_if_the_egress_of_its_sandbox_is_set() -> None:
    """It is accepted after `egress` is removed."""
    inputs = {"sandboxId": "the-id", "host": "pypi.org"}
    SANDBOX.note_inputs("the-id", {"egress": {"mode": "allow_list"}}, {})
    (failure,) = RULE.check({}, inputs, str)[1]
    assert failure.path == "sandboxId"
    assert "`egress` of this sandbox or of its agent is set" in failure.reason
    assert failure.reason.endswith("refresh the state: removing `egress` also removes the rules")
    assert [item.path for item in RULE.check({}, {**inputs, "sandboxId": ["the-id"]}, str)[1]] == ["sandboxId"]
    SANDBOX.note_inputs("the-id", {}, {})
    assert RULE.check({}, inputs, str)[1] == []


async def test_a_create_fails_without_a_request_if_egress_was_planned_after_validation(
    driver: LifecycleDriver, box: str
) -> None:
    SANDBOX.note_inputs(box, {"egress": {"mode": "allow_list"}}, {})
    driver.take_requests()
    inputs = {"sandboxId": box, "host": "pypi.org"}
    with pytest.raises(InputError, match="sandboxId: `egress` of this sandbox or of its agent is set"):
        await lifecycle.start_create(RULE.connect(driver.api), inputs, driver.new_context())
    assert driver.take_requests() == []


def test_a_rule_is_rejected_if_the_egress_of_the_agent_of_its_sandbox_is_set() -> None:
    state, policy = {"sandboxId": "of-agent"}, {"egress": {"mode": "deny_all"}}
    planner, inputs = Planner(AgentResource()), {"name": "helper", "agentTemplate": "claude-code"}
    planner.diff("agent", inputs, state, {**inputs, **policy})
    rule = {"sandboxId": "of-agent", "host": "pypi.org"}
    assert [failure.path for failure in RULE.check({}, rule, str)[1]] == ["sandboxId"]
    planner.diff("agent", {**inputs, **policy}, state, inputs)
    assert RULE.check({}, rule, str)[1] == []


def test_a_duplicate_rule_for_a_host_is_rejected_if_the_sandbox_is_known() -> None:
    planner, inputs = Planner(RULE), {"sandboxId": "the-id", "host": "pypi.org"}

    def find_failures(address: str, **more: Any) -> list[tuple[str, str]]:
        _, failures = planner.check({}, {**inputs, **more}, generate_name=str, address=address)
        return [(failure.path, failure.reason) for failure in failures]

    assert find_failures("first") == find_failures("first") == []
    assert find_failures("second", host="PyPI.org", ports=[443]) == [("", "the-id/pypi.org is declared already: first")]
    for other in ({"host": "a.example"}, {"sandboxId": "another"}, {"sandboxId": UNKNOWN}, {"host": UNKNOWN}):
        assert find_failures("second", **other) == []
    assert find_failures("") == []  # an engine that does not send the address of the resource


async def test_an_update_of_a_sandbox_without_egress_keeps_its_rules(driver: LifecycleDriver) -> None:
    """A refresh has no drift, either. If `egress` is set, it replaces the rules."""
    stored = await driver.create(SANDBOX, name="box")
    await driver.create(RULE, sandboxId=stored.id, host="pypi.org")
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    assert not SANDBOX.diff(observed.inputs, observed.state, {"name": "box"}).changes
    stored = await driver.update(SANDBOX, observed, name="box", cpu=2)
    assert [rule["host"] for rule in await list_rules(driver, stored.id)] == ["pypi.org"]
    policy = {"mode": "allow_list", "allow": [{"host": "github.com"}]}
    stored = await driver.update(SANDBOX, stored, name="box", cpu=2, egress=policy)
    await driver.api.sandboxes.patch(stored.id, {"egress_add": {"allow": [{"host": "pypi.org"}]}})
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    assert [rule["host"] for rule in observed.inputs["egress"]["allow"]] == ["github.com", "pypi.org"]
