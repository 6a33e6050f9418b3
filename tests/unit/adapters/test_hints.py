"""The texts of errors for the users of each engine."""

import pytest

from neev_provider.adapters.shared.descriptions import render_description
from neev_provider.adapters.shared.hints import PULUMI, TERRAFORM, render, render_failure, render_text
from neev_provider.core.account import WrongAccount
from neev_provider.core.errors import (
    ConfigError,
    DeadlineExceeded,
    InputError,
    NeevError,
    NotFound,
    OperationFailed,
    Unauthorized,
)
from neev_provider.core.hints import Hint
from neev_provider.core.redaction import Redactor, use_redactor
from neev_provider.core.validation import ValidationFailure
from neev_provider.resources.image.golden_image import GoldenImageResource
from neev_provider.resources.sandbox.sandbox import SandboxResource

SANDBOX = (SandboxResource.inputs, SandboxResource.outputs)
LATE = DeadlineExceeded("waiting", 9, "Pending")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotFound(404, "gone"), "`pulumi refresh` brings the state in line."),
        (LATE, "or allow more time with `customTimeouts`."),
        (Unauthorized(401, "no"), "Check neev:apiKey (or NEEV_API_KEY): the key is missing"),
        (ConfigError("the setting `orgId` is empty", hint=""), "neev:orgId (or NEEV_ORG_ID) is empty."),
        (WrongAccount({"orgId": ("a", "b")}), "set neev:orgId (or NEEV_ORG_ID) to a."),
        (OperationFailed("it is gone", hint=Hint.RECREATE), "it is gone. Run `pulumi up --refresh`."),
        (
            OperationFailed("it is taken", hint=Hint.OWNER_UNKNOWN),
            "it is taken. Its owner is unknown. If the program created it under another name, set the option `aliases`",
        ),
        (OperationFailed("it is full", hint="Make space."), "it is full. Make space."),
        (InputError("memoryGb", "must be less than diskGb (4)"), "memoryGb: must be less than diskGb (4)."),
    ],
)
def test_an_error_for_pulumi_has_the_commands_and_settings_of_pulumi(error: NeevError, text: str) -> None:
    assert text in render(error, PULUMI, models=SANDBOX)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotFound(404, "gone"), "`terraform apply -refresh-only` brings the state in line."),
        (LATE, "It may still finish. To wait longer, allow more time in its `timeouts` block."),
        (Unauthorized(401, "no"), "Check `api_key` (or NEEV_API_KEY): the key is missing"),
        (
            WrongAccount({"orgId": ("a", "b")}),
            "the state records org_id a, and `org_id` (or NEEV_ORG_ID) is b. Nothing was done. To work on it where",
        ),
        (OperationFailed("it is late", hint=Hint.UNFINISHED_CREATE), "it is late. It exists and is tainted"),
        (OperationFailed("it is full", hint="Make space."), "it is full. Make space."),
        (InputError("memoryGb", "must be less than diskGb (4)"), "memory_gb: must be less than disk_gb (4)."),
        (
            InputError("templateId", "must be an id; `getSandboxTemplate` finds it by name"),
            "template_id: must be an id; `neev_sandbox_template` finds it by name.",
        ),
        (NotFound(404, "no myBox", method="GET", path="/memoryGb"), "GET /memoryGb was answered with 404: no myBox."),
        (ValueError("a bug in memoryGb"), "a bug in memoryGb"),
    ],
)
def test_an_error_for_terraform_has_the_commands_settings_and_names_of_terraform(
    error: BaseException, text: str
) -> None:
    assert text in render(error, TERRAFORM, models=SANDBOX)


def test_a_validation_failure_has_snake_case_names_in_its_path_and_reason() -> None:
    failure = ValidationFailure(
        "steps[0].contentBase64", "conflicts with sourcePath; use `EgressRule`, not `FileAsset`"
    )
    assert render_failure(failure, PULUMI, (GoldenImageResource.inputs,)) == failure
    assert render_failure(failure, TERRAFORM, (GoldenImageResource.inputs,)) == ValidationFailure(
        "steps[0].content_base64", "conflicts with source_path; use `neev_egress_rule`, not `FileAsset`"
    )


def test_a_description_has_the_names_of_the_engine() -> None:
    text = "Use it as `snapshotId` of a `Sandbox`, or see `checkOnPreview`."
    assert render_description(text, PULUMI) == text
    assert render_description(text, TERRAFORM) == (
        "Use it as `snapshot_id` of a `neev_sandbox`, or see `check_on_preview`."
    )


def test_a_property_name_within_a_secret_is_redacted() -> None:
    with use_redactor(Redactor.from_values("x memoryGb y")):
        assert render_text("it says: x memoryGb y", TERRAFORM, SANDBOX) == "it says: [secret]"


def test_an_error_names_its_resource_once() -> None:
    assert render(OperationFailed("it is gone"), PULUMI, "Sandbox box") == "Sandbox box: it is gone."
    late = DeadlineExceeded("Sandbox box", 2, "Pending")
    assert render(late, PULUMI, "Sandbox box").count("Sandbox box") == 1
    assert render(ValueError("a bug"), PULUMI, "Sandbox box") == "Sandbox box: a bug"


def test_a_hint_without_a_command_needs_no_text_of_the_engine() -> None:
    assert Hint.CHECK_NETWORK not in PULUMI.hints
    assert render_text(Hint.CHECK_NETWORK, PULUMI) == (
        "Nothing was sent. Check the network and neev:baseUrl (or NEEV_BASE_URL), then run the same command again."
    )


PULUMI_WORDS = ("pulumi", "neev:", "customtimeouts", "--parallel", "deletebeforereplace", "aliases", "stack")
TERRAFORM_WORDS = ("terraform", "timeouts {", "-parallelism", "create_before_destroy", "`moved`")


@pytest.mark.parametrize("hint", Hint)
def test_a_hint_has_the_words_of_its_engine_only(hint: Hint) -> None:
    for word in (*PULUMI_WORDS, *TERRAFORM_WORDS):
        assert word not in hint.lower()
        assert word not in str(NotFound(404, "gone", hint=hint)).lower()
    for word in PULUMI_WORDS:
        assert word not in render_text(hint, TERRAFORM).lower()
    for word in TERRAFORM_WORDS:
        assert word not in render_text(hint, PULUMI).lower()
