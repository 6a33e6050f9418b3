"""A state records its account, and the settings have to name the same one."""

from dataclasses import replace

import pytest
from pydantic.alias_generators import to_snake

from neev_provider.core.account import ACCOUNT_KEY, Account, WrongAccount

HERE = Account("org", "project", "https://api.test/agent")
MOVED = Account("org", "project", "https://new.test/agent", previous_base_url="https://api.test/agent")


def recorded_state(**other: str) -> dict[str, object]:
    """A state as it was recorded here, but for what is said."""
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
def test_the_same_account_in_any_spelling_is_the_same(base_url: str) -> None:
    HERE.require_same(recorded_state(base_url=base_url))


@pytest.mark.parametrize(
    "known",
    [{}, {ACCOUNT_KEY: None}, {ACCOUNT_KEY: "odd"}, {ACCOUNT_KEY: {}}, {ACCOUNT_KEY: "/orgs/org/projects/other"}],
)
def test_a_state_that_records_nothing_readable_counts_as_ours(known: dict[str, object]) -> None:
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
def test_another_account_is_refused_with_both_named(name: str, value: str) -> None:
    with pytest.raises(WrongAccount) as caught:
        HERE.require_same(recorded_state(**{to_snake(name): value}))
    text = str(caught.value)
    assert f"the state records {name} {value}, and the setting `{name}` is {HERE.to_properties()[name]}" in text
    assert f"set the setting `{name}` to {value}" in text
    assert "refresh" not in text


def test_a_service_that_has_moved_is_the_same_where_its_previous_address_is_given() -> None:
    MOVED.require_same(recorded_state())
    MOVED.require_same(recorded_state(base_url="https://new.test/agent"))
    with pytest.raises(WrongAccount):
        MOVED.require_same(recorded_state(base_url="https://third.test/agent"))
    with pytest.raises(WrongAccount):
        MOVED.require_same(recorded_state(project_id="another"))


def test_only_an_address_that_differs_alone_can_have_moved() -> None:
    with pytest.raises(WrongAccount, match=r"the setting `previousBaseUrl` to https://old.test"):
        HERE.require_same(recorded_state(base_url="https://old.test"))
    with pytest.raises(WrongAccount) as caught:
        HERE.require_same(recorded_state(base_url="https://old.test", org_id="another"))
    assert "previousBaseUrl" not in str(caught.value)
