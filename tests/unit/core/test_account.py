"""A state records its account, and the settings have to name the same one."""

from dataclasses import replace

import pytest
from pydantic.alias_generators import to_snake

from neev_provider.core.account import ACCOUNT_KEY, Account, WrongAccount

HERE = Account("org", "project", "https://api.test/agent")
MOVED = Account("org", "project", "https://new.test/agent", previous_base_url="https://api.test/agent")


def new_state(**other: str) -> dict[str, object]:
    """Return a state that records the account HERE with these changes."""
    return {ACCOUNT_KEY: replace(HERE, **other).to_record()}


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.test/agent",
        "https://api.test/agent/",
        "https://API.test/agent",
        "https://api.test:443/agent",
        " https://api.test/agent",
    ],
)
def test_equivalent_base_urls_are_the_same_account(base_url: str) -> None:
    HERE.require_same(new_state(base_url=base_url))


@pytest.mark.parametrize(
    "known",
    [{}, {ACCOUNT_KEY: None}, {ACCOUNT_KEY: "odd"}, {ACCOUNT_KEY: {}}, {ACCOUNT_KEY: "/orgs/org/projects/other"}],
)
def test_a_state_without_a_valid_account_record_is_accepted(known: dict[str, object]) -> None:
    HERE.require_same(known)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("orgId", "another"),
        ("orgId", "a/b c%2F"),
        ("projectId", "another"),
        ("baseUrl", "https://api.test"),
        ("baseUrl", "http://api.test/agent"),
        ("baseUrl", "https://api.test:8443/agent"),
        ("baseUrl", "https://[odd"),
    ],
)
def test_another_account_is_rejected_and_the_error_names_both(name: str, value: str) -> None:
    with pytest.raises(WrongAccount) as caught:
        HERE.require_same(new_state(**{to_snake(name): value}))
    text = str(caught.value)
    assert f"the state records {name} {value}, and the setting `{name}` is {HERE.to_properties()[name]}" in text
    assert f"set the setting `{name}` to {value}" in text
    assert "refresh" not in text


def test_a_changed_base_url_is_accepted_if_previous_base_url_matches() -> None:
    MOVED.require_same(new_state())
    MOVED.require_same(new_state(base_url="https://new.test/agent"))
    with pytest.raises(WrongAccount):
        MOVED.require_same(new_state(base_url="https://third.test/agent"))
    with pytest.raises(WrongAccount):
        MOVED.require_same(new_state(project_id="another"))


def test_previous_base_url_is_suggested_only_if_nothing_else_differs() -> None:
    with pytest.raises(WrongAccount, match=r"the setting `previousBaseUrl` to https://old.test"):
        HERE.require_same(new_state(base_url="https://old.test"))
    with pytest.raises(WrongAccount) as caught:
        HERE.require_same(new_state(base_url="https://old.test", org_id="another"))
    assert "previousBaseUrl" not in str(caught.value)
