"""The safety of the example's workflows: one job at a time, never cancelled, secrets only in environment variables."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "branch-environments"
WORKFLOWS = {file.stem: yaml.safe_load(file.read_text()) for file in (EXAMPLE / ".github" / "workflows").glob("*.yml")}
GITLAB = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text())
ON = True
"""The key `on`, as YAML 1.1 parses it."""
STACK_SCRIPT_PATTERN = re.compile(r"ci/(up|pause|destroy)\.sh")
"""The scripts that change a stack."""


def list_github_jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every job, with the concurrency of its workflow if it has none of its own."""
    for name, workflow in WORKFLOWS.items():
        for job, output in workflow["jobs"].items():
            yield f"{name}/{job}", {"concurrency": workflow.get("concurrency"), **output}


def list_gitlab_jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every job."""
    yield from ((name, output) for name, output in GITLAB.items() if isinstance(output, dict) and "script" in output)


def list_job_scripts(job: dict[str, Any]) -> list[str]:
    """Return the commands that the job runs."""
    return [*(item["run"] for item in job.get("steps", []) if "run" in item), *job.get("script", [])]


JOBS = dict([*list_github_jobs(), *list_gitlab_jobs()])


def test_every_script_in_a_job_exists_and_every_script_is_run() -> None:
    """A pipeline would detect a renamed script too late."""
    run = {
        script
        for job in JOBS.values()
        for line in list_job_scripts(job)
        for script in re.findall(r"ci/[a-z]+\.sh", line)
    }
    there = {f"ci/{file.name}" for file in (EXAMPLE / "ci").iterdir() if file.stat().st_mode & 0o100}
    called = set(re.findall(r"ci/[a-z]+\.sh", "".join(file.read_text() for file in (EXAMPLE / "ci").iterdir())))
    assert run <= there
    assert there == run | (called & there)


def list_stack_changing_jobs(jobs: Iterator[tuple[str, dict[str, Any]]]) -> list[str]:
    """Return the names of the jobs that change a stack."""
    return [name for name, job in jobs if any(STACK_SCRIPT_PATTERN.search(line) for line in list_job_scripts(job))]


def test_the_jobs_that_change_a_stack_are_found() -> None:
    """The tests below would not cover a job that changes a stack without the scripts."""
    assert set(list_stack_changing_jobs(list_github_jobs())) == {
        "base/base",
        "pull-request/environment",
        "nightly/destroy",
    }
    assert set(list_stack_changing_jobs(list_gitlab_jobs())) == {"base", "deploy", "pause", "teardown"}


@pytest.mark.parametrize("name", list_stack_changing_jobs(list_github_jobs()))
def test_a_github_job_that_changes_a_stack_has_the_concurrency_group_of_the_stack(name: str) -> None:
    """Each stack has one group, for all workflows and events."""
    job = JOBS[name]
    assert job["concurrency"]["cancel-in-progress"] is False
    group = job["concurrency"]["group"]
    stack = (job.get("env") or {}).get("STACK", "base")
    assert group == stack
    assert "github.ref" not in group


def test_every_event_of_a_pull_request_has_the_same_group() -> None:
    """The events are opened, pushed to, paused and closed, and the nightly teardown."""
    workflow = WORKFLOWS["pull-request"]
    assert workflow["concurrency"]["group"] == "pr-${{ github.event.number }}"
    assert {"opened", "synchronize", "reopened", "closed"} <= set(workflow[ON]["pull_request"]["types"])
    steps = workflow["jobs"]["environment"]["steps"]
    destroys = next(step for step in steps if "destroy.sh" in step.get("run", ""))
    assert destroys["if"] == "github.event.action == 'closed'"
    assert WORKFLOWS["nightly"]["jobs"]["destroy"]["concurrency"]["group"] == "pr-${{ matrix.number }}"


@pytest.mark.parametrize("name", list_stack_changing_jobs(list_gitlab_jobs()))
def test_a_gitlab_job_that_changes_a_stack_has_the_resource_group_of_the_stack(name: str) -> None:
    """Each stack has one resource group."""
    job = JOBS[name]
    assert GITLAB["default"]["interruptible"] is False
    assert job.get("interruptible", False) is False
    for line in list_job_scripts(job):
        if STACK_SCRIPT_PATTERN.search(line):
            stack = "base" if " base " in line else "pr-$CI_MERGE_REQUEST_IID"
            assert stack in line
            assert job["resource_group"] == stack


def test_gitlab_stops_each_environment_that_it_deploys() -> None:
    """It stops when the merge request is closed, or after two weeks without a deployment."""
    deploy, teardown = GITLAB["deploy"]["environment"], GITLAB["teardown"]["environment"]
    assert deploy["on_stop"] == "teardown"
    assert teardown == {"name": deploy["name"], "action": "stop"}
    assert deploy["auto_stop_in"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_only_the_permissions_of_its_jobs(name: str) -> None:
    """Each job declares its permissions, and only one may write: a comment."""
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {}
    writes = [
        f"{job}: {scope}"
        for job, output in workflow["jobs"].items()
        for scope, level in output["permissions"].items()
        if level == "write"
    ]
    assert writes == (["environment: pull-requests"] if name == "pull-request" else [])


@pytest.mark.parametrize("name", [name for name, _ in list_github_jobs()])
def test_scripts_contain_no_workflow_expressions(name: str) -> None:
    """Secrets, names of branches and all other values come through the environment, so they cannot inject code."""
    assert not [line for line in list_job_scripts(JOBS[name]) if "${{" in line]


def test_pull_requests_of_forks_have_no_environment() -> None:
    """Pull requests of forks get no secrets, so a job for them could only fail."""
    condition = WORKFLOWS["pull-request"]["jobs"]["environment"]["if"]
    assert condition == "github.event.pull_request.head.repo.full_name == github.repository"


SCRIPTS = {
    **{f"ci/{file.name}": file.read_text() for file in sorted((EXAMPLE / "ci").iterdir())},
    **{str(file.relative_to(ROOT)): file.read_text() for file in sorted((ROOT / "examples").rglob("*.sh"))},
    **{
        name: "\n".join([*job.get("before_script", []), *list_job_scripts(job)])
        for name, job in [*JOBS.items(), *GITLAB.items()]
        if isinstance(job, dict)
    },
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_do_not_hide_failures(name: str) -> None:
    """A condition on a pipe hides a failure, and a reader that exits early causes one."""
    swallows = re.compile(
        r"grep -q|\|\| *(true|:)|\| *(ba)?sh\b|\|\| *exit 0|set \+e|^ *(if|while|until) [^\[]*\|", re.MULTILINE
    )
    assert not swallows.search(SCRIPTS[name])


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name.endswith(".sh")])
def test_every_script_stops_at_the_first_failure(name: str) -> None:
    """A script also ends in the middle of a pipe, and at a variable that is not set."""
    assert "\nset -euo pipefail\n" in SCRIPTS[name]
