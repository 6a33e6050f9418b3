"""Secrets of a program: redacted in the errors of the dynamic host, and secret in its outputs."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.runtime.rpc import serialize_properties
from tests.fakes.program import ProgramMocks, run_program
from tests.unit.adapters.fake_pulumi_engine import from_struct, secret_value
from tests.unit.adapters.test_dynamic_provider import check_inputs, create_resource, emulator, make_provider  # noqa: F401  fixtures

import pulumi_neev as neev
from neev_emulator import Emulator
from neev_provider.adapters.pulumi.dynamic import event_loop
from neev_provider.adapters.pulumi.dynamic.provider import RESOURCE_NAME, DynamicProvider
from neev_provider.adapters.pulumi.dynamic.secrets import SECRET_NAMES
from neev_provider.adapters.shared.config import REQUIRED
from neev_provider.core.errors import NeevError
from neev_provider.core.validation import ValidationFailure
from neev_provider.resources.sandbox.sandbox import SandboxResource

KEY = "-----BEGIN KEY-----\nhunter2\nhunter3\n-----END KEY-----\n"


def to_argv(text: str) -> list[str]:
    return ["sh", "-c", text]


@pytest.fixture
def box_id(make_provider: Callable[[str], DynamicProvider]) -> str:  # noqa: F811
    """Create a sandbox and return its id."""
    return create_resource(make_provider("Sandbox"), name="box")[0]


@pytest.fixture
def command_provider(make_provider: Callable[[str], DynamicProvider]) -> DynamicProvider:  # noqa: F811
    """Return the provider of commands."""
    return make_provider("Command")


def get_error_text(work: Callable[[], object]) -> str:
    with pytest.raises(NeevError) as caught:
        work()
    assert "hunter" not in str(caught.value)
    return str(caught.value)


def to_engine(outputs: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs as the host passes them to the engine."""
    return from_struct(event_loop.run(serialize_properties(outputs, {})))


def test_the_output_of_a_command_is_secret_if_an_input_is_secret(
    command_provider: DynamicProvider, box_id: str
) -> None:
    command = {"sandboxId": box_id, "create": ["echo", "done"]}
    assert create_resource(command_provider, **command)[1]["stdout"] == "done\n"
    for inputs in ({"env": {"A": "b"}}, {"triggers": ["x"], SECRET_NAMES: ["triggers"]}):
        id, outputs = create_resource(command_provider, **command, **inputs)
        assert to_engine(outputs)["stdout"] == secret_value("done\n")
        assert to_engine(outputs)["stderr"] == secret_value("")
        # The host reports no secrets to the engine.
        state = {**outputs, "stdout": "done\n", "stderr": ""}
        assert to_engine(command_provider.read(id, state).outs or {})["stdout"] == secret_value("done\n")
        news = check_inputs(command_provider, **command, timeoutSeconds=60)
        assert to_engine(command_provider.update(id, state, news).outs or {})["stdout"] == secret_value("done\n")


def test_a_secret_printed_by_a_command_is_redacted_in_its_error(command_provider: DynamicProvider, box_id: str) -> None:
    inputs = {"sandboxId": box_id, "create": to_argv('echo "$KEY"; exit 3'), "env": {"KEY": KEY}}
    assert "Its last lines:\n[secret]" in get_error_text(lambda: create_resource(command_provider, **inputs))


@pytest.mark.parametrize("name", ["create", "stdin"])
def test_the_output_of_a_command_with_a_secret_input_is_not_shown(
    command_provider: DynamicProvider, box_id: str, name: str
) -> None:
    inputs = {
        "sandboxId": box_id,
        "create": to_argv("set -x; cat; echo hunter2; exit 1"),
        "stdin": "pass hunter3\n",
    }
    message = get_error_text(lambda: create_resource(command_provider, **inputs, **{SECRET_NAMES: [name]}))
    assert "Its output is a secret, so it is not shown." in message


def test_secrets_in_an_error_of_the_api_are_redacted(
    make_provider: Callable[[str], DynamicProvider],  # noqa: F811
    emulator: Emulator,  # noqa: F811
) -> None:
    message = f"docker.io/x/hunter2:1, hunter3 and {emulator.api_key} are refused"
    emulator.inject("status", method="POST", path="/sandboxes", status=422, body={"message": message})
    inputs = {"name": "box", "image": "docker.io/x/hunter2:1", "env": {"A": "hunter3"}, SECRET_NAMES: ["image"]}
    shown = get_error_text(lambda: create_resource(make_provider("Sandbox"), **inputs))
    assert "[secret], [secret] and [secret] are refused" in shown
    assert emulator.api_key not in shown


def test_a_check_redacts_secret_inputs(
    make_provider: Callable[[str], DynamicProvider],  # noqa: F811
) -> None:
    news = {
        RESOURCE_NAME: "box",
        "name": "Hunter2",
        "image": "hunter3",
        SECRET_NAMES: ["name"],
        "evn": {"TOKEN": "hunter4"},
    }
    failures = make_provider("Sandbox").check({}, news).failures
    assert {failure.property for failure in failures} == {"", "image"}
    reasons = "\n".join(failure.reason for failure in failures)
    assert "name: must be" in reasons
    assert "unter2" not in reasons
    assert "hunter4" not in reasons


class BuggySandbox(SandboxResource):
    """A sandbox whose check raises an unexpected exception with a secret."""

    def check(
        self, old_inputs: Any, new_inputs: Any, generate_name: Any, warn: Any = print
    ) -> tuple[dict[str, Any], list[ValidationFailure]]:
        raise KeyError(new_inputs["env"]["TOKEN"])


class BuggySandboxProvider(DynamicProvider):
    """The provider of the buggy sandbox."""

    @property
    def resource(self) -> BuggySandbox:
        return BuggySandbox()


def test_an_unexpected_exception_is_reported_with_traceback_and_redacted() -> None:
    provider = BuggySandboxProvider()
    account = {f"neev:{name}": "x" for name in REQUIRED}
    provider.configure(ConfigureRequest(Config(account, "neev")))
    message = get_error_text(lambda: provider.check({}, {"env": {"TOKEN": "hunter2"}}))
    assert "Traceback" in message
    assert "KeyError: '[secret]'" in message


def test_a_program_passes_the_names_of_its_secret_inputs() -> None:
    engine = ProgramMocks()

    def program() -> None:
        hidden = pulumi.Output.secret("hunter2")
        login = pulumi.Output.concat("login ", hidden)
        neev.Command("plain", sandbox_id="x", create=["true"])
        neev.Command("login", sandbox_id="x", create=["sh", "-c", login], env={"A": "b"})
        neev.Sandbox("walled", egress={"mode": "allow_list", "allow": [{"host": hidden}]})

    run_program(program, engine)
    message = {name: inputs.get(SECRET_NAMES) for (_, name), inputs in engine.registrations.items()}
    assert message == {"plain": None, "login": ["create", "env"], "walled": ["egress"]}


def test_effective_labels_are_secret_if_the_labels_are_secret(
    make_provider: Callable[[str], DynamicProvider],  # noqa: F811
) -> None:
    provider = make_provider("Sandbox")
    _, outputs = create_resource(provider, labels={"team": "hunter2"}, env={"A": "b"})
    assert outputs["effectiveLabels"] == {"team": "hunter2"}
    _, outputs = create_resource(provider, labels={"team": "hunter2"}, **{SECRET_NAMES: ["labels"]})
    assert to_engine(outputs)["effectiveLabels"] == secret_value({"team": "hunter2"})
