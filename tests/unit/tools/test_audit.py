"""tools/audit.py: a finding fails, a service out of reach is said and does not, and the two are never mixed up."""

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


def run_audit(report: object = None, *, complaint: str = "", code: int = 0) -> tuple[int, list[str]]:
    """The exit code and the lines of the script, where this is what pip-audit writes and ends with."""
    text = "" if report is None else json.dumps(report)
    program = "import sys; sys.stdout.write(sys.argv[1]); sys.stderr.write(sys.argv[2]); sys.exit(int(sys.argv[3]))"
    command = [sys.executable, str(SCRIPT), sys.executable, "-c", program, text, complaint, str(code)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout.splitlines()


def audit_report(*each: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(each), "fixes": []}


def test_packages_without_a_known_vulnerability_pass() -> None:
    assert run_audit(audit_report(CLEAN_PACKAGE)) == (0, ["no known vulnerability; packages audited: 1"])


def test_a_finding_fails_and_says_what_mends_it() -> None:
    code, lines = run_audit(
        audit_report(CLEAN_PACKAGE, VULNERABLE_PACKAGE, UNFIXED_PACKAGE, UNKNOWN),
        complaint="Found 2 vulnerabilities",
        code=1,
    )
    assert code == 1
    assert lines == [
        "idna 3.6: PYSEC-2024-60, CVE-2024-3651; mended in 3.7",
        "left 1: PYSEC-1; no version mends it yet",
        "not audited, as the service does not know them: ours",
    ]


def test_what_was_not_audited_is_said_and_not_counted_as_sound() -> None:
    code, lines = run_audit(audit_report(CLEAN_PACKAGE, UNKNOWN))
    assert (code, lines[1:]) == (0, ["not audited, as the service does not know them: ours"])


@pytest.mark.parametrize(
    ("report", "complaint"),
    [
        (None, "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed"),
        (None, "Traceback\nrequests.exceptions.ConnectionError: Failed to resolve 'api.test'"),
        (audit_report(UNKNOWN, UNKNOWN), "No known vulnerabilities found"),
        (audit_report(), ""),
    ],
)
def test_a_service_out_of_reach_is_said_in_one_line_and_fails_nothing(report: object, complaint: str) -> None:
    code, lines = run_audit(report, complaint=complaint, code=1 if report is None else 0)
    assert (code, len(lines)) == (0, 1)
    assert lines[0].startswith("not audited: no vulnerability service can be reached from here (")


@pytest.mark.parametrize("report", [None, [], {"other": 1}])
def test_an_audit_that_broke_is_not_taken_for_one_that_passed(report: object) -> None:
    assert run_audit(report, complaint="usage: pip-audit\nno such option") == (2, ["the audit broke: no such option"])


def test_an_audit_that_broke_in_silence_is_told_too() -> None:
    assert run_audit() == (2, ["the audit broke: it said nothing"])


@pytest.mark.parametrize("named", [{}, {"REQUESTS_CA_BUNDLE": "/mine"}, {"CURL_CA_BUNDLE": "/mine"}])
def test_the_authorities_of_the_machine_are_trusted_unless_others_are_named(named: dict[str, str]) -> None:
    program = "import os, json; print(json.dumps({'dependencies': [{'name': str(os.environ.get('REQUESTS_CA_BUNDLE')),"
    program += " 'version': '1', 'vulns': [{'id': 'x', 'fix_versions': []}]}]}))"
    env = {name: value for name, value in os.environ.items() if not name.endswith("CA_BUNDLE")}
    env = {**env, "SSL_CERT_FILE": __file__, **named}
    command = [sys.executable, str(SCRIPT), sys.executable, "-c", program]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    trusted = "None" if "CURL_CA_BUNDLE" in named else named.get("REQUESTS_CA_BUNDLE", __file__)
    assert ended.stdout.startswith(f"{trusted} 1: x")
