"""The rarer marks, by what follows from them."""

from typing import Annotated

from neev_provider.core.diff import ChangeKind, compute_diff
from neev_provider.core.markers import Secret, SecretIf, Update
from neev_provider.core.model import UNKNOWN, Boolean, Inputs, Outputs


class RunInputs(Inputs):
    kept: Annotated[str | None, Update()] = None
    """Left as it is when it is taken out."""
    noted: Annotated[str | None, Update(on_removal=True)] = None
    """Only the program knows it."""
    quiet: Annotated[Boolean | None, Update(on_removal=True)] = None
    """Whether what comes out is hidden."""


class RunOutputs(Outputs):
    text: Annotated[str, SecretIf("quiet")]
    """What came out."""
    token: Annotated[str, Secret()]
    """Always hidden."""


def test_removing_what_only_the_program_has_is_a_change_in_place() -> None:
    old = {"kept": "a", "noted": "b"}
    (change,) = compute_diff(RunInputs, old_inputs=old, state=old, new_inputs={}).changes
    assert (change.path, change.kind, change.requires_replacement) == ("noted", ChangeKind.DELETE, False)
    assert compute_diff(RunInputs, old_inputs={}, state={"noted": "b"}, new_inputs={}).changes == ()


def test_an_output_is_hidden_where_its_input_says_so_or_is_not_known_yet() -> None:
    text, token = RunOutputs.properties["text"], RunOutputs.properties["token"]
    assert [text.is_secret({"quiet": item}) for item in (True, UNKNOWN, False, None)] == [True, True, False, False]
    assert not text.is_secret({})
    assert token.is_secret({})
