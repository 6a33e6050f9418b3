"""The engine's log of its calls to the plugin (`PULUMI_DEBUG_GRPC`): it holds secrets only where they are marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.engine.project import PulumiProject

from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE

pytestmark = pytest.mark.engine

IN_ENV, IN_CONFIG, SLUG = "hunter2-in-the-environment", "hunter2-in-the-configuration", "q7zk2m9x"

PROGRAM = {
    "box": {"type": "neev:index:Sandbox", "properties": {"env": {"TOKEN": IN_ENV}}},
    "web": {"type": "neev:index:PreviewPort", "properties": {"sandboxId": "${box.id}", "port": 8080, "slug": SLUG}},
    "coder": {
        "type": "neev:index:Agent",
        "properties": {"agentTemplate": "code-server", "config": {"key": {"fn::secret": IN_CONFIG}}},
    },
}


def redact_secrets(message: Any) -> Any:
    """Return the message without the values that the protocol marks as secret, as a tool that shares a log does."""
    if isinstance(message, dict):
        if message.get(SIGNATURE) == SECRET:
            return "[secret]"
        return {key: redact_secrets(value) for key, value in message.items()}
    return [redact_secrets(item) for item in message] if isinstance(message, list) else message


def test_secrets_in_the_grpc_log_are_marked_and_the_api_key_is_absent(project: PulumiProject, tmp_path: Path) -> None:
    log = tmp_path / "grpc.json"
    project.write_yaml(PROGRAM, outputs={"token": "${coder.gatewayToken}", "url": "${web.previewUrl}"})
    for command in (("up", "--skip-preview"), ("refresh", "--skip-preview"), ("up", "--skip-preview")):
        assert project.run_pulumi(*command, "--yes", env={"PULUMI_DEBUG_GRPC": str(log)}).returncode == 0

    outputs = project.outputs()
    secrets = (IN_ENV, IN_CONFIG, SLUG, outputs["token"], outputs["url"])
    written = log.read_text(encoding="utf-8")
    shared = json.dumps([redact_secrets(json.loads(line)) for line in written.splitlines()])
    for method in ("Check", "Create", "Read", "Diff", "Configure"):
        assert f"ResourceProvider/{method}" in shared
    for secret in secrets:
        assert secret in written
        assert secret not in shared
    assert project.emulator.api_key not in written
