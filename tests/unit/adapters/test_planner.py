"""The checks, diffs and previews of the planner, without an engine."""

from __future__ import annotations

import pytest

from neev_provider.adapters.shared.planner import Planner
from neev_provider.core.account import ACCOUNT_KEY, Account, WrongAccount
from neev_provider.core.labels import LabelPolicy
from neev_provider.core.model import UNKNOWN
from neev_provider.core.validation import ValidationFailure
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkResource

ACCOUNT = Account("org", "project", "https://api.test/agent")
PLANNER = Planner(SandboxResource(), ACCOUNT)


def test_a_check_generates_a_name_and_reports_rejected_inputs_once() -> None:
    rejected = [ValidationFailure("cpu", "is an asset")]
    inputs, failures = PLANNER.check(
        {}, {"cpu": "many", "memoryGb": "much"}, generate_name=lambda: "box-1", rejected=rejected
    )
    assert inputs["name"] == "box-1"
    assert [failure.path for failure in failures] == ["cpu", "memoryGb"]
    assert failures[0].reason == "is an asset"


def test_the_failure_of_a_secret_input_redacts_it() -> None:
    _, failures = PLANNER.check({}, {"cpu": "hunter2"}, generate_name=lambda: "b", secret_inputs=frozenset({"cpu"}))
    assert [failure.path for failure in failures] == [""]
    assert "hunter2" not in failures[0].reason


def test_a_diff_rejects_a_state_of_another_account() -> None:
    elsewhere = Account("org", "other", "https://api.test/agent")
    assert not PLANNER.diff("id", {"name": "box"}, {"name": "box"}, {"name": "box"}).changes
    with pytest.raises(WrongAccount):
        PLANNER.diff("id", {"name": "box"}, {ACCOUNT_KEY: elsewhere.to_record()}, {"name": "box"})


def test_a_preview_has_the_inputs_and_the_stable_outputs_of_the_state() -> None:
    before = PLANNER.preview(None, {"name": "box"})
    assert (before["name"], before["createdAt"]) == ("box", UNKNOWN)
    after = PLANNER.preview({"name": "box", "createdAt": "2026-01-01T00:00:00Z"}, {"name": "box"})
    assert after["createdAt"] == "2026-01-01T00:00:00Z"


def test_a_check_limits_the_total_of_labels_and_default_labels() -> None:
    planner = Planner(SandboxResource(), ACCOUNT, LabelPolicy({"team": "search"}))
    labels = {f"k{number}": "v" for number in range(12)}
    _, failures = planner.check({}, {"labels": labels}, generate_name=lambda: "box-1")
    assert [(failure.path, "1 of the setting `defaultLabels`" in failure.reason) for failure in failures] == [
        ("labels", True)
    ]
    for inputs in ({}, {"labels": UNKNOWN}, {"labels": {"a": UNKNOWN}}):
        assert planner.check({}, inputs, generate_name=lambda: "box-1")[1] == []


def test_changed_default_labels_are_reported_and_no_change() -> None:
    planner, lines = Planner(SandboxResource(), ACCOUNT, LabelPolicy({"team": "search"})), list[str]()
    state = {"name": "box", "effectiveLabels": {"team": "shop", "managed-by": "tool"}}
    assert not planner.diff("id", {"name": "box"}, state, {"name": "box"}, lines.append).changes
    assert ["(team differs)" in line for line in lines] == [True]
    planner.diff("id", {"name": "box"}, {**state, "effectiveLabels": {"team": "search"}}, {"name": "box"}, lines.append)
    planner.diff("id", {"name": "box"}, {"name": "box"}, {"name": "box"}, lines.append)
    planner.diff("id", {"name": "box"}, state, {"name": "box", "labels": UNKNOWN}, lines.append)
    assert len(lines) == 1


def test_a_removed_label_is_not_reported_as_a_changed_default_label() -> None:
    planner, lines = Planner(SandboxResource(), ACCOUNT), list[str]()
    inputs = {"name": "box", "labels": {"role": "worker"}}
    state = {**inputs, "effectiveLabels": {"role": "worker"}}
    assert planner.diff("id", inputs, state, {"name": "box"}, lines.append).requires_replacement
    assert lines == []


def test_default_labels_are_ignored_for_a_resource_without_labels() -> None:
    planner = Planner(SandboxForkResource(), ACCOUNT, LabelPolicy({f"k{number}": "v" for number in range(17)}))
    inputs = {"name": "fork", "sourceSandboxId": "id"}
    assert planner.check({}, inputs, generate_name=lambda: "box-1")[1] == []
    lines: list[str] = []
    planner.diff("id", inputs, {**inputs, "effectiveLabels": {}}, inputs, lines.append)
    assert lines == []
