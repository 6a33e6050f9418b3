"""The checks of the machine, the account, the stack and the policy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import ScaledClock

from neev_emulator import serve
from neev_provider.cli.doctor import account, environment, policy, stack
from neev_provider.cli.doctor.findings import Finding, Level
from neev_provider.cli.doctor.stack import RemoteInventory
from neev_provider.cli.pulumi_cli import PulumiCli
from neev_provider.cli.sweep.references import state_references
from neev_provider.client import Settings, connect
from neev_provider.client.agents import Agent
from neev_provider.client.sandboxes import LastCrash, Resources, Sandbox
from neev_provider.client.snapshots import Snapshot
from neev_provider.core.errors import Forbidden, NeevError, Unauthorized, Unavailable

NOW = 1_800_000_000.0
IN_AN_HOUR = "2027-01-15T09:00:00Z"


def make_state_entry(kind: str, name: str, id: str = "", **rest: Any) -> dict[str, Any]:
    token = f"neev:index:{kind}"
    return {"urn": f"urn:pulumi:dev::story::{token}::{name}", "type": token, "id": id or f"id-of-{name}", **rest}


def make_sandbox(name: str, phase: str = "Ready", **rest: Any) -> Sandbox:
    return Sandbox(id=f"id-of-{name}", name=name, phase=phase, **rest)


def make_inventory(*sandboxes: Sandbox) -> RemoteInventory:
    return RemoteInventory(stack.index_by_id(sandboxes))


def list_levels_and_messages(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(finding.level, finding.what) for finding in findings]


class TestMachine:
    @pytest.mark.parametrize(("version", "level"), [("v3.259.0", "ok"), ("v3.300.1-dev.2", "ok"), ("v3.200.0", "warn")])
    def test_an_old_engine_version_is_a_warning(self, version: str, level: str) -> None:
        assert environment.check_engine_version(version).level == level

    def test_a_missing_engine_and_a_missing_language_host_are_errors(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
        (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: {name: nodejs}\n")
        found = list(environment.check_environment(PulumiCli(tmp_path)))
        assert [item.level for item in found] == [Level.OK, Level.ERROR, Level.ERROR, Level.WARN]
        assert found[1].what == "engine: `pulumi` is not on PATH."
        assert found[2].what.startswith("the project's language is nodejs")
        assert "dynamic resources" in found[3].what

    def test_the_project_file_of_the_nearest_parent_directory_is_read(self, tmp_path: Path) -> None:
        inner = tmp_path / "src" / "deep"
        inner.mkdir(parents=True)
        (inner / "Pulumi.yaml").mkdir()
        (tmp_path / "Pulumi.yaml").write_text("name: outer")
        assert environment.read_project(inner) == {"name": "outer"}
        (inner.parent / "Pulumi.yml").write_text("name: inner")
        assert environment.read_project(inner) == {"name": "inner"}

    def test_the_runtime_is_read_from_the_project_file(self, tmp_path: Path) -> None:
        assert environment.find_runtime(environment.read_project(tmp_path)) is None
        (tmp_path / "Pulumi.yml").write_text("runtime: yaml")
        assert environment.find_runtime(environment.read_project(tmp_path)) == "yaml"
        (tmp_path / "Pulumi.yaml").write_text("- not\n- a project")
        assert environment.find_runtime(environment.read_project(tmp_path)) is None
        assert environment.check_language_host("yaml", "/bin/x").level == Level.OK


class TestAccount:
    def test_each_setting_is_reported_with_its_source(self) -> None:
        found = list(account.check_settings({"neev:orgId": "o"}, {"NEEVCLOUD_PROJECT_ID": "p"}))
        assert list_levels_and_messages(found) == [
            ("error", "neev:apiKey is not set"),
            ("ok", "neev:orgId is in the stack's configuration"),
            ("ok", "neev:projectId comes from NEEVCLOUD_PROJECT_ID"),
        ]
        assert found[0].remedy == "`pulumi config set --secret neev:apiKey …`, or set NEEV_API_KEY."

    def test_an_unknown_setting_is_reported_with_a_suggestion(self) -> None:
        unknown_settings = {
            name: {"value": "x", "secret": False} for name in ("neev:projectID", "neev:colour", "aws:regio")
        }
        found = list(account.check_config_entries(unknown_settings, "story"))
        assert list_levels_and_messages(found) == [
            ("error", "neev:projectID is in the stack's configuration, but the provider has no such setting"),
            ("error", "neev:colour is in the stack's configuration, but the provider has no such setting"),
        ]
        assert found[0].remedy == "Did you mean `neev:projectId`? Remove it with `pulumi config rm neev:projectID`."
        assert found[1].remedy == "Remove it with `pulumi config rm neev:colour`."
        assert list(account.check_config_entries(unknown_settings, "neev")) == []

    def test_known_settings_are_not_reported(self) -> None:
        for name in ("projectId", "baseUrl", "requestTimeoutSeconds", "pluginDownloadURL"):
            assert list(account.check_config_entries({f"neev:{name}": {"value": "x", "secret": False}}, None)) == []

    @pytest.mark.parametrize(("secret", "output"), [(True, 0), (False, 1)])
    def test_a_plaintext_api_key_is_reported_without_its_value(self, *, secret: bool, output: int) -> None:
        found = list(account.check_config_entries({"neev:apiKey": {"value": "key-of-mine", "secret": secret}}, "story"))
        assert len(found) == output
        assert "key-of-mine" not in str(found)
        assert all(
            item.level == Level.WARN and "pulumi config set --secret neev:apiKey" in item.remedy for item in found
        )

    @pytest.mark.parametrize(
        ("prefix", "message"),
        [("sk-nc-", "is an API key"), ("pat-nc-", "is a personal access token"), ("key-", None)],
    )
    def test_the_type_of_an_api_key_is_reported_without_its_value(self, prefix: str, message: str | None) -> None:
        found = list(account.check_key_type(f"{prefix}hunter2"))
        assert [message in item.what for item in found if message] == [True] * (message is not None)
        assert [item.level for item in found if prefix == "pat-nc-"] == [Level.ERROR] * (prefix == "pat-nc-")
        assert "hunter2" not in str(found)

    @pytest.mark.parametrize(
        ("error", "api_key", "is_explained"),
        [
            (Unauthorized(401, "no"), "sk-nc-hunter2", True),
            (Forbidden(403, "no"), "sk-nc-hunter2", True),
            (Unauthorized(401, "no"), "key-hunter2", False),
            (Unavailable(503, "no"), "sk-nc-hunter2", False),
        ],
    )
    def test_a_rejected_key_that_may_be_a_model_api_key_is_explained(
        self, error: NeevError, api_key: str, *, is_explained: bool
    ) -> None:
        found = account.report_rejection(error, Settings("https://h/agent", api_key, "o", "p"))
        assert ("Model API" in found.remedy) is is_explained
        assert "hunter2" not in str(found)

    @pytest.mark.parametrize(
        ("seconds", "words"), [(0, "agrees"), (30, "agrees"), (90, "90 s behind"), (-90, "90 s ahead of")]
    )
    def test_a_large_clock_skew_is_reported(self, seconds: float, words: str) -> None:
        assert words in account.check_clock_skew(seconds).what

    async def test_the_account_check_reports_quota_and_owners(self) -> None:
        with serve() as emulator:
            settings = Settings(emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id)
            async with connect(settings, clock=ScaledClock()) as api:
                await api.sandboxes.create({"name": "box"})
                found = await account.check_account(api)
        assert found[0].what.endswith("accepts the API key")
        assert found[1].what.startswith("quota in use: 1 sandbox, 0 agents")
        assert found[2].what == "owners of the sandboxes: 1 without labels of an owner"

    def test_sandboxes_are_counted_by_the_owner_in_their_labels(self) -> None:
        own = {"managed-by": "pulumi-neev", "managed-by.project": "shop", "managed-by.stack": "dev"}
        boxes = [make_sandbox(name, labels=own) for name in "ab"] + [make_sandbox("c", labels={"managed-by": "x"})]
        assert account.check_owners(boxes).what == "owners of the sandboxes: 2 shop/dev (pulumi-neev), 1 x"
        assert account.check_owners([]).what == "owners of the sandboxes: -"


class TestStack:
    def test_an_interrupted_operation_is_an_error_with_recover_as_its_remedy(self) -> None:
        (found,) = stack.check_interrupted(
            [{"resource": make_state_entry("Sandbox", "box"), "type": "creating"}], "dev"
        )
        assert (found.level, found.what) == (Level.ERROR, "Sandbox box: creating was interrupted")
        assert "pulumi-neev recover --stack dev" in found.remedy

    def test_a_sandbox_created_by_another_stack_is_a_warning(self) -> None:
        entries = [
            make_state_entry("Sandbox", "box"),
            make_state_entry("SandboxFork", "fork"),
            make_state_entry("Agent", "a"),
        ]
        own = {"managed-by": "pulumi-neev", "managed-by.project": "story", "managed-by.stack": "dev"}
        other = {**own, "managed-by.stack": "prod"}
        for labels in (None, {}, own):
            assert list(stack.check_owners(entries, make_inventory(make_sandbox("box", labels=labels)))) == []
        boxes = [make_sandbox(name, labels=other) for name in ("box", "fork")]
        assert list_levels_and_messages(stack.check_owners(entries, make_inventory(*boxes))) == [
            ("warn", "Sandbox box was created by story/prod (pulumi-neev)")
        ]

    def test_missing_failed_and_unfinished_resources_are_reported(self) -> None:
        entries = [
            make_state_entry("Sandbox", "gone"),
            make_state_entry("SandboxFork", "torn"),
            make_state_entry("Sandbox", "well"),
            make_state_entry("Sandbox", "begun", initErrors=["not ready"]),
            make_state_entry("Agent", "broken"),
            make_state_entry("Snapshot", "empty"),
            make_state_entry("Command", "ran", initErrors=["exit 1"]),
            make_state_entry("Sandbox", "leaving", delete=True),
            {"urn": "urn:pulumi:dev::story::pulumi:pulumi:Stack::dev", "type": "pulumi:pulumi:Stack"},
        ]
        there = RemoteInventory(
            stack.index_by_id(
                [
                    make_sandbox("torn", "RestoreFailed"),
                    make_sandbox("well"),
                    make_sandbox("begun"),
                ]
            ),
            stack.index_by_id(
                [Agent(id="id-of-broken", name="b", status="Failed", last_crash=LastCrash(reason="OOMKilled"))]
            ),
            stack.index_by_id([Snapshot(id="id-of-empty", sandbox_id="s", status="Failed", error_message="disk full")]),
        )
        assert list_levels_and_messages(stack.check_health(entries, there)) == [
            ("error", "Sandbox gone does not exist (id-of-gone)"),
            ("error", "SandboxFork torn is RestoreFailed"),
            ("warn", "Sandbox begun is not finished: not ready"),
            ("error", "Agent broken is Failed: OOMKilled"),
            ("error", "Snapshot empty is Failed: disk full"),
            ("warn", "Command ran is not finished: exit 1"),
        ]

    @pytest.mark.parametrize(
        ("restorability", "messages"),
        [
            ("restorable", []),
            (None, []),
            ("deprecating", ["Snapshot s is deprecating: the API will soon stop restoring it"]),
            ("unsupported", ["Snapshot s is unsupported: the API no longer restores it"]),
        ],
    )
    def test_a_deprecating_or_unsupported_snapshot_is_a_warning(
        self, restorability: str | None, messages: list[str]
    ) -> None:
        kept = Snapshot(id="id-of-s", sandbox_id="x", status="Ready", restorability=restorability)
        found = list(
            stack.check_health([make_state_entry("Snapshot", "s")], RemoteInventory(snapshots={"id-of-s": kept}))
        )
        assert list_levels_and_messages(found) == [("warn", message) for message in messages]

    def test_a_phase_is_reported_if_the_api_gives_no_reason(self) -> None:
        failed = RemoteInventory(snapshots={"id-of-s": Snapshot(id="id-of-s", sandbox_id="x", status="Failed")})
        (found,) = stack.check_health([make_state_entry("Snapshot", "s")], failed)
        assert found.what == "Snapshot s is Failed"
        (found,) = stack.check_health(
            [make_state_entry("Sandbox", "box")], make_inventory(make_sandbox("box", "NotReady"))
        )
        assert found.remedy.startswith("It may recover.")

    def test_sandboxes_that_expire_soon_are_reported(self) -> None:
        entries = [
            make_state_entry("Sandbox", item) for item in ("hard", "idle", "pauses", "paused", "unlimited", "missing")
        ]
        there = make_inventory(
            make_sandbox("hard", hard_expires_at=IN_AN_HOUR),
            make_sandbox("idle", idle_expires_at=IN_AN_HOUR, on_idle="delete"),
            make_sandbox("pauses", idle_expires_at=IN_AN_HOUR, on_idle="pause"),
            make_sandbox("paused", "Paused", hard_expires_at=IN_AN_HOUR),
            make_sandbox("unlimited"),
        )
        found = list(stack.check_expiration(entries, there, now=NOW, expires_within_seconds=3600))
        assert [item.what for item in found] == [
            "Sandbox hard: its lifetime ends in 1h 0m",
            "Sandbox idle: if it stays idle, it is deleted in 1h 0m",
        ]
        assert list(stack.check_expiration(entries, there, now=NOW, expires_within_seconds=3599)) == []
        late = list(stack.check_expiration(entries, there, now=NOW + 7200, expires_within_seconds=0))
        assert late[0].what == "Sandbox hard: its lifetime ends in 0m"

    def test_the_cost_summary_counts_running_sandboxes_and_pool_members(self) -> None:
        states = state_references(
            [{"deployment": {"resources": [{"id": "id-of-a", "outputs": {"members": ["id-of-b"]}}]}}]
        )
        size = Resources(cpu=1.5, memory_gb=2)
        there = make_inventory(
            make_sandbox("a", resources=size),
            make_sandbox("b", resources=size),
            make_sandbox("c"),
            make_sandbox("d", "Paused"),
        )
        assert "running sandboxes: 2 (3 cores, 4 GB of memory)" in stack.summarize_costs(states, there).what
        assert "running sandboxes: 0 (0 cores" in stack.summarize_costs(states, make_inventory(make_sandbox("x"))).what


class TestRules:
    def test_runs_forever_reports_resources_without_an_expiration(self) -> None:
        entries = [
            make_state_entry("Sandbox", "endless"),
            make_state_entry("Sandbox", "never", inputs={"idleTimeoutSeconds": 0}, outputs={"idleTimeoutSeconds": 9}),
            make_state_entry("Sandbox", "idle", outputs={"idleTimeoutSeconds": 9}),
            make_state_entry("Agent", "agent"),
            make_state_entry("Snapshot", "kept"),
        ]
        assert [item.what.split(" has ")[0] for item in policy.runs_forever(entries)] == [
            "Sandbox endless",
            "Sandbox never",
            "Agent agent",
        ]

    @pytest.mark.parametrize(
        ("egress", "is_open"),
        [
            (None, False),
            ({"mode": "allow_list", "allow": [{"host": "pypi.org"}]}, False),
            ({"mode": "allow_list", "allowInternet": True}, True),
            ({"mode": "allow_list", "allow": [{"host": "0.0.0.0/0"}]}, True),
            ({"mode": "allow_list", "allow": [{"host": "::/0"}]}, True),
        ],
    )
    def test_open_to_the_internet_reports_unrestricted_egress(
        self, egress: dict[str, Any] | None, *, is_open: bool
    ) -> None:
        for kind in ("Sandbox", "SandboxPool", "GoldenImage"):
            found = list(policy.open_to_the_internet([make_state_entry(kind, "box", inputs={"egress": egress})]))
            assert bool(found) is is_open

    def test_image_without_digest_reports_tagged_images(self) -> None:
        entries = [
            make_state_entry("Sandbox", "tagged", inputs={"image": "docker.io/library/python:3.12"}),
            make_state_entry("Sandbox", "pinned", inputs={"image": "docker.io/library/python@sha256:" + 64 * "a"}),
            make_state_entry("Sandbox", "template", outputs={"image": "registry/template:1"}),
            make_state_entry("GoldenImage", "built", inputs={"image": "docker.io/library/python:3.12"}),
        ]
        assert [item.what.split(" uses ")[0] for item in policy.image_without_digest(entries)] == [
            "Sandbox tagged",
            "GoldenImage built",
        ]

    def test_too_many_cores_reports_a_stack_above_the_limit(self) -> None:
        entries = [
            make_state_entry("Sandbox", "one", outputs={"cpu": 2}),
            make_state_entry("SandboxPool", "many", inputs={"cpu": 1, "replicas": 3}),
            make_state_entry("GoldenImage", "image", inputs={"cpu": 8}),
        ]
        assert list(policy.too_many_cores(entries, 5)) == []
        (found,) = policy.too_many_cores(entries, 4.5)
        assert found.what == "5 CPU cores in all, more than 4.5"
        assert "cores" not in "".join(item.what for item in policy.check_policy(entries, max_cores=None))
        assert "cores" in "".join(item.what for item in policy.check_policy(entries, max_cores=1))
