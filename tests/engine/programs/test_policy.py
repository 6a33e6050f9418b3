"""The policy pack of the examples, run by the engine on programs of either adapter."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest
from tests.engine.project import PulumiProject
from tests.engine.sdks import ROOT, SDKS, run_command

pytestmark = pytest.mark.engine

PACK = ROOT / "examples" / "policy" / "run"
DIGEST = "sha256:" + "0" * 64
VIOLATING_INPUTS = {
    "image": "docker.io/library/python:3.12",
    "cpu": 2,
    "egress": {"mode": "allow_list", "allow": [{"host": "0.0.0.0/0"}]},
}
COMPLIANT_INPUTS = {
    "image": f"docker.io/library/python@{DIGEST}",
    "cpu": 2,
    "idleTimeoutSeconds": 900,
    "egress": {"mode": "allow_list", "allow": [{"host": "pypi.org"}]},
}
DYNAMIC = """
import pulumi_neev as neev

neev.Sandbox("box", image="docker.io/library/python:3.12", cpu=2, max_lifetime_seconds=60)
"""


@pytest.fixture(scope="module")
def policy_python() -> Path:
    """Return the directory of a Python that runs policy packs, in its own environment with an older protobuf."""
    folder = SDKS / "policy"
    requirements = PACK.parent / "requirements.txt"
    stamp = folder / hashlib.sha256(requirements.read_bytes()).hexdigest()
    if not stamp.exists():
        uv = (sys.executable, "-m", "uv")
        run_command(ROOT, *uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        run_command(ROOT, *uv, "pip", "install", "--quiet", "--python", str(folder), "-r", str(requirements))
        stamp.touch()
    return folder / "bin"


def find_violations(project: PulumiProject, python: Path, *arguments: str) -> set[str]:
    """Return the rules that a preview violates. Without a violation the preview succeeds."""
    env = {"PATH": f"{python}{os.pathsep}{project.env['PATH']}"}
    result = project.run_pulumi("preview", "--json", "--policy-pack", str(PACK), *arguments, env=env)
    found = {event["policyEvent"]["policyName"] for event in result.events if "policyEvent" in event}
    assert (result.returncode != 0) is bool(found), result.text
    return found


def test_the_policy_pack_reports_only_violations_of_its_rules(project: PulumiProject, policy_python: Path) -> None:
    project.write_yaml({"box": {"type": "neev:index:Sandbox", "properties": VIOLATING_INPUTS}})
    assert find_violations(project, policy_python) == {"sandbox-ends", "egress-is-closed", "image-is-pinned"}
    project.write_yaml({"box": {"type": "neev:index:Sandbox", "properties": COMPLIANT_INPUTS}})
    assert find_violations(project, policy_python) == set()
    limits = project.directory / "limits.json"
    limits.write_text(json.dumps({"stack-is-small": {"maximum": 1}}))
    assert find_violations(project, policy_python, "--policy-pack-config", str(limits)) == {"stack-is-small"}
    assert project.emulator.mutating_requests == []


def test_the_policy_pack_checks_dynamic_resources(project: PulumiProject, policy_python: Path) -> None:
    project.write_python(DYNAMIC)
    assert find_violations(project, policy_python) == {"image-is-pinned"}
