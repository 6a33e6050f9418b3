"""What a program writes, as the engine gets it, and what the program reads back."""

import asyncio
import base64
import pickletools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pulumi
import pytest
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_all_config, set_mocks
from pulumi.runtime import test as in_program

import pulumi_neev as neev
from pulumi_neev.client.settings import Settings
from pulumi_neev.core.assets import Archive, Asset
from pulumi_neev.emulator import Emulator, serve
from pulumi_neev.faces import background
from pulumi_neev.faces.program import _blob, invoke


class Engine(Mocks):
    """An engine that keeps what it is asked for, and answers with it and with what a platform adds."""

    def __init__(self, added: dict[str, Any]) -> None:
        self.asked: dict[str, Any] = {}
        self._added = added

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.asked = args.inputs
        return "the-id", {**args.inputs, **self._added}

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"dynamic resources call nothing, but {args.token} was called")


def asked(make: Callable[[], object], **added: Any) -> dict[str, Any]:
    """What the engine is asked for by the one resource of a program; outputs that are returned are awaited."""
    engine, spare = Engine(added), asyncio.new_event_loop()
    # the mocks would make a loop in every thread that works for them, and close none
    workers = ThreadPoolExecutor(1, initializer=asyncio.set_event_loop, initargs=(spare,))
    with asyncio.Runner() as runner, closing(spare), workers:
        runner.get_loop().set_default_executor(workers)
        asyncio.set_event_loop(runner.get_loop())
        set_mocks(engine)
        in_program(make)()  # type: ignore[no-untyped-call]
    return engine.asked


def options(**timeouts: str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(**timeouts))


def test_only_what_is_set_is_asked_for() -> None:
    found = asked(lambda: neev.Sandbox("box", cpu=1, memory_gb=2))
    assert {name: value for name, value in found.items() if not name.startswith("__")} == {"cpu": 1, "memoryGb": 2}
    assert found["__label"] == "box"
    assert "__timeouts" not in found


def output(value: Any) -> pulumi.Output[Any]:
    known: pulumi.Output[Any] = pulumi.Output.from_input(value)
    return known


RULES: dict[str, Callable[[], Any]] = {
    "dict": lambda: {"host": "pypi.org", "ports": [443]},
    "outputs inside": lambda: {"host": output("pypi.org"), "ports": (443,)},
    "output": lambda: output({"host": "pypi.org", "ports": [443]}),
    "model": lambda: neev.EgressRule(host="pypi.org", ports=[443]),
}
POLICIES: dict[str, Callable[[Any], Any]] = {
    "dict": lambda rule: {"mode": neev.EgressMode.ALLOW_LIST, "allow_internet": False, "allow": [rule]},
    "output inside": lambda rule: {"mode": "allow_list", "allowInternet": False, "allow": output([rule])},
    "output": lambda rule: output({"mode": "allow_list", "allow_internet": False, "allow": [rule]}),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_nested_values_may_be_written_in_every_form(rule: Callable[[], Any], policy: Callable[[Any], Any]) -> None:
    found = asked(lambda: neev.Sandbox("box", egress=policy(rule())))
    rules = [{"host": "pypi.org", "ports": [443]}]
    assert found["egress"] == {"mode": "allow_list", "allowInternet": False, "allow": rules}


def test_a_model_stands_for_the_object_it_is() -> None:
    egress = neev.Egress(mode=neev.EgressMode.ALLOW_LIST, allow=[neev.EgressRule(host="pypi.org")])
    found = asked(lambda: neev.Sandbox("box", egress=egress))
    assert found["egress"] == {"mode": "allow_list", "allowInternet": False, "allow": [{"host": "pypi.org"}]}


def test_names_that_a_user_chose_stay_as_they_are() -> None:
    env = asked(lambda: neev.Sandbox("box", env={"my_variable": "1"}))["env"]
    assert env["value"] == {"my_variable": "1"}


def test_the_environment_is_secret_for_the_engine_and_for_the_program() -> None:
    seen: list[bool] = []

    def program() -> object:
        box = neev.Sandbox("box", env={"TOKEN": "hush"})
        return output(box.env.is_secret()).apply(seen.append)

    assert asked(program)["env"]["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270"
    assert seen == [True]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1m30s", 90), ("1h30m", 5400), ("1.5h", 5400), ("250ms", 0.25), ("2m", 120)]
)
def test_custom_timeouts_are_handed_on_in_seconds(text: str, seconds: float) -> None:
    found = asked(lambda: neev.Sandbox("box", opts=options(create=text, delete=text)))
    assert found["__timeouts"] == {"create": seconds, "delete": seconds}


def test_a_provider_is_handed_on_by_name() -> None:
    pickled = base64.b64decode(asked(lambda: neev.Snapshot("kept", sandbox_id="box"))["__provider"])
    words = [argument for _, argument, _ in pickletools.genops(pickled) if isinstance(argument, str)]
    assert words == ["pulumi_neev.faces.dynamic", "SnapshotProvider"]


def test_outputs_are_read_as_the_declared_types() -> None:
    seen: list[Any] = []
    egress = {"mode": "allow_list", "allowInternet": False, "allow": [{"host": "pypi.org", "ports": [443.0]}]}
    crash = {"reason": "OOMKilled", "at": "2026-01-01T00:00:00Z", "storageReset": True}

    def program() -> object:
        box = neev.Sandbox("box")
        return pulumi.Output.all(box.egress, box.last_crash, box.phase, box.command).apply(seen.extend)

    asked(program, egress=egress, lastCrash=crash, phase="Ready")
    assert isinstance(seen[0], neev.Egress)
    assert (seen[0].mode, seen[0].allow[0].ports) == ("allow_list", [443])
    assert isinstance(seen[1], neev.LastCrash)
    assert seen[1].storage_reset is True
    assert seen[2:] == ["Ready", None]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A platform that the program's configuration names."""
    with serve() as running:
        names = {"baseUrl": "base_url", "apiKey": "api_key", "orgId": "org_id", "projectId": "project_id"}
        set_all_config({f"neev:{name}": getattr(running, field) for name, field in names.items()})
        yield running
        background.run(closed(running))
        set_all_config({})


async def closed(emulator: Emulator) -> None:
    """Whatever client was used is closed."""
    regions = (None, emulator.region)
    for each in regions:
        settings = Settings(emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id, each)
        await background.connected(settings).aclose()
    background.connected.cache_clear()


@pytest.mark.usefixtures("emulator")
def test_a_look_up_is_answered_with_the_declared_type() -> None:
    template = neev.get_sandbox_template(name="ubuntu-26-04-minimal")
    assert isinstance(template, neev.SandboxTemplate)
    assert template.id == "sb-ubuntu-26-04-minimal"


@pytest.mark.usefixtures("emulator")
def test_a_look_up_may_depend_on_outputs() -> None:
    seen: list[neev.SandboxTemplate] = []

    def program() -> object:
        name = output("ubuntu-26-04-minimal")
        return neev.get_sandbox_template_output(name=name).apply(seen.append)

    asked(program)
    assert [each.id for each in seen] == ["sb-ubuntu-26-04-minimal"]


@pytest.mark.usefixtures("emulator")
def test_a_look_up_in_vain_ends_the_program_without_a_traceback() -> None:
    with pytest.raises(pulumi.RunError, match=r"getSandboxTemplate: name: .*near: ubuntu-26-04-minimal") as caught:
        neev.get_sandbox_template(name="ubuntu-26-04-minimum")
    assert caught.value.__cause__ is None
    with pytest.raises(pulumi.RunError, match="near: ubuntu"):
        asked(lambda: neev.get_sandbox_template_output(name="ubuntu-26-04-minimum"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "set exactly one of id and name"),
        ({"id": "a", "name": "b"}, "set exactly one of id and name"),
        ({"id": 5}, "id: must be a string"),
        ({"ids": "a", "name": "b"}, "ids: is not a property"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(
    emulator: Emulator, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(pulumi.RunError, match=said):
        invoke("getSandbox", arguments)
    assert emulator.log() == []


def test_nested_outputs_in_lists_are_read_back_as_models() -> None:
    member = {"name": "fleet-abc123-0", "phase": "Ready", "connectUrl": "https://x"}
    seen: list[Any] = []

    def program() -> pulumi.Output[Any]:
        return neev.SandboxPool("fleet", replicas=1).members.apply(seen.extend)

    asked(program, members=[member])
    assert seen == [neev.PoolMember(name="fleet-abc123-0", phase="Ready", connect_url="https://x")]


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
    blob = _blob(given)
    assert {name: getattr(blob, name) for name in held} == held
    assert isinstance(blob, Archive) is isinstance(given, pulumi.Archive)
