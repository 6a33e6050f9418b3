"""Functions of a program: requests to the API, unknown results in a preview, and mocks in a unit test."""

from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config
from pulumi.runtime.settings import reset_options
from tests.fakes.program import ProgramMocks, RecordingMonitor, run_program

import pulumi_neev as neev
from neev_emulator import Emulator, serve
from neev_provider.adapters.pulumi.dynamic import event_loop
from neev_provider.adapters.pulumi.dynamic.invoke import invoke
from neev_provider.adapters.pulumi.dynamic.settings import load_settings

TEMPLATE = "ubuntu-26-04-minimal"


@pytest.fixture
def configured_emulator() -> Iterator[Emulator]:
    """Yield an emulator that the configuration of the program names."""
    reset_options()  # without the mocks of an earlier test
    with serve() as running:
        names = {"baseUrl": "base_url", "apiKey": "api_key", "orgId": "org_id", "projectId": "project_id"}
        set_all_config({f"neev:{name}": getattr(running, field) for name, field in names.items()})
        yield running
        event_loop.run(event_loop.close_clients())
        set_all_config({})


@pytest.mark.usefixtures("configured_emulator")
def test_a_function_returns_the_declared_type() -> None:
    template = neev.get_sandbox_template(name="ubuntu-26-04-minimal")
    assert isinstance(template, neev.SandboxTemplate)
    assert template.id == "sb-ubuntu-26-04-minimal"


def run_and_collect(program: Callable[[], object], *pending: str, preview: bool = False) -> list[Any]:
    """Run the program and return the values of its output: none if it is unknown. The engine resembles a real one."""
    observed: list[Any] = []
    engine = ProgramMocks(pending=pending)

    def watched() -> object:
        return pulumi.Output.from_input(program()).apply(observed.append)

    run_program(watched, engine, RecordingMonitor(engine), preview=preview)
    return observed


@pytest.mark.usefixtures("configured_emulator")
def test_a_function_accepts_outputs_as_arguments() -> None:
    def program() -> pulumi.Output[str]:
        return neev.get_sandbox_template_output(name=pulumi.Output.from_input(TEMPLATE)).id

    assert run_and_collect(program) == [f"sb-{TEMPLATE}"]


@pytest.mark.usefixtures("configured_emulator")
def test_a_plain_result_has_the_declared_type_and_an_output_is_a_map() -> None:
    (found,) = run_and_collect(
        lambda: neev.get_sandbox_templates_output().apply(lambda answer: (answer, answer.templates[0]))
    )
    answer, template = found
    assert (type(answer), type(template)) == (dict, dict), "Pulumi reassembles an output as a plain map"
    assert answer["templates"][0] == template
    assert isinstance(neev.get_sandbox_templates().templates[0], neev.SandboxTemplate)


class Desk(pulumi.ComponentResource):
    """A component that contains a sandbox."""

    def __init__(self) -> None:
        super().__init__("acme:dev:Desk", "desk")
        neev.Sandbox("box", opts=pulumi.ResourceOptions(parent=self))


def depends_on_output(*needed: pulumi.Resource) -> pulumi.Output[str]:
    opts = pulumi.InvokeOutputOptions(depends_on=needed[0] if len(needed) == 1 else list(needed))
    return neev.get_sandbox_template_output(name=TEMPLATE, opts=opts).id


PROGRAMS: dict[str, Callable[[], object]] = {
    "argument": lambda: neev.get_sandbox_template_output(name=neev.Sandbox("box", image=TEMPLATE).image).id,
    "depends_on": lambda: depends_on_output(neev.Sandbox("box")),
    "depends_on two resources": lambda: depends_on_output(neev.Sandbox("other"), neev.Sandbox("box")),
    "depends_on a component": lambda: depends_on_output(Desk()),
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_function_of_a_resource_not_yet_created_is_unknown_in_a_preview(
    configured_emulator: Emulator, program: Callable[[], object]
) -> None:
    assert run_and_collect(program, "box", preview=True) == []
    assert configured_emulator.requests == []
    assert run_and_collect(program, preview=True) == [f"sb-{TEMPLATE}"]


@pytest.mark.usefixtures("configured_emulator")
def test_a_function_can_depend_on_a_resource_known_only_by_urn() -> None:
    urn = "urn:pulumi:dev::acme::acme:dev:Desk::desk"
    assert run_and_collect(lambda: depends_on_output(pulumi.resource.DependencyResource(urn))) == [f"sb-{TEMPLATE}"]


@pytest.mark.usefixtures("configured_emulator")
def test_a_failed_function_ends_the_program_without_a_traceback() -> None:
    with pytest.raises(pulumi.RunError, match=rf"^get_sandbox_template: name: .*near: {TEMPLATE}") as caught:
        neev.get_sandbox_template(name="ubuntu-26-04-minimum")
    assert caught.value.__cause__ is None
    with pytest.raises(pulumi.RunError, match="near: ubuntu"):
        run_and_collect(lambda: neev.get_sandbox_template_output(name="ubuntu-26-04-minimum"))


@pytest.mark.usefixtures("configured_emulator")
def test_a_secret_argument_is_redacted_and_makes_the_result_secret() -> None:
    with pytest.raises(pulumi.RunError, match=r"get_sandbox_template: name: ") as caught:
        run_and_collect(lambda: neev.get_sandbox_template_output(name=pulumi.Output.secret("hunter22")))
    assert "hunter" not in str(caught.value)
    secrets: list[bool] = []

    def program() -> object:
        found = neev.get_sandbox_template_output(name=pulumi.Output.secret(TEMPLATE))
        secret: pulumi.Output[bool] = pulumi.Output.from_input(found.is_secret())
        return secret.apply(secrets.append)

    run_and_collect(program)
    assert secrets == [True]


@pytest.mark.usefixtures("configured_emulator")
def test_a_function_result_with_a_secret_is_secret() -> None:
    """Pulumi encrypts a secret that a program exports."""
    secrets: list[bool] = []
    api = event_loop.shared_client(load_settings())
    event_loop.run(api.sandboxes.create({"name": "box"}))

    def program() -> object:
        token, ports = (
            neev.get_connect_token_output(sandbox_id="box"),
            neev.get_preview_ports_output(sandbox_id="box"),
        )
        found: pulumi.Output[list[bool]] = pulumi.Output.all(token.is_secret(), ports.is_secret())
        return found.apply(secrets.extend)

    run_and_collect(program)
    assert secrets == [True, True]
    assert neev.get_connect_token(sandbox_id="box").token


def test_the_error_of_a_function_has_snake_case_names() -> None:
    with pytest.raises(pulumi.RunError, match=r"^get_sandbox_metrics: window_seconds: "):
        neev.get_sandbox_metrics(sandbox_id="box", window_seconds=-1)


@pytest.mark.parametrize(
    ("opts", "message"),
    [
        (lambda: pulumi.InvokeOptions(provider=pulumi.ProviderResource("neev", "other", {})), "provider: a dynamic"),
        (lambda: pulumi.InvokeOptions(version="1.0.0"), "version: a dynamic resource has no plugin"),
    ],
)
def test_an_unsupported_invoke_option_is_rejected(opts: Callable[[], pulumi.InvokeOptions], message: str) -> None:
    engine = ProgramMocks()
    with pytest.raises(pulumi.RunError, match=f"^get_sandbox: {message}"):
        run_program(lambda: neev.get_sandbox(name="box", opts=opts()), engine)
    with pytest.raises(pulumi.RunError, match=f"^get_sandbox: {message}"):
        run_program(lambda: neev.get_sandbox_output(name="box", opts=opts()), engine)


def test_the_mocks_of_a_unit_test_return_function_results() -> None:
    engine = ProgramMocks(answers={"neev:index:getSandbox": {"id": "the-id", "memoryGb": 2.0}})
    observed: list[Any] = []

    def program() -> object:
        found = neev.get_sandbox(name="box")
        assert isinstance(found, neev.SandboxInfo)
        observed.append((found.id, found.memory_gb, found.phase))
        output = neev.get_sandbox_output(name=neev.Sandbox("box", name="later").name)
        return output.apply(lambda answer: observed.append((answer.id, answer.memory_gb, answer.phase)))

    run_program(program, engine)
    assert observed == [("the-id", 2, None)] * 2
    assert engine.invocations == [("neev:index:getSandbox", {"name": item}) for item in ("box", "later")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "get_sandbox: id: set exactly one of id and name"),
        ({"id": "a", "name": "b"}, "get_sandbox: id: set exactly one of id and name"),
        ({"id": ["5"]}, "id: must be a string"),
        ({"ids": "a", "name": "b"}, "ids: is not a property"),
    ],
)
def test_invalid_arguments_are_rejected_without_a_request(
    configured_emulator: Emulator, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(pulumi.RunError, match=message):
        invoke("getSandbox", arguments, neev.SandboxInfo)
    assert configured_emulator.requests == []
