"""tools/audit.py: a vulnerability fails the audit, and an unreachable service is reported and does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "tools" / "audit.py"
CLEAN_PACKAGE = {"name": "httpx", "version": "0.28.1", "vulns": []}
VULNERABLE_PACKAGE = {
    "name": "idna",
    "version": "3.6",
    "vulns": [{"id": "PYSEC-2024-60", "aliases": ["CVE-2024-3651"], "fix_versions": ["3.7"]}],
}
UNFIXED_PACKAGE = {"name": "left", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": []}]}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1)"}


def run_audit(report: object = None, *, error: str = "", code: int = 0) -> tuple[int, list[str]]:
    """Return the exit code and the lines of the script for this output and exit code of pip-audit."""
    text = "" if report is None else json.dumps(report)
    program = "import sys; sys.stdout.write(sys.argv[1]); sys.stderr.write(sys.argv[2]); sys.exit(int(sys.argv[3]))"
    command = [sys.executable, str(SCRIPT), sys.executable, "-c", program, text, error, str(code)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stderr == ""
    return result.returncode, result.stdout.splitlines()


def create_report(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(packages), "fixes": []}


def test_packages_without_a_known_vulnerability_pass() -> None:
    assert run_audit(create_report(CLEAN_PACKAGE)) == (0, ["no known vulnerability; packages audited: 1"])


def test_a_vulnerability_fails_the_audit_and_is_listed_with_the_fixed_version() -> None:
    code, lines = run_audit(
        create_report(CLEAN_PACKAGE, VULNERABLE_PACKAGE, UNFIXED_PACKAGE, UNKNOWN),
        error="Found 2 vulnerabilities",
        code=1,
    )
    assert code == 1
    assert lines == [
        "idna 3.6: PYSEC-2024-60, CVE-2024-3651; mended in 3.7",
        "left 1: PYSEC-1; no version mends it yet",
        "not audited, as the service does not know them: ours",
    ]


def test_an_unknown_package_is_listed_as_not_audited() -> None:
    code, lines = run_audit(create_report(CLEAN_PACKAGE, UNKNOWN))
    assert (code, lines[1:]) == (0, ["not audited, as the service does not know them: ours"])


@pytest.mark.parametrize(
    ("report", "error"),
    [
        (None, "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed"),
        (None, "Traceback\nrequests.exceptions.ConnectionError: Failed to resolve 'api.test'"),
        (create_report(UNKNOWN, UNKNOWN), "No known vulnerabilities found"),
        (create_report(), ""),
    ],
)
def test_an_unreachable_service_is_reported_in_one_line_and_does_not_fail_the_audit(report: object, error: str) -> None:
    code, lines = run_audit(report, error=error, code=1 if report is None else 0)
    assert (code, len(lines)) == (0, 1)
    assert lines[0].startswith("not audited: no vulnerability service can be reached from here (")


@pytest.mark.parametrize("report", [None, [], {"other": 1}])
def test_an_audit_without_a_valid_report_fails_with_its_last_error_line(report: object) -> None:
    assert run_audit(report, error="usage: pip-audit\nno such option") == (2, ["the audit broke: no such option"])


def test_an_audit_without_any_output_fails() -> None:
    assert run_audit() == (2, ["the audit broke: it said nothing"])


@pytest.mark.parametrize("bundle", [{}, {"REQUESTS_CA_BUNDLE": "/mine"}, {"CURL_CA_BUNDLE": "/mine"}])
def test_the_certificate_authorities_of_the_machine_are_the_default(bundle: dict[str, str]) -> None:
    program = "import os, json; print(json.dumps({'dependencies': [{'name': str(os.environ.get('REQUESTS_CA_BUNDLE')),"
    program += " 'version': '1', 'vulns': [{'id': 'x', 'fix_versions': []}]}]}))"
    env = {name: value for name, value in os.environ.items() if not name.endswith("CA_BUNDLE")}
    env = {**env, "SSL_CERT_FILE": __file__, **bundle}
    command = [sys.executable, str(SCRIPT), sys.executable, "-c", program]
    result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    trusted = "None" if "CURL_CA_BUNDLE" in bundle else bundle.get("REQUESTS_CA_BUNDLE", __file__)
    assert result.stdout.startswith(f"{trusted} 1: x")
