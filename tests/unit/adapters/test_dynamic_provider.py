"""The provider objects of the dynamic host: behavior that the scenarios of both adapters do not cover."""

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
    """Yield a function that returns the provider of a kind, as the host configures it."""
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


def test_every_resource_has_a_provider() -> None:
    assert [PROVIDERS[resource.name]().resource for resource in RESOURCES] == list(RESOURCES)


@pytest.mark.parametrize("kind", PROVIDERS.values())
def test_a_pickled_provider_contains_only_the_name_of_its_class(kind: type[DynamicProvider]) -> None:
    pickled = base64.b64decode(serialize_provider(kind()))
    words = [argument for _, argument, _ in pickletools.genops(pickled) if isinstance(argument, str)]
    assert words == ["pulumi_neev.dynamic_providers", kind.__name__]
    assert len(pickled) < 80


def test_a_pickled_provider_contains_no_settings(sandbox_provider: DynamicProvider, emulator: Emulator) -> None:
    """A configured provider is pickled without its key, although a program pickles only unconfigured ones."""
    fresh = serialize_provider(PROVIDERS["Sandbox"]())
    assert emulator.api_key.encode() not in base64.b64decode(serialize_provider(sandbox_provider))
    assert serialize_provider(PROVIDERS["Sandbox"]()) == fresh


def test_a_name_is_generated_from_the_resource_name(sandbox_provider: DynamicProvider) -> None:
    one, other = check_inputs(sandbox_provider), check_inputs(sandbox_provider)
    assert one["name"].startswith("box-")
    assert one["name"] != other["name"]
    assert sandbox_provider.check(one, {RESOURCE_NAME: "box"}).inputs["name"] == one["name"]


def test_a_repeated_check_returns_the_same_inputs(sandbox_provider: DynamicProvider) -> None:
    first = check_inputs(sandbox_provider, cpu=2)
    assert sandbox_provider.check(first, {RESOURCE_NAME: "box", "cpu": 2}).inputs == first


def test_a_generated_name_is_truncated_to_the_limit_of_its_kind(make_provider: Callable[..., DynamicProvider]) -> None:
    pools = make_provider("SandboxPool")
    answer = pools.check({}, {RESOURCE_NAME: "f" * 60, "replicas": 1})
    assert answer.failures == []
    assert len(answer.inputs["name"]) == 51


def test_unknown_values_are_returned_as_the_host_encodes_them(sandbox_provider: DynamicProvider) -> None:
    unknown = deserialize_property(ON_THE_WIRE, keep_unknowns=True)
    inputs = check_inputs(
        sandbox_provider, snapshotId=unknown, egress={"allow": [{"host": unknown}], "mode": "allow_list"}
    )
    assert inputs["snapshotId"] == ON_THE_WIRE
    assert inputs["egress"]["allow"] == [{"host": ON_THE_WIRE}]


def test_a_create_that_times_out_deletes_the_sandbox(sandbox_provider: DynamicProvider, emulator: Emulator) -> None:
    emulator.change_settings(durations={"create": 3600})
    with pytest.raises(NeevError) as caught:
        sandbox_provider.create(check_inputs(sandbox_provider, name="the-box", **{TIMEOUTS: {"create": 0.5}}))
    assert str(caught.value).startswith("Sandbox box (the-box): ")
    assert "until it is Ready or Paused: not done" in str(caught.value)
    assert "is deleted again" in str(caught.value)
    assert emulator.state()["sandboxes"] == 0


def test_the_error_of_a_failed_cleanup_names_the_remaining_sandbox(
    sandbox_provider: DynamicProvider, emulator: Emulator
) -> None:
    emulator.inject("status", method="POST", path="/sandboxes/{id}/pause", status=409)
    emulator.inject("status", method="DELETE", path="/sandboxes/{id}", status=409, times=2)
    with pytest.raises(NeevError, match="could not be deleted either") as caught:
        sandbox_provider.create(check_inputs(sandbox_provider, paused=True))
    (created,) = {entry["path"].split("/")[-1] for entry in emulator.mutating_requests if entry["method"] == "DELETE"}
    assert f"{created} is still there" in str(caught.value)
    assert "costing money" in str(caught.value)


def test_update_and_delete_have_their_own_timeouts(sandbox_provider: DynamicProvider, emulator: Emulator) -> None:
    id, state = create_resource(sandbox_provider, **{TIMEOUTS: {"update": 0.4, "delete": 0.4}})
    emulator.change_settings(durations={"pause": 3600, "delete": 3600})
    news = check_inputs(sandbox_provider, name=state["name"], paused=True, **{TIMEOUTS: {"update": 0.4}})
    with pytest.raises(NeevError, match="until it is Paused: not done"):
        sandbox_provider.update(id, state, news)
    with pytest.raises(NeevError, match="until it is gone: not done"):
        sandbox_provider.delete(id, state)


def test_a_diff_ignores_changed_timeouts(sandbox_provider: DynamicProvider) -> None:
    id, state = create_resource(sandbox_provider)
    news = check_inputs(sandbox_provider, name=state["name"], **{TIMEOUTS: {"create": 1}})
    assert sandbox_provider.diff(id, state, news).changes is False


def test_a_state_of_an_earlier_version_is_supported(sandbox_provider: DynamicProvider) -> None:
    """The declared inputs of such a state count as the inputs of the program."""
    id, state = create_resource(sandbox_provider, cpu=1)
    old = {key: value for key, value in state.items() if not key.startswith("__")}
    inputs = {"name": old["name"], "cpu": 1}
    assert sandbox_provider.diff(id, old, inputs).changes is False
    assert sandbox_provider.diff(id, old, {**inputs, "cpu": 2}).replaces == []
    assert sandbox_provider.read(id, old).id == id
    sandbox_provider.delete(id, old)
    assert sandbox_provider.read(id, old).id == ""


def test_a_command_with_an_unknown_outcome_is_reported_as_not_stored(
    sandbox_provider: DynamicProvider, make_provider: Callable[..., DynamicProvider], emulator: Emulator
) -> None:
    """The host stores nothing after a failure, so the error asks the user to check the outcome."""
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


def test_a_failed_update_that_changed_something_is_reported_as_not_recorded(
    sandbox_provider: DynamicProvider, make_provider: Callable[..., DynamicProvider]
) -> None:
    """An update that fails before it stops the previous process is reported without that text."""
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


def test_inputs_have_the_digest_of_the_content(
    sandbox_provider: DynamicProvider, make_provider: Callable[[str], DynamicProvider], tmp_path: Path
) -> None:
    """A check takes the digest from the local file, and a refresh from the file in the sandbox."""
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
def test_replace_on_changes_replaces_the_resource(
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


def test_replace_on_changes_deletes_first_if_the_name_is_fixed(sandbox_provider: DynamicProvider) -> None:
    for given, first in (({"name": "box"}, True), ({}, False)):
        old = check_inputs(sandbox_provider, **given, cpu=1)
        new = check_inputs(sandbox_provider, **given, cpu=2, **{REPLACE_ON_CHANGES: ["cpu"]})
        found = sandbox_provider.diff("the-id", {**old, "name": new["name"]}, new)
        assert (found.replaces, found.delete_before_replace) == (["cpu"], first)


def test_a_diff_ignores_changed_replace_on_changes(sandbox_provider: DynamicProvider) -> None:
    old, new = (
        check_inputs(sandbox_provider, name="box"),
        check_inputs(sandbox_provider, name="box", **{REPLACE_ON_CHANGES: ["*"]}),
    )
    found = sandbox_provider.diff("the-id", old, new)
    assert (found.changes, found.replaces) == (False, [])


OTHER_ACCOUNT_STATE = {ACCOUNT_KEY: "https://api.test/orgs/org-emulator/projects/another"}


def test_operations_on_a_resource_of_another_account_are_rejected(
    sandbox_provider: DynamicProvider, emulator: Emulator
) -> None:
    """The error names both accounts and the resource."""
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


def test_a_pattern_without_matches_is_a_warning_on_stderr(
    make_provider: Callable[..., DynamicProvider], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    news = {RESOURCE_NAME: "app", "sandboxId": "box", "path": "x", "sourcePath": str(tmp_path), "exclude": ["*.pyc"]}
    assert make_provider("Directory").check({}, news).failures == []
    assert capsys.readouterr().err == "warning: Directory app: exclude: *.pyc matches nothing\n"


def test_the_labels_of_a_sandbox_name_its_owner_by_the_passed_urn(
    make_provider: Callable[..., DynamicProvider],
) -> None:
    provider, urn = make_provider("Sandbox"), "urn:pulumi:dev::shop::pulumi-python:dynamic/neev:Sandbox::box"
    owner = owner_of_urn(urn)
    assert owner is not None
    assert create_resource(provider, **{URN: urn})[1]["effectiveLabels"] == owner.to_labels()
    assert create_resource(provider)[1]["effectiveLabels"] == {}


def test_changed_default_labels_are_reported_once(
    make_provider: Callable[..., DynamicProvider], capsys: pytest.CaptureFixture[str]
) -> None:
    id, state = create_resource(make_provider("Sandbox"))
    changed = make_provider("Sandbox", defaultLabels='{"said-once": "yes"}')
    for _ in range(2):
        assert not changed.diff(id, state, check_inputs(changed, name=state["name"])).changes
    assert capsys.readouterr().err.count("holds for new ones only (said-once differs)") == 1


def test_an_egress_rule_is_rejected_if_the_sandbox_has_an_egress_policy(
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


def test_an_ignored_retention_is_a_warning_on_stderr(
    make_provider: Callable[..., DynamicProvider], emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator.change_settings(ignore_retain_for=True)
    box, _ = create_resource(make_provider("Sandbox"), name="box")
    id, _ = create_resource(make_provider("Snapshot"), sandboxId=box, name="base", retainFor="720h")
    text = f"snapshot {id} does not expire: the API accepted `retain_for` and reports no `expires_at`"
    assert capsys.readouterr().err == f"warning: Snapshot box (base): {text}\n"
