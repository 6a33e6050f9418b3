"""The project's own workflows: actionlint and zizmor find no problem, and all that they run exists."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.go_tool import run_go_tool
from tools.dist.__main__ import STEPS
from tools.dist.layout import ARCHITECTURES, OPERATING_SYSTEMS
from tools.engine import engine, terraform

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
FILES = sorted([*GITHUB.glob("workflows/*.yml"), *GITHUB.glob("actions/*/action.yml")])
WORKFLOWS = {file.stem: yaml.safe_load(file.read_text()) for file in GITHUB.glob("workflows/*.yml")}
ENGINES = yaml.safe_load((GITHUB / "actions" / "engines" / "action.yml").read_text())
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
SCRIPTS = Path(sys.executable).parent

FAULTY = """\
name: faulty
on: pull_request
permissions: {}
jobs:
  job:
    name: job
    runs-on: ubuntu-1.0
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
          persist-credential: false
      - run: echo ${{ github.event.pull_request.title }}
      - run: echo $UNQUOTED
"""


def find_with_actionlint(*files: Path) -> set[str]:
    """Return what actionlint finds, with what ShellCheck finds in the scripts.

    It is run from its Go module: the package of the same name on PyPI downloads an executable when it is installed.
    """
    shellcheck = str(SCRIPTS / "shellcheck")
    output = run_go_tool("actionlint", "-shellcheck", shellcheck, "-format", "{{json .}}", *map(str, files))
    assert output.stdout, output.stderr
    return {f"{found['filepath']}:{found['line']}: {found['message']}" for found in json.loads(output.stdout)}


def find_with_zizmor(*paths: Path) -> set[str]:
    """Return what zizmor finds without the network, including pedantic findings."""
    command = [str(SCRIPTS / "zizmor"), "--offline", "--pedantic", "--strict-collection", "--format=json", "--quiet"]
    output = subprocess.run(
        [*command, "--config", str(GITHUB / "zizmor.yml"), *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert output.stdout, output.stderr
    return {found["ident"] for found in json.loads(output.stdout)}


def test_actionlint_finds_nothing() -> None:
    assert find_with_actionlint(*GITHUB.glob("workflows/*.yml")) == set()


def test_zizmor_finds_nothing() -> None:
    assert find_with_zizmor(GITHUB) == set()


def test_the_linters_find_each_fault(tmp_path: Path) -> None:
    """An action without a digest, a title in a script, an unknown runner and input, and a variable without quotes."""
    file = tmp_path / ".github" / "workflows" / "faulty.yml"
    file.parent.mkdir(parents=True)
    file.write_text(FAULTY)
    assert {"unpinned-uses", "template-injection"} <= find_with_zizmor(file)
    found = "\n".join(find_with_actionlint(file))
    for words in ("ubuntu-1.0", "persist-credential", "potentially untrusted", "SC2086"):
        assert words in found


def list_jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every job with its name."""
    for name, workflow in WORKFLOWS.items():
        yield from ((f"{name}/{job}", content) for job, content in workflow["jobs"].items())


JOBS = dict(list_jobs())


@pytest.mark.parametrize("name", JOBS)
def test_a_job_has_a_timeout_and_declares_its_permissions(name: str) -> None:
    """A job without a timeout may hang for six hours. A job that calls a workflow has the timeout there."""
    assert JOBS[name]["permissions"]
    assert "uses" in JOBS[name] or JOBS[name]["timeout-minutes"] <= 240


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_grants_no_permissions_at_the_top_level(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}


def test_each_action_is_pinned_to_one_version() -> None:
    """Each use of an action has the same digest and the same version in its comment."""
    used = {use for file in FILES for use in re.findall(r"uses: ([\w/-]+)@(.*)", file.read_text())}
    assert all(re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin) for _, pin in used)
    assert len({action for action, _ in used}) == len(used)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(GITHUB)))
def test_workflows_run_only_existing_targets_modules_and_files(file: Path) -> None:
    """Every `make` target, module of `tools`, step of `tools.dist` and file of the checkout that is named."""
    scripts = yaml.dump([list(find_scripts(yaml.safe_load(file.read_text())))], width=10_000)
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", scripts)) <= TARGETS
    for module in re.findall(r"python3? -m (tools[\w.]*)", scripts):
        assert importlib.util.find_spec(module), module
    for steps in re.findall(r"-m tools\.dist((?: [a-z-]+)*)", scripts):
        assert set(steps.split()) <= set(STEPS)
    for path in re.findall(r"(?<![\w./-])((?:tests|emulator|tools|docs)/[\w./-]+)", scripts):
        assert (ROOT / path).exists(), path


def find_scripts(content: object) -> Iterator[str]:
    """Yield every script in the workflow or action."""
    match content:
        case {"run": str(script)}:
            yield script
        case dict():
            for value in content.values():
                yield from find_scripts(value)
        case list():
            for value in content:
                yield from find_scripts(value)


def test_a_release_is_built_for_the_documented_platforms() -> None:
    """Each platform has a name that `tools.dist` gives to archives, and one runner of its own."""
    page = (ROOT / "docs" / "installation-configuration.md").read_text()
    documented = re.findall(r"^\| `(\w+-\w+)` \| (.*?)(?:,.*)? \|$", page, re.MULTILINE)
    built = WORKFLOWS["build"]["jobs"]["build"]["strategy"]["matrix"]["include"]
    assert [(item["target"], describe_runner(item["runner"])) for item in built] == documented
    names = {f"{system}-{processor}" for system in OPERATING_SYSTEMS.values() for processor in ARCHITECTURES.values()}
    assert {item["target"] for item in built} == names - {"windows-arm64"}


def describe_runner(label: str) -> str:
    """Return the system that the label of a runner names."""
    system, number, *_ = label.split("-")
    systems = {"ubuntu": "Ubuntu", "macos": "macOS", "windows": "Windows Server"}
    return f"{systems[system]} {number}"


RELEASE_PAGE = (ROOT / "docs" / "internals" / "release.md").read_text()


def test_the_page_of_releases_describes_every_job() -> None:
    table = RELEASE_PAGE.partition("| job |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(WORKFLOWS["release"]["jobs"])


def test_the_page_of_releases_lists_environments_secrets_and_variables() -> None:
    """Every environment, with the secrets and the variables that its jobs read."""
    documented: dict[str, set[str]] = {}
    table = RELEASE_PAGE.partition("| environment |")[2].partition("\n\n")[0]
    for names, values in re.findall(r"^\| (`.*?`) \| (.*) \|$", table, re.MULTILINE):
        documented |= {name: set(re.findall(r"`([A-Z_]+)`", values)) for name in re.findall(r"`(.*?)`", names)}
    used: dict[str, set[str]] = {}
    for job in WORKFLOWS["release"]["jobs"].values():
        read = set(re.findall(r"\b(?:secrets|vars)\.(\w+)", yaml.dump(job)))
        projects = job.get("strategy", {}).get("matrix", {}).get("project", [""])
        if environment := job.get("environment"):
            used |= {environment.replace("${{ matrix.project }}", project): read for project in projects}
        else:
            assert not read
    assert used == documented


def test_the_action_reads_the_versions_of_the_pinned_engines(tmp_path: Path) -> None:
    """The action reads the versions from the modules that tools/engine builds."""
    script = ENGINES["runs"]["steps"][0]["run"]
    bash = shutil.which("bash")
    assert bash
    output = tmp_path / "output"
    subprocess.run([bash, "-euo", "pipefail", "-c", script], cwd=ROOT, env={"GITHUB_OUTPUT": str(output)}, check=True)
    assert re.fullmatch(r"pulumi=3\.[\d.]+\nopentofu=1\.[\d.]+\n", output.read_text())


def test_the_nightly_tests_use_the_oldest_supported_engines() -> None:
    """Every night the tests run with the oldest supported versions, and with the newest ones."""
    oldest, newest = WORKFLOWS["nightly"]["jobs"]["engines"]["strategy"]["matrix"]["include"]
    assert oldest["pulumi"] == engine.format_version(engine.MIN_VERSION)
    for name in ("opentofu", "terraform"):
        assert engine.parse_version(oldest[name])[:2] == terraform.MIN_VERSION
    assert {newest[name] for name in ENGINES["inputs"]} == {"latest"}
