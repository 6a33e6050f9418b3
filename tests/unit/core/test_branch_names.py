"""The name of a sandbox of a branch."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neev_provider.core.branch_names import convert_branch_name
from neev_provider.core.names import validate_name


@pytest.mark.parametrize("branch", ["main", "pr-7", "a" * 63])
def test_a_branch_that_is_a_valid_name_is_unchanged(branch: str) -> None:
    assert convert_branch_name(branch) == branch


@pytest.mark.parametrize(
    "branch", ["feature/login", "Feature-Login", "7", "a" * 64, "-", "", "ä", "a-", "a" * 56 + "/b"]
)
def test_an_invalid_branch_is_converted_to_a_valid_name(branch: str) -> None:
    assert validate_name(convert_branch_name(branch))
    assert convert_branch_name(branch) != branch


@given(st.text(), st.text())
def test_different_branches_have_different_names(one: str, other: str) -> None:
    assume(one != other)
    assert convert_branch_name(one) != convert_branch_name(other)
    assert validate_name(convert_branch_name(one))


def test_a_name_is_the_same_in_every_process() -> None:
    assert convert_branch_name("Feature/Login") == "feature-login-1ce277"
