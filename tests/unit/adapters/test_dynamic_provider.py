"""The provider objects of the dynamic host, beyond the scenarios that both adapters share."""

import base64
import hashlib
import pickletools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.rpc import UNKNOWN as ON_THE_WIRE
from pulumi.runtime.rpc import deserialize_property
from tests.fakes.dynamic import PROVIDERS

from neev_emulator import Emulator, serve
from neev_provider.adapters.pulumi.dynamic import event_loop
from neev_provider.adapters.pulumi.dynamic.provider import (
    NOT_RECORDED,
    NOT_STORED_HINT,
    REPLACE_ON_CHANGES,
    RESOURCE_NAME,
    TIMEOUTS,
    URN,
    DynamicProvider,
)
from neev_provider.adapters.pulumi.ownership import owner_of_urn
from neev_provider.core.account import ACCOUNT_KEY
from neev_provider.core.errors import NeevError
from neev_provider.resources import RESOURCES


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Yield an empty emulator."""
    with serve(create_seconds=0.02) as running:
        yield running


@pytest.fixture
def make_provider(emulator: Emulator) -> Iterator[Callable[..., DynamicProvider]]:
    """Return the provider of a kind, as the host configures it."""
    names = {"baseUrl": "base_url", "apiKey": "api_key", "orgId": "org_id", "projectId": "project_id"}
    values = {name: getattr(emulator, field) for name, field in names.items()}

    def provider_of(kind: str, **more: str) -> DynamicProvider:
        provider, given = PROVIDERS[kind](), values | more
        provider.configure(ConfigureRequest(Config({f"neev:{name}": value for name, value in given.items()}, "neev")))
        return provider

    yield provider_of
    event_loop.run(event_loop.close_clients())


@pytest.fixture
def sandbox_provider(make_provider: Callable[..., DynamicProvider]) -> DynamicProvider:
    """Return the configured provider of sandboxes."""
    return make_provider("Sandbox")


def check_inputs(provider: DynamicProvider, **inputs: Any) -> dict[str, Any]:
    """Return the inputs that the host uses after a check."""
    result = provider.check({}, {RESOURCE_NAME: "box", **inputs})
    assert not result.failures
    return dict(result.inputs)


def create_resource(provider: DynamicProvider, **inputs: Any) -> tuple[str, dict[str, Any]]:
    """Create a resource; return its id and its state."""
    result = provider.create(check_inputs(provider, **inputs))
    assert result.outs is not None
    return result.id, result.outs


def test_there_is_a_provider_for_every_resource() -> None:
    assert [PROVIDERS[resource.name]().resource for resource in RESOURCES] == list(RESOURCES)


@pytest.mark.parametrize("kind", PROVIDERS.values())
def test_a_pickled_provider_is_the_name_of_its_class(kind: type[DynamicProvider]) -> None:
    pickled = base64.b64decode(serialize_provider(kind()))
    words = [argument for _, argument, _ in pickletools.genops(pickled) if isinstance(argument, str)]
    assert words == ["pulumi_neev.dynamic_providers", kind.__name__]
    assert len(pickled) < 80


def test_a_pickled_provider_does_not_take_its_settings_along(
    sandbox_provider: DynamicProvider, emulator: Emulator
) -> None:
    """Assert that a configured provider is pickled without its key; a program pickles only unconfigured ones."""
    fresh = serialize_provider(PROVIDERS["Sandbox"]())
    assert emulator.api_key.encode() not in base64.b64decode(serialize_provider(sandbox_provider))
    assert serialize_provider(PROVIDERS["Sandbox"]()) == fresh


def test_a_name_is_made_from_what_the_program_calls_the_resource(sandbox_provider: DynamicProvider) -> None:
    one, other = check_inputs(sandbox_provider), check_inputs(sandbox_provider)
    assert one["name"].startswith("box-")
    assert one["name"] != other["name"]
    assert sandbox_provider.check(one, {RESOURCE_NAME: "box"}).inputs["name"] == one["name"]


def test_the_second_check_of_the_same_program_says_what_the_first_said(sandbox_provider: DynamicProvider) -> None:
    first = check_inputs(sandbox_provider, cpu=2)
    assert sandbox_provider.check(first, {RESOURCE_NAME: "box", "cpu": 2}).inputs == first


def test_a_name_is_cut_to_what_its_kind_may_have(make_provider: Callable[..., DynamicProvider]) -> None:
    pools = make_provider("SandboxPool")
    answer = pools.check({}, {RESOURCE_NAME: "f" * 60, "replicas": 1})
    assert answer.failures == []
    assert len(answer.inputs["name"]) == 51


def test_what_is_unknown_stays_so_in_the_hosts_own_terms(sandbox_provider: DynamicProvider) -> None:
    unknown = deserialize_property(ON_THE_WIRE, keep_unknowns=True)
    inputs = check_inputs(
        sandbox_provider, snapshotId=unknown, egress={"allow": [{"host": unknown}], "mode": "allow_list"}
    )
    assert inputs["snapshotId"] == ON_THE_WIRE
    assert inputs["egress"]["allow"] == [{"host": ON_THE_WIRE}]


def test_a_create_ends_at_its_own_deadline_and_leaves_nothing(
    sandbox_provider: DynamicProvider, emulator: Emulator
) -> None:
    emulator.change_settings(durations={"create": 3600})
    with pytest.raises(NeevError) as caught:
        sandbox_provider.create(check_inputs(sandbox_provider, name="the-box", **{TIMEOUTS: {"create": 0.5}}))
    assert str(caught.value).startswith("Sandbox box (the-box): ")
    assert "until it is Ready or Paused: not done" in str(caught.value)
    assert "is deleted again" in str(caught.value)
    assert emulator.state()["sandboxes"] == 0


def test_what_cannot_be_undone_either_is_named(sandbox_provider: DynamicProvider, emulator: Emulator) -> None:
    emulator.inject("status", method="POST", path="/sandboxes/{id}/pause", status=409)
    emulator.inject("status", method="DELETE", path="/sandboxes/{id}", status=409, times=2)
    with pytest.raises(NeevError, match="could not be deleted either") as caught:
        sandbox_provider.create(check_inputs(sandbox_provider, paused=True))
    (created,) = {entry["path"].split("/")[-1] for entry in emulator.mutating_requests if entry["method"] == "DELETE"}
    assert f"{created} is still there" in str(caught.value)
    assert "costing money" in str(caught.value)


def test_an_update_and_a_delete_have_their_own_deadlines(sandbox_provider: DynamicProvider, emulator: Emulator) -> None:
    id, state = create_resource(sandbox_provider, **{TIMEOUTS: {"update": 0.4, "delete": 0.4}})
    emulator.change_settings(durations={"pause": 3600, "delete": 3600})
    news = check_inputs(sandbox_provider, name=state["name"], paused=True, **{TIMEOUTS: {"update": 0.4}})
    with pytest.raises(NeevError, match="until it is Paused: not done"):
        sandbox_provider.update(id, state, news)
    with pytest.raises(NeevError, match="until it is gone: not done"):
        sandbox_provider.delete(id, state)


def test_a_change_of_timeouts_alone_is_no_change(sandbox_provider: DynamicProvider) -> None:
    id, state = create_resource(sandbox_provider)
    news = check_inputs(sandbox_provider, name=state["name"], **{TIMEOUTS: {"create": 1}})
    assert sandbox_provider.diff(id, state, news).changes is False


def test_a_state_without_the_notes_of_this_version_is_understood(sandbox_provider: DynamicProvider) -> None:
    """Assert that such a state's declared inputs count as the inputs of the program."""
    id, state = create_resource(sandbox_provider, cpu=1)
    old = {key: value for key, value in state.items() if not key.startswith("__")}
    inputs = {"name": old["name"], "cpu": 1}
    assert sandbox_provider.diff(id, old, inputs).changes is False
    assert sandbox_provider.diff(id, old, {**inputs, "cpu": 2}).replaces == []
    assert sandbox_provider.read(id, old).id == id
    sandbox_provider.delete(id, old)
    assert sandbox_provider.read(id, old).id == ""


def test_a_command_of_unknown_outcome_is_told_as_that_and_not_as_undone(
    sandbox_provider: DynamicProvider, make_provider: Callable[..., DynamicProvider], emulator: Emulator
) -> None:
    """Assert the error text: the host stores nothing after a failure, so the user has to check."""
    box, _ = create_resource(sandbox_provider)
    commands = make_provider("Command")
    inputs = {RESOURCE_NAME: "job", "sandboxId": box, "create": ["true"], "update": ["true"]}
    id, state = create_resource(commands, **inputs)
    news = check_inputs(commands, **inputs, cwd=".")
    for work in (lambda: commands.create(check_inputs(commands, **inputs)), lambda: commands.update(id, state, news)):
        emulator.inject("reset_after", method="POST", path="/v1/exec")
        with pytest.raises(NeevError, match=r"^Command job: .*connection was lost") as caught:
            work()
        assert str(caught.value).endswith(NOT_STORED_HINT)


def test_a_failed_update_that_changed_something_says_that_the_state_does_not_record_it(
    sandbox_provider: DynamicProvider, make_provider: Callable[..., DynamicProvider]
) -> None:
    """Assert that an update that is refused before it stops the previous process does not say so."""
    box, _ = create_resource(sandbox_provider)
    processes = make_provider("Process")
    inputs = {RESOURCE_NAME: "web", "sandboxId": box, "command": ["sleep", "600"]}
    id, state = create_resource(processes, **inputs)
    with pytest.raises(NeevError, match="it no longer exists") as refused:
        processes.update(id, state, check_inputs(processes, **{**inputs, "sandboxId": "none", "triggers": [1]}))
    assert NOT_RECORDED not in str(refused.value)
    with pytest.raises(NeevError, match="it ended with exit code 3") as caught:
        processes.update(id, state, check_inputs(processes, **{**inputs, "command": ["sh", "-c", "exit 3"]}))
    assert str(caught.value).endswith(NOT_RECORDED)
    assert (processes.read(id, state).outs or {})["status"] == "exited"


def test_inputs_show_the_digest_of_content_because_a_diff_has_no_paths(
    sandbox_provider: DynamicProvider, make_provider: Callable[[str], DynamicProvider], tmp_path: Path
) -> None:
    """Assert that the digest follows the local file, and that a refresh returns the one of the file in the sandbox."""
    box, _ = create_resource(sandbox_provider)
    files, path = make_provider("File"), tmp_path / "x"
    inputs = {RESOURCE_NAME: "x", "sandboxId": box, "path": "x", "sourcePath": str(path)}
    path.write_text("one")
    old = check_inputs(files, **inputs)
    id, state = create_resource(files, **inputs)
    path.write_text("two")
    new = files.check(old, inputs).inputs
    assert (old["sha256"], new["sha256"]) == tuple(hashlib.sha256(text).hexdigest() for text in (b"one", b"two"))
    assert files.diff(id, state, new).changes is True
    files.update(id, state, new)
    refreshed = files.read(id, state)
    assert refreshed.inputs is not None
    assert refreshed.inputs["sha256"] == new["sha256"]


def test_a_file_without_content_has_no_digest_in_its_inputs(
    sandbox_provider: DynamicProvider, make_provider: Callable[[str], DynamicProvider]
) -> None:
    box, _ = create_resource(sandbox_provider)
    files = make_provider("File")
    inputs = {RESOURCE_NAME: "x", "sandboxId": box, "path": "x"}
    id, state = create_resource(files, **inputs)
    refreshed = files.read(id, state)
    assert refreshed.inputs is not None
    assert "sha256" not in {**check_inputs(files, **inputs), **refreshed.inputs}


@pytest.mark.parametrize(
    ("paths", "replaces"),
    [
        ([], []),
        (["cpu"], ["cpu"]),
        (["*"], ["cpu", "egress"]),
        (["egress"], ["egress"]),
        (["egress.allow[*].host"], ["egress"]),
        (["egress.allow[0].host"], ["egress"]),
        (["egress.allow[1]"], []),
        (["egress.allow[0].ports"], []),
        (["memoryGb"], []),
    ],
)
def test_what_replaces_on_changes_is_replaced(
    sandbox_provider: DynamicProvider, paths: list[str], replaces: list[str]
) -> None:
    old = {"name": "box", "cpu": 1, "egress": {"mode": "allow_list", "allow": [{"host": "a.org"}]}}
    new = {"name": "box", "cpu": 2, "egress": {"mode": "allow_list", "allow": [{"host": "b.org"}]}}
    found = sandbox_provider.diff(
        "the-id",
        check_inputs(sandbox_provider, **old),
        check_inputs(sandbox_provider, **new, **{REPLACE_ON_CHANGES: paths}),
    )
    assert (found.changes, found.replaces) == (True, replaces)


def test_what_replaces_on_changes_deletes_first_where_both_cannot_be_there(sandbox_provider: DynamicProvider) -> None:
    for given, first in (({"name": "box"}, True), ({}, False)):
        old = check_inputs(sandbox_provider, **given, cpu=1)
        new = check_inputs(sandbox_provider, **given, cpu=2, **{REPLACE_ON_CHANGES: ["cpu"]})
        found = sandbox_provider.diff("the-id", {**old, "name": new["name"]}, new)
        assert (found.replaces, found.delete_before_replace) == (["cpu"], first)


def test_another_list_of_what_replaces_is_no_change(sandbox_provider: DynamicProvider) -> None:
    old, new = (
        check_inputs(sandbox_provider, name="box"),
        check_inputs(sandbox_provider, name="box", **{REPLACE_ON_CHANGES: ["*"]}),
    )
    found = sandbox_provider.diff("the-id", old, new)
    assert (found.changes, found.replaces) == (False, [])


OTHER_ACCOUNT_STATE = {ACCOUNT_KEY: "https://api.test/orgs/org-emulator/projects/another"}


def test_a_resource_of_another_account_is_neither_planned_nor_changed(
    sandbox_provider: DynamicProvider, emulator: Emulator
) -> None:
    """Assert that the error names both accounts and the resource, and that nothing is sent."""
    id, state = create_resource(sandbox_provider, name="box")
    inputs = check_inputs(sandbox_provider, name="box")
    emulator.clear_log()
    elsewhere = {**state, **OTHER_ACCOUNT_STATE}
    for act in (
        lambda: sandbox_provider.diff(id, elsewhere, inputs),
        lambda: sandbox_provider.read(id, elsewhere),
        lambda: sandbox_provider.update(id, elsewhere, {**inputs, "cpu": 2}),
        lambda: sandbox_provider.delete(id, elsewhere),
    ):
        with pytest.raises(
            NeevError, match=r"Sandbox box.*projectId another, and neev:projectId .* is project-emulator"
        ):
            act()
    assert emulator.requests == []
    sandbox_provider.delete(id, state)


def test_a_pattern_that_matches_nothing_is_said_where_the_engine_shows_it(
    make_provider: Callable[..., DynamicProvider], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    news = {RESOURCE_NAME: "app", "sandboxId": "box", "path": "x", "sourcePath": str(tmp_path), "exclude": ["*.pyc"]}
    assert make_provider("Directory").check({}, news).failures == []
    assert capsys.readouterr().err == "warning: Directory app: exclude: *.pyc matches nothing\n"


def test_a_sandbox_names_its_owner_by_the_urn_that_the_program_passes(
    make_provider: Callable[..., DynamicProvider],
) -> None:
    provider, urn = make_provider("Sandbox"), "urn:pulumi:dev::shop::pulumi-python:dynamic/neev:Sandbox::box"
    owner = owner_of_urn(urn)
    assert owner is not None
    assert create_resource(provider, **{URN: urn})[1]["effectiveLabels"] == owner.to_labels()
    assert create_resource(provider)[1]["effectiveLabels"] == {}


def test_changed_default_labels_are_said_once(
    make_provider: Callable[..., DynamicProvider], capsys: pytest.CaptureFixture[str]
) -> None:
    id, state = create_resource(make_provider("Sandbox"))
    changed = make_provider("Sandbox", defaultLabels='{"said-once": "yes"}')
    for _ in range(2):
        assert not changed.diff(id, state, check_inputs(changed, name=state["name"])).changes
    assert capsys.readouterr().err.count("holds for new ones only (said-once differs)") == 1


def test_a_rule_of_a_sandbox_whose_policy_the_program_sets_is_refused(
    make_provider: Callable[..., DynamicProvider],
) -> None:
    sandboxes, rules = make_provider("Sandbox"), make_provider("EgressRule")
    policy = {"egress": {"mode": "allow_list", "allow": [{"host": "pypi.org"}]}}
    id, state = create_resource(sandboxes, name="box", **policy)
    rule = {RESOURCE_NAME: "rule", "sandboxId": id, "host": "github.com"}
    (failure,) = rules.check({}, rule).failures
    assert failure.reason.startswith("sandbox_id: `egress` of this sandbox or of its agent is set")
    sandboxes.diff(id, state, check_inputs(sandboxes, name="box"))
    assert rules.check({}, {**rule, URN: "first"}).failures == []
    (failure,) = rules.check({}, {**rule, URN: "second"}).failures
    assert failure.reason == f"{id}/github.com is declared already: first"


def test_a_retention_that_the_api_ignores_is_a_warning_where_the_engine_shows_it(
    make_provider: Callable[..., DynamicProvider], emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.change_settings(ignore_retain_for=True)
    box, _ = create_resource(make_provider("Sandbox"), name="box")
    id, _ = create_resource(make_provider("Snapshot"), sandboxId=box, name="base", retainFor="720h")
    text = f"snapshot {id} does not expire: the API accepted `retain_for` and reports no `expires_at`"
    assert capsys.readouterr().err == f"warning: Snapshot box (base): {text}\n"
