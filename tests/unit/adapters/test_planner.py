"""Checks, diffs and previews without an engine."""

from __future__ import annotations

import pytest

from neev_provider.adapters.shared.planner import Planner
from neev_provider.core.account import ACCOUNT_KEY, Account, WrongAccount
from neev_provider.core.model import UNKNOWN
from neev_provider.core.validation import ValidationFailure
from neev_provider.resources.sandbox.sandbox import SandboxResource

ACCOUNT = Account("org", "project", "https://api.test/agent")
PLANNER = Planner(SandboxResource(), ACCOUNT)


def test_a_check_adds_a_name_and_leaves_out_what_the_adapter_rejected_already() -> None:
    rejected = [ValidationFailure("cpu", "is an asset")]
    inputs, failures = PLANNER.check(
        {}, {"cpu": "many", "memoryGb": "much"}, generate_name=lambda: "box-1", rejected=rejected
    )
    assert inputs["name"] == "box-1"
    assert [failure.path for failure in failures] == ["cpu", "memoryGb"]
    assert failures[0].reason == "is an asset"


def test_a_failure_of_a_secret_does_not_show_it() -> None:
    _, failures = PLANNER.check({}, {"cpu": "hunter2"}, generate_name=lambda: "b", secret_inputs=frozenset({"cpu"}))
    assert [failure.path for failure in failures] == [""]
    assert "hunter2" not in failures[0].reason


def test_a_diff_is_refused_for_a_state_of_another_account() -> None:
    elsewhere = Account("org", "other", "https://api.test/agent")
    assert not PLANNER.diff({"name": "box"}, {"name": "box"}, {"name": "box"}).changes
    with pytest.raises(WrongAccount):
        PLANNER.diff({"name": "box"}, {ACCOUNT_KEY: elsewhere.to_properties()}, {"name": "box"})


def test_a_preview_knows_the_inputs_and_after_a_creation_the_stable_outputs() -> None:
    before = PLANNER.preview(None, {"name": "box"})
    assert (before["name"], before["createdAt"]) == ("box", UNKNOWN)
    after = PLANNER.preview({"name": "box", "createdAt": "2026-01-01T00:00:00Z"}, {"name": "box"})
    assert after["createdAt"] == "2026-01-01T00:00:00Z"
