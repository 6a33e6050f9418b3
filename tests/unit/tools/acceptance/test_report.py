"""The report has the steps and the differences, and no secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.tools.acceptance.conftest import PREFIX
from tools.acceptance.compare import Difference
from tools.acceptance.ledger import Created, Ledger
from tools.acceptance.phases import Operation, Times
from tools.acceptance.play import Outcome, Performance, StepResult
from tools.acceptance.recording import Exchange, Recording
from tools.acceptance.report import Report, append_sweep
from tools.acceptance.routes import Route
from tools.acceptance.sweep import SweepResult

ROOT = "/api/v1beta1/orgs/o/projects/p"
KEY, SLUG, TOKEN = "sk-nc-of-the-account", "q7zk2m9x", "hunter2-in-the-program"
PHASES = {Operation("sandboxes", "create"): ("Pending", "Ready")}


@pytest.fixture
def report(ledger: Ledger) -> Report:
    """Return a report without results."""
    return Report("acc-1a2b3c", "api.example.com", "2026-11-30T14:00:00+00:00", "0.1.0", ledger, secrets={KEY})


def create_performance(*, output: str = "", seconds: float = 0.25) -> Performance:
    """Return a performance with one step, which failed if there is an output."""
    recording = Recording()
    box = {"id": "1", "phase": "Pending", "slug": SLUG}
    recording.add(Exchange("POST", f"{ROOT}/sandboxes", 201, box, Times(0, seconds)))
    recording.add(Exchange("GET", f"{ROOT}/sandboxes/1", 200, {**box, "phase": "Ready"}, Times(10, 11)))
    outcome = Outcome.FAILED if output else Outcome.PASSED
    return Performance([StepResult("plugin", "create", outcome, 1.5, 2, output)], recording, {TOKEN})


def test_a_complete_report_has_steps_differences_phases_and_requests(report: Report, tmp_path: Path) -> None:
    report.emulator, report.service, report.phases = create_performance(), create_performance(seconds=9.0), PHASES
    report.differences = [
        Difference("field", "sandboxes: only the service has `node` (string)", (Route("GET", "/sandboxes/{id}"),)),
        Difference("time", "create of sandboxes: the service took 9.0 s"),
        Difference("status", "the service answered 202; the emulator answers 200"),
    ]
    report.write(tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text()
    assert "Steps: 1 passed" in text
    assert "Differences: 3" in text
    assert "has not ended" not in text
    assert "| plugin | create | passed | 1.5 | 2 |" in text
    assert "### Fields\n\n- sandboxes: only the service has `node` (string) — `GET /sandboxes/{id}`" in text
    assert text.index("### Statuses") < text.index("### Fields") < text.index("### Times")
    assert "| create of sandboxes | Pending → Ready | 11.0 | Pending → Ready | 11.0 |" in text
    assert "| `POST /sandboxes` | 1 of 201 | 250 | 1 of 201 | 9000 **slow** |" in text


def test_a_report_without_differences_has_an_empty_section(report: Report, tmp_path: Path) -> None:
    report.emulator, report.service, report.differences = create_performance(), create_performance(), []
    report.write(tmp_path / "report.md")
    assert "## Differences\n\nNone.\n" in (tmp_path / "report.md").read_text()


def test_a_report_before_the_end_is_marked_as_incomplete(report: Report, tmp_path: Path) -> None:
    report.emulator = create_performance()
    report.write(tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text()
    assert "The run has not ended" in text
    assert "## The emulator: steps" in text
    assert "## Requests" not in text


def test_the_report_lists_uncompared_routes_and_rejected_creates(
    report: Report, ledger: Ledger, tmp_path: Path
) -> None:
    report.emulator, report.service, report.differences = create_performance(), create_performance(), []
    report.service.is_out_of_time = True
    report.service.recording.add(Exchange("GET", f"{ROOT}/agents", 200, {}, Times(0, 1)))
    ledger.start_create("foreign")
    report.write(tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text()
    assert "- `GET /agents`: the service" in text
    assert f"The proxy refused a create: the name does not begin with {PREFIX}" in text
    assert "(the time was over)" in text


def test_secrets_are_redacted_in_the_output_of_engines(report: Report, tmp_path: Path) -> None:
    output = f"error: {KEY}, {SLUG} and {TOKEN} are wrong\n" + "line\n" * 100
    report.emulator = report.service = create_performance(output=f"{output}last {TOKEN}")
    report.write(tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text()
    assert "### plugin: create failed" in text
    assert "last [secret]" in text
    for secret in (KEY, SLUG, TOKEN):
        assert secret not in text


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (SweepResult([Created("sandboxes", "1", "acc-box")]), "Deleted: 1; Left: 0"),
        (
            SweepResult(remaining=[Created("sandboxes", "1", "acc-box")], problem="it is in use"),
            (
                "Deleted: 0; Left: 1; sandboxes acc-box (1) is left; Problem: it is in use; "
                "Sweep again: make acceptance ARGS='--sweep acc-1a2b3c'"
            ),
        ),
    ],
    ids=["clean", "incomplete"],
)
def test_the_sweep_is_appended_and_printed(
    result: SweepResult, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.md"
    append_sweep(file, "acc-1a2b3c", result)
    assert capsys.readouterr().out == f"sweep of acc-1a2b3c: {expected}\n"
    assert file.read_text() == "\n## Sweep\n\n" + "".join(f"- {line}\n" for line in expected.split("; "))
