"""Check the installed packages for known vulnerabilities: `audit.py [COMMAND …]`, by default with pip-audit.

The exit code is 1 if a package has one, and 2 if the audit itself failed. If the vulnerability service cannot be
reached, the script prints one line and succeeds.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PIP_AUDIT = (
    str(Path(sys.executable).with_name("pip-audit")),
    "--format=json",
    "--progress-spinner=off",
    "--skip-editable",
)
NETWORK_ERRORS = ("Could not connect", "ConnectionError", "NameResolutionError", "ReadTimeout", "ProxyError")
"""Texts of pip-audit that mean that its service cannot be reached."""
EXIT_FINDINGS, EXIT_AUDIT_FAILED = 1, 2


def main() -> None:
    """Run the audit, print a short result, and exit with its code."""
    env = {**system_certificates(), **os.environ}
    ended = subprocess.run(sys.argv[1:] or PIP_AUDIT, env=env, capture_output=True, text=True, check=False)
    code, lines = evaluate_report(ended.stdout, ended.stderr)
    print("\n".join(lines))
    sys.exit(code)


def system_certificates() -> dict[str, str]:
    """Return variables with which pip-audit trusts this machine's authorities, unless the environment names others."""
    paths = ssl.get_default_verify_paths()
    store = paths.cafile or paths.capath
    return {"REQUESTS_CA_BUNDLE": store} if store and "CURL_CA_BUNDLE" not in os.environ else {}


def evaluate_report(report: str, stderr: str) -> tuple[int, list[str]]:
    """Return the exit code and the lines for a report of pip-audit, whose own exit code does not identify findings."""
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (stderr.strip().splitlines() or ["it said nothing"])[-1]
        if any(sign in stderr for sign in NETWORK_ERRORS):
            return 0, [_format_unavailable(last)]
        return EXIT_AUDIT_FAILED, [f"the audit broke: {last}"]
    audited = [package for package in packages if "skip_reason" not in package]
    if not audited:
        return 0, [_format_unavailable(_format_skip_reasons(packages))]
    skipped = [package["name"] for package in packages if "skip_reason" in package and package["name"] != "pulumi-neev"]
    found = [_format_finding(item, fault) for item in audited for fault in item["vulns"]]
    notes = [f"not audited, as the service does not know them: {', '.join(skipped)}"] if skipped else []
    if found:
        return EXIT_FINDINGS, [*found, *notes]
    return 0, [f"no known vulnerability; packages audited: {len(audited)}", *notes]


def _format_finding(package: dict[str, Any], fault: dict[str, Any]) -> str:
    mended = f"mended in {', '.join(fault['fix_versions'])}" if fault["fix_versions"] else "no version mends it yet"
    names = ", ".join([fault["id"], *fault.get("aliases", [])])
    return f"{package['name']} {package['version']}: {names}; {mended}"


def _format_skip_reasons(packages: Sequence[dict[str, Any]]) -> str:
    return packages[0]["skip_reason"] if packages else "there is no package"


def _format_unavailable(reason: str) -> str:
    return f"not audited: no vulnerability service can be reached from here ({reason[:120]})"


if __name__ == "__main__":
    main()
