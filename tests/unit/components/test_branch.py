"""The resources that a branch environment registers."""

import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime import MockResourceArgs
from tests.fakes.program import ProgramMocks, run_program

import pulumi_neev as neev

KIND = "neev:components:BranchEnvironment"


class RespondingMocks(ProgramMocks):
    """A fake engine that returns outputs for new resources."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        id, state = super().new_resource(args)
        added = {"previewUrl": f"https://{args.name}", "sha256": f"digest of {args.name}", "hardExpiresAt": "then"}
        return id, {**state, **added}


def run_with_mocks(program: Callable[[], object]) -> ProgramMocks:
    """Run the program, await the outputs that it returns, and return the engine."""
    engine = RespondingMocks()
    run_program(program, engine)
    return engine


def test_a_branch_environment_is_a_fork_with_files_commands_and_ports() -> None:
    engine = run_with_mocks(
        lambda: neev.BranchEnvironment(
            "web",
            branch="pr-7",
            revision="abc",
            base_sandbox_id="base",
            files={"app/version": "abc", "logo.png": pulumi.FileAsset("/tmp/logo.png"), "a": pulumi.StringAsset("b")},
            commands=[["make"], ["make", "test"]],
            processes={"server": ["make", "serve"]},
            ports=[8080, 9090],
            cpu=2,
        )
    )
    assert engine.of_type("SandboxFork") == {
        "web": {
            "sourceSandboxId": "base",
            "name": "web-pr-7",
            "renewTrigger": "abc",
            "paused": False,
            "resumeIdlePaused": True,
            "idleTimeoutSeconds": 1800,
            "maxLifetimeSeconds": 604_800,
            "cpu": 2,
        }
    }
    files = engine.of_type("File")
    assert {inputs.pop("path") for inputs in files.values()} == {"app/version", "logo.png", "a"}
    assert {inputs.pop("sandboxId") for inputs in files.values()} == {"id of web"}
    assert files["web-app/version"] == {"content": "abc"}
    assert files["web-logo.png"]["source"]["path"] == "/tmp/logo.png"
    assert files["web-a"]["source"]["text"] == "b"
    triggers = ["abc", *(f"digest of web-{path}" for path in ("app/version", "logo.png", "a"))]
    assert engine.of_type("Command") == {
        "web-1": {"sandboxId": "id of web", "create": ["make"], "triggers": triggers},
        "web-2": {"sandboxId": "id of web", "create": ["make", "test"], "triggers": triggers},
    }
    server = {"sandboxId": "id of web", "command": ["make", "serve"], "triggers": triggers}
    assert engine.of_type("Process") == {"web-server": server}
    ports = engine.of_type("PreviewPort").values()
    assert [(item["port"], item["waitUntilServed"]) for item in ports] == [(8080, True), (9090, True)]


def test_environments_of_the_same_branch_have_different_names() -> None:
    def program() -> None:
        for name in ("api", "web"):
            neev.BranchEnvironment(name, branch="pr-7", base_sandbox_id="base")
        neev.BranchEnvironment("other", branch="pr-7", name_prefix="shop", base_sandbox_id="base")
        neev.BranchEnvironment("plain", branch="pr-7", name_prefix="", base_sandbox_id="base")

    names = [item["name"] for item in run_with_mocks(program).of_type("SandboxFork").values()]
    assert names == ["api-pr-7", "web-pr-7", "shop-pr-7", "pr-7"]


def test_prefix_and_branch_are_converted_to_a_valid_name() -> None:
    (fork,) = (
        run_with_mocks(lambda: neev.BranchEnvironment("The API", branch="Feature/Login", base_sandbox_id="base"))
        .of_type("SandboxFork")
        .values()
    )
    assert re.fullmatch(r"the-api-feature-login-[0-9a-f]{6}", fork["name"])


def test_a_branch_environment_can_start_from_a_snapshot() -> None:
    engine = run_with_mocks(lambda: neev.BranchEnvironment("web", branch="main", snapshot_id="image", ports=[]))
    assert engine.of_type("Sandbox")["web"]["snapshotId"] == "image"
    assert engine.of_type("PreviewPort") == {}


def test_the_outputs_are_id_name_secret_urls_and_expiration() -> None:
    observed: list[Any] = []

    def program() -> object:
        found = neev.BranchEnvironment("web", branch="pr-7", base_sandbox_id="base", ports=[1, 2])
        known = pulumi.Output.all(found.id, found.name, found.url, found.urls, found.expires_at)
        secret: pulumi.Output[bool] = pulumi.Output.from_input(found.url.is_secret())
        return pulumi.Output.all(known.apply(observed.extend), secret.apply(observed.append))

    run_with_mocks(program)
    urls = {"1": "https://web-1", "2": "https://web-2"}
    assert sorted(map(str, observed)) == sorted(
        map(str, ["id of web", "web-pr-7", "https://web-1", urls, "then", True])
    )


def test_the_url_is_empty_without_ports() -> None:
    observed: list[Any] = []
    run_with_mocks(
        lambda: neev.BranchEnvironment("web", branch="a", base_sandbox_id="b", ports=[]).url.apply(observed.append)
    )
    assert observed == [None]


@pytest.mark.parametrize("bases", [{}, {"base_sandbox_id": "a", "snapshot_id": "b"}])
def test_exactly_one_base_is_required(bases: dict[str, str]) -> None:
    with pytest.raises(pulumi.RunError, match="give one of base_sandbox_id and snapshot_id"):
        neev.BranchEnvironment("web", branch="a", **bases)  # type: ignore[arg-type]


def test_labels_are_set_on_a_sandbox_and_rejected_for_a_fork() -> None:
    engine = run_with_mocks(
        lambda: neev.BranchEnvironment("web", branch="pr-7", snapshot_id="snap", ports=(), labels={"team": "search"})
    )
    (sandbox,) = engine.of_type("Sandbox").values()
    assert sandbox["labels"] == {"team": "search"}
    with pytest.raises(pulumi.RunError, match="BranchEnvironment web: labels: a fork inherits them from its source"):
        run_with_mocks(
            lambda: neev.BranchEnvironment("web", branch="pr-7", base_sandbox_id="id", labels={"team": "search"})
        )
