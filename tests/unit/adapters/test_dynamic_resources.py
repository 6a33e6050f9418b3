"""The inputs that a program registers, and the outputs that it reads."""

import base64
import json
import pickletools
from collections.abc import Callable
from importlib import metadata
from typing import Any

import pulumi
import pytest
from tests.fakes.program import ProgramMocks, RecordingMonitor, run_program
from tests.unit.adapters.fake_pulumi_engine import from_struct

import pulumi_neev as neev
from neev_provider.adapters.pulumi.dynamic.resources import _to_asset
from neev_provider.core.assets import Archive, Asset


def run_and_get_inputs(create: Callable[[], object], **outputs: Any) -> dict[str, Any]:
    """Run a program with one resource and return its registered inputs; await the outputs that it returns."""
    engine = ProgramMocks(outputs)
    run_program(create, engine)
    (inputs,) = engine.registrations.values()
    return inputs


def create_timeout_options(**timeouts: str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(**timeouts))


def test_a_program_registers_only_the_inputs_that_are_set() -> None:
    found = run_and_get_inputs(lambda: neev.Sandbox("box", cpu=1, memory_gb=2))
    assert {name: value for name, value in found.items() if not name.startswith("__")} == {"cpu": 1, "memoryGb": 2}
    assert found["__resourceName"] == "box"
    assert "__timeouts" not in found


def test_the_host_receives_the_urn_of_the_resource() -> None:
    class Group(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("my:component:Group", "group")
            self.box = neev.Sandbox("box", opts=pulumi.ResourceOptions(parent=self))

    engine, urns = ProgramMocks(), list[str]()
    run_program(lambda: pulumi.Output.all(neev.Sandbox("alone").urn, Group().box.urn).apply(urns.extend), engine)
    passed = [engine.registrations["Sandbox", name]["__urn"] for name in ("alone", "box")]
    # an engine omits the type of the stack, and the mocks do not
    assert [urn.replace("pulumi:pulumi:Stack$", "") for urn in (*passed, *urns)] == [
        "urn:pulumi:stack::project::pulumi-python:dynamic/neev:Sandbox::alone",
        "urn:pulumi:stack::project::my:component:Group$pulumi-python:dynamic/neev:Sandbox::box",
    ] * 2


def to_output(value: Any) -> pulumi.Output[Any]:
    known: pulumi.Output[Any] = pulumi.Output.from_input(value)
    return known


RULES: dict[str, Callable[[], Any]] = {
    "dict": lambda: {"host": "pypi.org", "ports": [443]},
    "dict of outputs": lambda: {"host": to_output("pypi.org"), "ports": (443,)},
    "output": lambda: to_output({"host": "pypi.org", "ports": [443]}),
    "model": lambda: neev.EgressDestination(host="pypi.org", ports=[443]),
}
POLICIES: dict[str, Callable[[Any], Any]] = {
    "dict": lambda rule: {"mode": neev.EgressMode.ALLOW_LIST, "allow_internet": False, "allow": [rule]},
    "dict with an output": lambda rule: {"mode": "allow_list", "allowInternet": False, "allow": to_output([rule])},
    "output": lambda rule: to_output({"mode": "allow_list", "allow_internet": False, "allow": [rule]}),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_nested_values_may_be_dicts_models_or_outputs(rule: Callable[[], Any], policy: Callable[[Any], Any]) -> None:
    found = run_and_get_inputs(lambda: neev.Sandbox("box", egress=policy(rule())))
    rules = [{"host": "pypi.org", "ports": [443]}]
    assert found["egress"] == {"mode": "allow_list", "allowInternet": False, "allow": rules}


def test_a_model_is_serialized_as_an_object_with_camel_case_keys() -> None:
    egress = neev.Egress(mode=neev.EgressMode.ALLOW_LIST, allow=[neev.EgressDestination(host="pypi.org")])
    found = run_and_get_inputs(lambda: neev.Sandbox("box", egress=egress))
    assert found["egress"] == {"mode": "allow_list", "allow": [{"host": "pypi.org"}]}


def test_keys_of_a_map_are_not_converted() -> None:
    env = run_and_get_inputs(lambda: neev.Sandbox("box", env={"my_variable": "1"}))["env"]
    assert env["value"] == {"my_variable": "1"}


def test_the_environment_is_secret_in_the_inputs_and_in_the_outputs() -> None:
    observed: list[bool] = []

    def program() -> object:
        box = neev.Sandbox("box", env={"TOKEN": "hush"})
        return to_output(box.env.is_secret()).apply(observed.append)

    assert run_and_get_inputs(program)["env"]["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270"
    assert observed == [True]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1m30s", 90), ("1h30m", 5400), ("1.5h", 5400), ("250ms", 0.25), ("2m", 120)]
)
def test_custom_timeouts_are_passed_in_seconds(text: str, seconds: float) -> None:
    found = run_and_get_inputs(lambda: neev.Sandbox("box", opts=create_timeout_options(create=text, delete=text)))
    assert found["__timeouts"] == {"create": seconds, "delete": seconds}


def test_an_invalid_custom_timeout_is_rejected() -> None:
    with pytest.raises(pulumi.RunError, match=r"^Sandbox box: custom_timeouts: must be a duration, .* \(is 'soon'\)"):
        run_program(lambda: neev.Sandbox("box", opts=create_timeout_options(delete="soon")), ProgramMocks())


def test_a_provider_is_pickled_by_name() -> None:
    pickled = base64.b64decode(run_and_get_inputs(lambda: neev.Snapshot("kept", sandbox_id="box"))["__provider"])
    words = [argument for _, argument, _ in pickletools.genops(pickled) if isinstance(argument, str)]
    assert words == ["pulumi_neev.dynamic_providers", "SnapshotProvider"]


EGRESS = {"mode": "allow_list", "allowInternet": False, "allow": [{"host": "pypi.org", "ports": [443.0]}]}
CRASH = {"reason": "OOMKilled", "at": "2026-01-01T00:00:00Z", "storageReset": True}


def test_outputs_have_the_declared_types() -> None:
    observed: dict[str, Any] = {}

    def program() -> object:
        box = neev.Sandbox("box")
        names = ("egress", "last_crash", "phase", "command", "disk_gb")
        return pulumi.Output.all(
            *(getattr(box, name).apply(lambda value, name=name: observed.update({name: value})) for name in names)
        )

    run_and_get_inputs(program, egress=EGRESS, lastCrash=CRASH, phase="Ready", diskGb=20.0)
    egress, crash = observed.pop("egress"), observed.pop("last_crash")
    assert isinstance(egress, neev.Egress)
    assert (egress.mode, egress.allow_internet) == ("allow_list", False)
    assert [(rule.host, rule.ports, rule.protocol) for rule in egress.allow or ()] == [("pypi.org", [443], None)]
    assert isinstance(crash, neev.LastCrash)
    assert crash.storage_reset is True
    assert observed == {"phase": "Ready", "command": None, "disk_gb": 20}


def test_output_objects_serialize_as_maps_with_camel_case_keys() -> None:
    observed: list[Any] = []
    engine = ProgramMocks(
        {"egress": EGRESS, "members": [{"name": "fleet-0", "phase": "Ready", "connectUrl": "https://x"}]}
    )
    monitor = RecordingMonitor(engine)

    class Desk(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("acme:dev:Desk", "desk")
            self.box, self.pool = neev.Sandbox("box"), neev.SandboxPool("fleet", replicas=1)
            self.register_outputs({"egress": self.box.egress, "members": self.pool.members})

    def program() -> object:
        desk = Desk()
        written = pulumi.Output.json_dumps({"egress": desk.box.egress, "members": desk.pool.members})
        return pulumi.Output.all(written, desk.box.egress, desk.box.egress["allowInternet"]).apply(observed.extend)

    run_program(program, engine, monitor)
    output = {"egress": EGRESS, "members": [{"name": "fleet-0", "phase": "Ready", "connectUrl": "https://x"}]}
    assert json.loads(observed[0]) == output
    assert observed[1:] == [EGRESS, False]
    assert [from_struct(request.outputs) for request in monitor.output_registrations] == [output]


def test_an_output_object_can_be_an_input_of_another_resource() -> None:
    engine = ProgramMocks({"egress": EGRESS})
    run_program(lambda: neev.Sandbox("other", egress=neev.Sandbox("box").egress), engine)
    assert engine.of_type("Sandbox")["other"]["egress"] == EGRESS


def test_an_absent_field_of_a_model_is_none_and_has_no_key() -> None:
    rule = neev.EgressDestination(host="pypi.org")
    assert (rule, rule.ports) == ({"host": "pypi.org"}, None)
    assert rule != {"host": "other.org"}


class DevBox(neev.Sandbox):
    """A subclass in the program."""


class Settings(neev.File):
    """A subclass in the program with a generic name."""


class TypedSandbox(neev.Sandbox, module="acme", name="Bought"):
    """A subclass with its own resource type."""


class Egress:
    """A class with the name of a class of the package."""


def test_a_subclass_has_the_declared_output_types() -> None:
    observed: list[Any] = []
    engine = ProgramMocks({"egress": EGRESS})
    run_program(lambda: DevBox("box").egress.apply(lambda egress: observed.append((type(egress), egress.mode))), engine)
    assert observed == [(neev.Egress, "allow_list")]


def test_a_subclass_keeps_the_resource_type() -> None:
    engine = ProgramMocks()
    monitor = RecordingMonitor(engine)

    def program() -> None:
        box = DevBox("box")
        Settings("box", sandbox_id=box.id, path="settings", content="x")
        TypedSandbox("box")

    run_program(program, engine, monitor)
    kinds = [f"pulumi-python:dynamic/{item}" for item in ("acme:Bought", "neev:File", "neev:Sandbox")]
    assert sorted(request.type for request in monitor.registrations) == kinds


def test_reading_an_existing_resource_is_rejected() -> None:
    with pytest.raises(pulumi.RunError, match=r"Sandbox box: .*use `get_sandbox` .*`pulumi_neev_sdk\.Sandbox`"):
        DevBox.get("box", "some-id")
    with pytest.raises(pulumi.RunError, match=r"dynamic resource: use the plugin's class `pulumi_neev_sdk\.File`"):
        neev.File.get("note", id="some-id")


def test_the_package_has_its_version() -> None:
    assert neev.__version__ == metadata.version("pulumi-neev")


@pytest.mark.parametrize(
    ("given", "held"),
    [
        (pulumi.StringAsset("one"), {"text": "one"}),
        (pulumi.FileAsset("/no/such"), {"path": "/no/such"}),
        (pulumi.RemoteAsset("https://host/one"), {"uri": "https://host/one"}),
        (pulumi.FileArchive("/no/such"), {"path": "/no/such"}),
        (pulumi.AssetArchive({"a": pulumi.StringAsset("one")}), {"assets": {"a": Asset(text="one")}}),
    ],
)
def test_pulumi_assets_and_archives_are_converted_with_their_content(given: Any, held: dict[str, Any]) -> None:
    blob = _to_asset(given)
    assert {name: getattr(blob, name) for name in held} == held
    assert isinstance(blob, Archive) is isinstance(given, pulumi.Archive)


def create_program(**given: Any) -> Callable[[], object]:
    """Return a program that creates a sandbox with these options."""
    return lambda: neev.Sandbox("box", opts=pulumi.ResourceOptions(**given))


def run_and_get_last_registration(program: Callable[[], object]) -> Any:
    """Run a program and return its last registration."""
    engine = ProgramMocks()
    monitor = RecordingMonitor(engine)
    run_program(program, engine, monitor)
    return monitor.registrations[-1]


@pytest.mark.parametrize(
    ("given", "output"),
    [
        ("memory_gb", "memoryGb"),
        ("memoryGb", "memoryGb"),
        ("egress.allow_internet", "egress.allowInternet"),
        ('egress["allow_internet"]', "egress.allowInternet"),
        ("egress.allow[0].host", "egress.allow[0].host"),
        ("egress.allow[*].ports[1]", "egress.allow[*].ports[1]"),
        ("env.memory_gb", "env.memory_gb"),
        ('env["my-key"]', 'env["my-key"]'),
        ("*", "*"),
    ],
)
def test_options_accept_property_paths_in_snake_case_and_camel_case(given: str, output: str) -> None:
    request = run_and_get_last_registration(
        create_program(ignore_changes=[given], replace_on_changes=[given], hide_diffs=[given])
    )
    assert (request.ignoreChanges, request.replaceOnChanges, request.hideDiffs) == ([output], [output], [output])
    assert from_struct(request.object)["__replaceOnChanges"] == [output]


def test_a_property_path_may_continue_within_an_untyped_value() -> None:
    opts = pulumi.ResourceOptions(ignore_changes=["config.agent_name[0].any"])
    request = run_and_get_last_registration(lambda: neev.Agent("coder", agent_template="claude-code", opts=opts))
    assert request.ignoreChanges == ["config.agent_name[0].any"]


def test_additional_secret_outputs_accept_snake_case_and_camel_case() -> None:
    request = run_and_get_last_registration(
        create_program(additional_secret_outputs=["connect_url", "createdAt", "cpu"])
    )
    assert sorted(request.additionalSecretOutputs) == ["connectUrl", "cpu", "createdAt", "env"]


@pytest.mark.parametrize("option", ["ignore_changes", "replace_on_changes", "hide_diffs", "additional_secret_outputs"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("memory", "there is no property 'memory'; near: memory_gb"),
        ("xyz", "there is no property 'xyz'$"),
        ("egress.allow_internets", "there is no property "),
        ("cpu.x", "there is no property "),
        ("env[0]", "there is no property "),
        ("command.first", "there is no property "),
        ("", ""),
        (".cpu", ""),
        ("cpu.", ""),
        ("egressmode[", ""),
    ],
)
def test_an_option_rejects_an_unknown_property(option: str, given: str, message: str) -> None:
    with pytest.raises(pulumi.RunError, match=rf"^Sandbox box: {option}: .*{message}"):
        run_program(create_program(**{option: [given]}), ProgramMocks())


def test_the_error_of_an_invalid_property_path_has_an_example() -> None:
    with pytest.raises(pulumi.RunError, match=r"'cpu\.' is not a property path, such as egress"):
        run_program(create_program(ignore_changes=["cpu."]), ProgramMocks())


def create_package_provider(package: str = "neev") -> pulumi.ProviderResource:
    return pulumi.ProviderResource(package, "other", {})


class Desk(pulumi.ComponentResource):
    """A component that contains a sandbox."""

    def __init__(self, **given: Any) -> None:
        super().__init__("acme:dev:Desk", "desk", None, pulumi.ResourceOptions(**given))
        neev.Sandbox("box", opts=pulumi.ResourceOptions(parent=self))


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (create_program(provider=create_package_provider()), "provider: .*another stack, or the plugin's classes"),
        (
            create_program(providers=[create_package_provider(), create_package_provider("aws")]),
            "providers: a dynamic resource works in the acc",
        ),
        (
            create_program(providers={"neev": create_package_provider(), "aws": create_package_provider("aws")}),
            "providers: a dynamic resource",
        ),
        (lambda: Desk(providers=[create_package_provider()]), "parent: it has a provider of the package neev"),
        (create_program(import_="some-id"), "import_: .*use the plugin"),
        (create_program(id="some-id"), r"id: .*`get_sandbox`"),
        (create_program(version="1.0.0"), "version: a dynamic resource has no plugin"),
        (create_program(plugin_download_url="https://host"), "plugin_download_url: a dynamic resource has no plugin"),
    ],
)
def test_unsupported_options_are_rejected_before_a_resource_is_registered(
    program: Callable[[], object], message: str
) -> None:
    engine = ProgramMocks()
    with pytest.raises(pulumi.RunError, match=f"^Sandbox box: {message}"):
        run_program(program, engine)
    assert engine.of_type("Sandbox") == {}


def test_providers_of_other_packages_are_ignored() -> None:
    engine = ProgramMocks()
    run_program(lambda: Desk(providers=[create_package_provider("aws")]), engine)
    assert list(engine.of_type("Sandbox")) == ["box"]


def test_the_options_of_the_program_are_not_modified() -> None:
    mine = pulumi.ResourceOptions(ignore_changes=["memory_gb"])
    run_program(lambda: neev.Sandbox("box", opts=mine), ProgramMocks())
    assert (mine.ignore_changes, mine.additional_secret_outputs) == (["memory_gb"], None)
