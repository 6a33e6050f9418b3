"""The destinations that an egress policy accepts."""

from contextlib import nullcontext

import pytest
from pydantic import ValidationError

from neev_emulator.state.egress import AllowListEdit, AllowRule, Policy, apply_edits


@pytest.mark.parametrize(
    "host",
    [
        "pypi.org",
        "*.github.com",
        "localhost",
        "10.0.0.1",
        "10.0.0.0/8",
        "::/0",
        "2001:db8::1",
        "a_b.example",
    ],
)
def test_addresses_blocks_and_domains_are_valid_hosts(host: str) -> None:
    assert AllowRule(host=host).host == host


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "pypi.org/simple",
        "https://pypi.org",
        "a..b",
        "-a.example",
        "a.*.example",
        "10.0.0.0/33",
        "x" * 64,
    ],
)
def test_an_invalid_host_is_rejected(host: str) -> None:
    with pytest.raises(ValidationError):
        AllowRule(host=host)


@pytest.mark.parametrize(("host", "fits"), [("a." * 126 + "b", True), ("a." * 127 + "b", False), ("*", True)])
def test_domains_have_at_most_253_characters(host: str, *, fits: bool) -> None:
    assert fits == (len(host) <= 253)
    with nullcontext() if fits else pytest.raises(ValidationError):
        AllowRule(host=host)


def test_one_edit_can_replace_a_host() -> None:
    policy = Policy(mode="allow_list", allow=[AllowRule(host="old.example"), AllowRule(host="kept.example")])
    swapped = apply_edits(
        policy,
        add=AllowListEdit(allow=[AllowRule(host="new.example")]),
        remove=AllowListEdit(allow=[AllowRule(host="old.example")]),
    )
    assert [rule.host for rule in swapped.allow] == ["kept.example", "new.example"]


def test_a_host_that_is_removed_and_added_has_the_new_rule() -> None:
    policy = Policy(mode="allow_list", allow=[AllowRule(host="a.example", ports=[80])])
    rule = AllowRule(host="a.example", ports=[443])
    assert apply_edits(
        policy, add=AllowListEdit(allow=[rule]), remove=AllowListEdit(allow=[AllowRule(host="A.EXAMPLE")])
    ).allow == [rule]
