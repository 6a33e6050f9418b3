"""What the user of an engine reads of an error."""

import pytest

from neev_provider.adapters.shared.hints import PULUMI, render, render_text
from neev_provider.core.account import WrongAccount
from neev_provider.core.errors import ConfigError, DeadlineExceeded, NeevError, NotFound, OperationFailed, Unauthorized
from neev_provider.core.hints import Hint


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotFound(404, "gone"), "`pulumi refresh` brings the state in line."),
        (DeadlineExceeded("waiting", 9, "Pending"), "or allow more time with `customTimeouts`."),
        (Unauthorized(401, "no"), "Check neev:apiKey or NEEV_API_KEY: the key is missing"),
        (ConfigError("the setting `orgId` is empty", hint=""), "neev:orgId is empty."),
        (WrongAccount({"orgId": ("a", "b")}), "set neev:orgId (or NEEV_ORG_ID) to a."),
        (OperationFailed("it is gone", hint=Hint.RECREATE), "it is gone. Run `pulumi up --refresh`."),
        (
            OperationFailed("it is taken", hint=Hint.OWNER_UNKNOWN),
            "it is taken. Its owner is unknown. If the program created it under another name, set the option `aliases`",
        ),
        (OperationFailed("it is full", hint="Make space."), "it is full. Make space."),
    ],
)
def test_a_user_of_pulumi_reads_its_commands_and_settings(error: NeevError, text: str) -> None:
    assert text in render(error, PULUMI)


def test_an_error_names_its_resource_once() -> None:
    assert render(OperationFailed("it is gone"), PULUMI, "Sandbox box") == "Sandbox box: it is gone."
    late = DeadlineExceeded("Sandbox box", 2, "Pending")
    assert render(late, PULUMI, "Sandbox box").count("Sandbox box") == 1
    assert render(ValueError("a bug"), PULUMI, "Sandbox box") == "Sandbox box: a bug"


def test_a_hint_that_names_no_command_is_read_as_it_is() -> None:
    assert Hint.CHECK_NETWORK not in PULUMI.hints
    assert render_text(Hint.CHECK_NETWORK, PULUMI) == (
        "Nothing was sent. Check the network and neev:baseUrl, then run the same command again."
    )


@pytest.mark.parametrize("hint", Hint)
def test_without_an_engine_a_hint_names_none(hint: Hint) -> None:
    for word in ("pulumi", "neev:", "customTimeouts", "--parallel", "deleteBeforeReplace", "stack"):
        assert word not in hint.lower()
        assert word not in str(NotFound(404, "gone", hint=hint))
