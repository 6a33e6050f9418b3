"""The owner of resources of one configuration."""

from pathlib import Path

from neev_provider.adapters.terraform.ownership import owner_of, owners_in


def test_the_workspace_is_read_once_for_all_resources(tmp_path: Path) -> None:
    workspace = tmp_path / ".terraform" / "environment"
    workspace.parent.mkdir()
    workspace.write_text("pr-7")
    find_owner = owners_in({}, tmp_path)
    first = find_owner("neev_sandbox", "a")
    workspace.write_text("pr-8")
    second = find_owner("neev_sandbox", "b")
    assert (first.stack, second.stack, second.address) == ("pr-7", "pr-7", "neev_sandbox.b")
    assert owner_of("neev_sandbox", "b", {}, tmp_path).stack == "pr-8"
