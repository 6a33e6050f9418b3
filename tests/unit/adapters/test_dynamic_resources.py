"""The inputs that the engine receives from a program, and the outputs that the program reads."""

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


def registered_inputs(create: Callable[[], object], **outputs: Any) -> dict[str, Any]:
    """Run a program with one resource and return its registered inputs; await the outputs that it returns."""
    engine = ProgramMocks(outputs)
    run_program(create, engine)
    (inputs,) = engine.registrations.values()
    return inputs


def timeout_options(**timeouts: str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(**timeouts))


def test_only_what_is_set_is_asked_for() -> None:
    found = registered_inputs(lambda: neev.Sandbox("box", cpu=1, memory_gb=2))
    assert {name: value for name, value in found.items() if not name.startswith("__")} == {"cpu": 1, "memoryGb": 2}
    assert found["__resourceName"] == "box"
    assert "__timeouts" not in found


def test_the_host_gets_the_urn_that_the_engine_gives_the_resource() -> None:
    class Group(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("my:component:Group", "group")
            self.box = neev.Sandbox("box", opts=pulumi.ResourceOptions(parent=self))

    engine, urns = ProgramMocks(), list[str]()
    run_program(lambda: pulumi.Output.all(neev.Sandbox("alone").urn, Group().box.urn).apply(urns.extend), engine)
    passed = [engine.registrations["Sandbox", name]["__urn"] for name in ("alone", "box")]
    # an engine leaves out the type of the stack, and the mocks do not
    assert [urn.replace("pulumi:pulumi:Stack$", "") for urn in (*passed, *urns)] == [
        "urn:pulumi:stack::project::pulumi-python:dynamic/neev:Sandbox::alone",
        "urn:pulumi:stack::project::my:component:Group$pulumi-python:dynamic/neev:Sandbox::box",
    ] * 2


def output_of(value: Any) -> pulumi.Output[Any]:
    known: pulumi.Output[Any] = pulumi.Output.from_input(value)
    return known


RULES: dict[str, Callable[[], Any]] = {
    "dict": lambda: {"host": "pypi.org", "ports": [443]},
    "outputs inside": lambda: {"host": output_of("pypi.org"), "ports": (443,)},
    "output": lambda: output_of({"host": "pypi.org", "ports": [443]}),
    "model": lambda: neev.EgressDestination(host="pypi.org", ports=[443]),
}
POLICIES: dict[str, Callable[[Any], Any]] = {
    "dict": lambda rule: {"mode": neev.EgressMode.ALLOW_LIST, "allow_internet": False, "allow": [rule]},
    "output inside": lambda rule: {"mode": "allow_list", "allowInternet": False, "allow": output_of([rule])},
    "output": lambda rule: output_of({"mode": "allow_list", "allow_internet": False, "allow": [rule]}),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_nested_values_may_be_written_in_every_form(rule: Callable[[], Any], policy: Callable[[Any], Any]) -> None:
    found = registered_inputs(lambda: neev.Sandbox("box", egress=policy(rule())))
    rules = [{"host": "pypi.org", "ports": [443]}]
    assert found["egress"] == {"mode": "allow_list", "allowInternet": False, "allow": rules}


def test_an_output_object_stands_for_the_object_it_is() -> None:
    egress = neev.Egress(mode=neev.EgressMode.ALLOW_LIST, allow=[neev.EgressDestination(host="pypi.org")])
    found = registered_inputs(lambda: neev.Sandbox("box", egress=egress))
    assert found["egress"] == {"mode": "allow_list", "allow": [{"host": "pypi.org"}]}


def test_names_that_a_user_chose_stay_as_they_are() -> None:
    env = registered_inputs(lambda: neev.Sandbox("box", env={"my_variable": "1"}))["env"]
    assert env["value"] == {"my_variable": "1"}


def test_the_environment_is_secret_for_the_engine_and_for_the_program() -> None:
    observed: list[bool] = []

    def program() -> object:
        box = neev.Sandbox("box", env={"TOKEN": "hush"})
        return output_of(box.env.is_secret()).apply(observed.append)

    assert registered_inputs(program)["env"]["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270"
    assert observed == [True]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1m30s", 90), ("1h30m", 5400), ("1.5h", 5400), ("250ms", 0.25), ("2m", 120)]
)
def test_custom_timeouts_are_handed_on_in_seconds(text: str, seconds: float) -> None:
    found = registered_inputs(lambda: neev.Sandbox("box", opts=timeout_options(create=text, delete=text)))
    assert found["__timeouts"] == {"create": seconds, "delete": seconds}


def test_a_custom_timeout_that_is_no_duration_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match=r"^Sandbox box: custom_timeouts: must be a duration, .* \(is 'soon'\)"):
        run_program(lambda: neev.Sandbox("box", opts=timeout_options(delete="soon")), ProgramMocks())


def test_a_provider_is_handed_on_by_name() -> None:
    pickled = base64.b64decode(registered_inputs(lambda: neev.Snapshot("kept", sandbox_id="box"))["__provider"])
    words = [argument for _, argument, _ in pickletools.genops(pickled) if isinstance(argument, str)]
    assert words == ["pulumi_neev.dynamic_providers", "SnapshotProvider"]


EGRESS = {"mode": "allow_list", "allowInternet": False, "allow": [{"host": "pypi.org", "ports": [443.0]}]}
CRASH = {"reason": "OOMKilled", "at": "2026-01-01T00:00:00Z", "storageReset": True}


def test_outputs_are_read_as_the_declared_types() -> None:
    observed: dict[str, Any] = {}

    def program() -> object:
        box = neev.Sandbox("box")
        names = ("egress", "last_crash", "phase", "command", "disk_gb")
        return pulumi.Output.all(
            *(getattr(box, name).apply(lambda value, name=name: observed.update({name: value})) for name in names)
        )

    registered_inputs(program, egress=EGRESS, lastCrash=CRASH, phase="Ready", diskGb=20.0)
    egress, crash = observed.pop("egress"), observed.pop("last_crash")
    assert isinstance(egress, neev.Egress)
    assert (egress.mode, egress.allow_internet) == ("allow_list", False)
    assert [(rule.host, rule.ports, rule.protocol) for rule in egress.allow or ()] == [("pypi.org", [443], None)]
    assert isinstance(crash, neev.LastCrash)
    assert crash.storage_reset is True
    assert observed == {"phase": "Ready", "command": None, "disk_gb": 20}


def test_objects_among_outputs_are_plain_maps_with_the_names_of_the_state() -> None:
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


def test_an_output_is_an_input_of_another_resource() -> None:
    engine = ProgramMocks({"egress": EGRESS})
    run_program(lambda: neev.Sandbox("other", egress=neev.Sandbox("box").egress), engine)
    assert engine.of_type("Sandbox")["other"]["egress"] == EGRESS


def test_what_is_absent_from_an_object_is_none_and_no_key() -> None:
    rule = neev.EgressDestination(host="pypi.org")
    assert (rule, rule.ports) == ({"host": "pypi.org"}, None)
    assert rule != {"host": "other.org"}


class DevBox(neev.Sandbox):
    """A class of the program."""


class Settings(neev.File):
    """A second class of the program."""


class TypedSandbox(neev.Sandbox, module="acme", name="Bought"):
    """A typed subclass of a sandbox."""


class Egress:
    """A class with the name of another class."""


def test_a_class_of_the_programs_own_has_the_types_of_ours() -> None:
    observed: list[Any] = []
    engine = ProgramMocks({"egress": EGRESS})
    run_program(lambda: DevBox("box").egress.apply(lambda egress: observed.append((type(egress), egress.mode))), engine)
    assert observed == [(neev.Egress, "allow_list")]


def test_a_class_of_the_programs_own_keeps_the_type() -> None:
    engine = ProgramMocks()
    monitor = RecordingMonitor(engine)

    def program() -> None:
        box = DevBox("box")
        Settings("box", sandbox_id=box.id, path="settings", content="x")
        TypedSandbox("box")

    run_program(program, engine, monitor)
    kinds = [f"pulumi-python:dynamic/{item}" for item in ("acme:Bought", "neev:File", "neev:Sandbox")]
    assert sorted(request.type for request in monitor.registrations) == kinds


def test_a_resource_that_is_there_already_is_not_read() -> None:
    with pytest.raises(pulumi.RunError, match=r"Sandbox box: .*use `get_sandbox` .*`pulumi_neev_sdk\.Sandbox`"):
        DevBox.get("box", "some-id")
    with pytest.raises(pulumi.RunError, match=r"dynamic resource: use the plugin's class `pulumi_neev_sdk\.File`"):
        neev.File.get("note", id="some-id")


def test_the_package_says_its_version() -> None:
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
def test_assets_and_archives_are_handed_on_as_what_they_hold(given: Any, held: dict[str, Any]) -> None:
    blob = _to_asset(given)
    assert {name: getattr(blob, name) for name in held} == held
    assert isinstance(blob, Archive) is isinstance(given, pulumi.Archive)


def options_program(**given: Any) -> Callable[[], object]:
    """Create a sandbox with these options."""
    return lambda: neev.Sandbox("box", opts=pulumi.ResourceOptions(**given))


def last_registration(program: Callable[[], object]) -> Any:
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
def test_options_name_properties_in_pythons_manner_or_the_states(given: str, output: str) -> None:
    request = last_registration(options_program(ignore_changes=[given], replace_on_changes=[given], hide_diffs=[given]))
    assert (request.ignoreChanges, request.replaceOnChanges, request.hideDiffs) == ([output], [output], [output])
    assert from_struct(request.object)["__replaceOnChanges"] == [output]


def test_a_path_leads_into_what_may_be_anything() -> None:
    opts = pulumi.ResourceOptions(ignore_changes=["config.agent_name[0].any"])
    request = last_registration(lambda: neev.Agent("coder", agent_template="claude-code", opts=opts))
    assert request.ignoreChanges == ["config.agent_name[0].any"]


def test_outputs_are_made_secret_by_either_name() -> None:
    request = last_registration(options_program(additional_secret_outputs=["connect_url", "createdAt", "cpu"]))
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
def test_a_name_that_is_no_property_is_refused(option: str, given: str, message: str) -> None:
    with pytest.raises(pulumi.RunError, match=rf"^Sandbox box: {option}: .*{message}"):
        run_program(options_program(**{option: [given]}), ProgramMocks())


def test_a_path_that_is_none_is_refused_with_an_example() -> None:
    with pytest.raises(pulumi.RunError, match=r"'cpu\.' is not a property path, such as egress"):
        run_program(options_program(ignore_changes=["cpu."]), ProgramMocks())


def package_provider(package: str = "neev") -> pulumi.ProviderResource:
    return pulumi.ProviderResource(package, "other", {})


class Desk(pulumi.ComponentResource):
    """A component with a sandbox in it."""

    def __init__(self, **given: Any) -> None:
        super().__init__("acme:dev:Desk", "desk", None, pulumi.ResourceOptions(**given))
        neev.Sandbox("box", opts=pulumi.ResourceOptions(parent=self))


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (options_program(provider=package_provider()), "provider: .*another stack, or the plugin's classes"),
        (
            options_program(providers=[package_provider(), package_provider("aws")]),
            "providers: a dynamic resource works in the acc",
        ),
        (
            options_program(providers={"neev": package_provider(), "aws": package_provider("aws")}),
            "providers: a dynamic resource",
        ),
        (lambda: Desk(providers=[package_provider()]), "parent: it has a provider of the package neev"),
        (options_program(import_="some-id"), "import_: .*use the plugin"),
        (options_program(id="some-id"), r"id: .*`get_sandbox`"),
        (options_program(version="1.0.0"), "version: a dynamic resource has no plugin"),
        (options_program(plugin_download_url="https://host"), "plugin_download_url: a dynamic resource has no plugin"),
    ],
)
def test_what_the_host_cannot_do_is_refused_before_anything_is_made(
    program: Callable[[], object], message: str
) -> None:
    engine = ProgramMocks()
    with pytest.raises(pulumi.RunError, match=f"^Sandbox box: {message}"):
        run_program(program, engine)
    assert engine.of_type("Sandbox") == {}


def test_providers_of_other_packages_are_no_concern() -> None:
    engine = ProgramMocks()
    run_program(lambda: Desk(providers=[package_provider("aws")]), engine)
    assert list(engine.of_type("Sandbox")) == ["box"]


def test_the_options_of_the_program_stay_as_they_are() -> None:
    mine = pulumi.ResourceOptions(ignore_changes=["memory_gb"])
    run_program(lambda: neev.Sandbox("box", opts=mine), ProgramMocks())
    assert (mine.ignore_changes, mine.additional_secret_outputs) == (["memory_gb"], None)
