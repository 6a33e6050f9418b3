"""The vendor's own check of the pages for its registry, with the schema that an engine prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.engine.terraform.project import TerraformProject
from tests.go_tool import run_go_tool
from tools.release.terraform_repository import write_repository
from tools.version import read_version

pytestmark = pytest.mark.engine


def test_tfplugindocs_accepts_the_repository_and_rejects_an_unknown_page(
    project: TerraformProject, tmp_path: Path
) -> None:
    """There is a page for each resource, data source, function and so on that this engine supports, and no other."""
    project.write("")
    printed = project.run("providers", "schema", "-json")
    assert printed.returncode == 0, printed.stderr
    (schema,) = json.loads(printed.stdout)["provider_schemas"].values()
    given = tmp_path / "schema.json"
    given.write_text(json.dumps({"format_version": "1.0", "provider_schemas": {"neev": schema}}))
    repository = tmp_path / "repository"
    write_repository(repository, read_version())
    command = ("validate", "--provider-name=neev", f"--provider-dir={repository}", f"--providers-schema={given}")
    accepted = run_go_tool("tfplugindocs", *command)
    assert accepted.returncode == 0, accepted.stderr
    (repository / "docs" / "resources" / "sandbox.md").rename(repository / "docs" / "resources" / "sandboxx.md")
    assert "sandboxx" in run_go_tool("tfplugindocs", *command).stderr
