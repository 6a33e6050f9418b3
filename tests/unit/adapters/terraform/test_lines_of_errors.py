"""The argument at which an engine shows an error: it knows the lines of arguments, and none within a value."""

from __future__ import annotations

import pytest

from neev_provider.adapters.terraform.diagnostics import (
    attribute_path,
    failure_diagnostic,
    format_path,
    warning_diagnostic,
)
from neev_provider.core.validation import ValidationFailure
from neev_provider.resources.agent import AgentInputs
from neev_provider.resources.preview_port import PreviewPortInputs
from neev_provider.resources.sandbox.sandbox import SandboxInputs


@pytest.mark.parametrize(
    ("path", "shown", "located"),
    [
        ("cpu", "cpu", ["cpu"]),
        ("egress.allow[0].host", "egress.allow[0].host", ["egress"]),
        ('labels["team"]', 'labels["team"]', ["labels"]),
        ("idleTimeoutSeconds", "idle_timeout_seconds", ["idle_timeout_seconds"]),
        ("timeouts.create", "timeouts.create", ["timeouts", "create"]),
    ],
)
def test_an_error_has_the_whole_path_and_is_located_at_the_argument(path: str, shown: str, located: list[str]) -> None:
    diagnostic = failure_diagnostic(ValidationFailure(path, "is wrong"), SandboxInputs)
    assert (diagnostic.summary, diagnostic.detail) == (f"Invalid {shown}", f"{shown}: is wrong")
    assert [step.attribute_name for step in diagnostic.attribute.steps] == located


def test_an_error_in_a_json_text_is_located_at_its_argument() -> None:
    path = attribute_path("config.model.name", AgentInputs)
    assert format_path(path) == 'config["model"]'


def test_an_error_of_a_secret_argument_is_located_at_the_argument() -> None:
    diagnostic = failure_diagnostic(ValidationFailure("", "slug: is wrong"), PreviewPortInputs)
    assert (diagnostic.summary, diagnostic.detail) == ("Invalid slug", "slug: is wrong")
    assert [step.attribute_name for step in diagnostic.attribute.steps] == ["slug"]


def test_an_error_without_an_argument_is_located_at_the_block() -> None:
    diagnostic = failure_diagnostic(ValidationFailure("", "is wrong"), SandboxInputs)
    assert (diagnostic.detail, diagnostic.HasField("attribute")) == ("is wrong", False)


@pytest.mark.parametrize(
    ("text", "summary"),
    [("it is not ready yet; the next update waits", "it is not ready yet"), ("It is late.", "It is late")],
)
def test_the_summary_of_a_warning_has_the_resource_and_the_first_clause(text: str, summary: str) -> None:
    diagnostic = warning_diagnostic("neev_sandbox web", text, [SandboxInputs])
    assert (diagnostic.summary, diagnostic.detail) == (f"neev_sandbox web: {summary}", text)
