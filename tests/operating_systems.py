"""The tests that need POSIX or Linux, with the reason: they are skipped elsewhere.

`-m "not posix and not linux"` omits them on every system.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Final

import pytest

RUNTIME: Final = "commands and files of sandboxes, which the emulator has not on Windows"
PORTS: Final = "the ports of processes in sandboxes, which the emulator finds on Linux only"
SCRIPTS: Final = "an executable that is a script"
SIGNALS: Final = "signals that Windows has not"
FILES: Final = "symbolic links, pipes and permission bits"
POSIX_FIXTURES: Final = {"pulumi_cli": SCRIPTS, "terraform_cli": SCRIPTS}
"""Fixtures whose tests need POSIX."""
IN_SANDBOXES: Final = "Command|Directory|File|GoldenImage|Process"
POSIX: Final = {
    r"emulator/tests/contract/test_runtime.py": RUNTIME,
    r"emulator/tests/contract/.*(_fork_copies_|_preserve_the_files|_from_a_snapshot|_rollback_restores_)": RUNTIME,
    r"emulator/tests/contract/.*(_are_omitted_|_connect_token_is_|_preview_url_forwards|_snapshot_rollback_)": RUNTIME,
    r"emulator/tests/contract/.*(_metrics_and_audit_|_every_response_conforms)": RUNTIME,
    rf"tests/lifecycle/test_lifecycle.py::test_create_update_replace_and_delete\[({IN_SANDBOXES}): ": RUNTIME,
    r"tests/lifecycle/test_names.py::.*image": RUNTIME,
    r"tests/lifecycle/test_references.py::test_a_file_whose_sandbox": RUNTIME,
    r"tests/unit/adapters/terraform/features/test_(actions|write_only).py": RUNTIME,
    r"tests/unit/adapters/terraform/test_failures.py::test_write_only_secrets": RUNTIME,
    r"tests/unit/adapters/terraform/test_imports.py": RUNTIME,
    r"tests/unit/adapters/terraform/test_obstacles.py::test_a_missing_local_file": RUNTIME,
    r"tests/unit/adapters/terraform/test_process.py": SIGNALS,
    r"tests/unit/adapters/terraform/test_listener.py::test_the_socket_": SIGNALS,
    r"tests/unit/adapters/test_dynamic_provider.py::.*(_unknown_outcome|_changed_something|_digest_)": RUNTIME,
    r"tests/unit/adapters/test_dynamic_secrets.py::.*_command": RUNTIME,
    r"tests/unit/adapters/test_plugin_secrets.py::.*(_failed_update_|_command_)": RUNTIME,
    r"tests/unit/adapters/test_plugin_server.py::test_the_plugin_exits_": SIGNALS,
    r"tests/unit/adapters/test_plugin_planning.py::test_a_check_rejects_a_source_": FILES,
    r"tests/unit/cli/test_recover_foreign.py::test_an_object_in_a_sandbox": RUNTIME,
    r"tests/unit/client/test_runtime.py": RUNTIME,
    r"tests/unit/examples/test_pipeline_scripts.py": SCRIPTS,
    r"tests/unit/functions/test_function_(audit|metrics).py": RUNTIME,
    r"tests/unit/resources/test_agent.py::.*(_rolled_back_|_forks_)": RUNTIME,
    r"tests/unit/resources/test_(command|directory|file|golden_image|process|unreadable_state).py": RUNTIME,
    r"tests/unit/resources/test_find_created.py::test_a_file_": RUNTIME,
    r"tests/unit/resources/test_preview_port.py::.*(_listens_|_serves_)": RUNTIME,
    r"tests/unit/resources/test_source_tree.py": FILES,
}
"""Tests that need POSIX: a pattern of their ids."""
LINUX: Final = {
    r"tests/unit/resources/test_process.py::.*(_listens_on_its_port|_port_that_is_taken|_not_ready_in_time)": PORTS,
    r"tests/unit/resources/test_preview_port.py::.*(_listens_|_serves_)": PORTS,
}
"""Tests that need Linux, likewise."""


def mark_tests(items: Iterable[pytest.Item], platform: str = sys.platform) -> None:
    """Mark the tests that need a system, and skip those that the platform cannot run."""
    for item in items:
        for system, patterns, is_missing in (
            ("posix", POSIX, platform == "win32"),
            ("linux", LINUX, platform != "linux"),
        ):
            reason = find_reason(item.nodeid, patterns) or (system == "posix" and find_fixture_reason(item))
            if reason:
                item.add_marker(getattr(pytest.mark, system))
                item.add_marker(pytest.mark.skipif(is_missing, reason=f"needs {reason}"))


def find_reason(test_id: str, patterns: dict[str, str]) -> str | None:
    """Return the reason of the first pattern that the id of the test matches from its beginning."""
    return next((reason for pattern, reason in patterns.items() if re.match(pattern, test_id)), None)


def find_fixture_reason(item: pytest.Item) -> str | None:
    """Return the reason of a fixture of the test."""
    names = getattr(item, "fixturenames", ())
    return next((reason for name, reason in POSIX_FIXTURES.items() if name in names), None)
