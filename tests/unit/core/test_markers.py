"""The less common markers and their effects."""

from typing import Annotated

from neev_provider.core.diff import ChangeKind, compute_diff
from neev_provider.core.markers import Secret, SecretIf, Update
from neev_provider.core.model import UNKNOWN, Boolean, Inputs, Outputs


class RunInputs(Inputs):
    kept: Annotated[str | None, Update()] = None
    """Unchanged when it is removed."""
    noted: Annotated[str | None, Update(on_removal=True)] = None
    """Known only to the program."""
    quiet: Annotated[Boolean | None, Update(on_removal=True)] = None
    """Whether the text is secret."""


class RunOutputs(Outputs):
    text: Annotated[str, SecretIf("quiet")]
    """The text."""
    token: Annotated[str, Secret()]
    """Always secret."""


def test_removing_an_input_marked_on_removal_needs_no_replacement() -> None:
    old = {"kept": "a", "noted": "b"}
    (change,) = compute_diff(RunInputs, old_inputs=old, state=old, new_inputs={}).changes
    assert (change.path, change.kind, change.requires_replacement) == ("noted", ChangeKind.DELETE, False)
    assert compute_diff(RunInputs, old_inputs={}, state={"noted": "b"}, new_inputs={}).changes == ()


def test_an_output_is_secret_if_its_input_is_true_or_unknown() -> None:
    text, token = RunOutputs.properties["text"], RunOutputs.properties["token"]
    assert [text.is_secret({"quiet": item}) for item in (True, UNKNOWN, False, None)] == [True, True, False, False]
    assert not text.is_secret({})
    assert token.is_secret({})
