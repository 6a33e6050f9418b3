"""tools/hatch_build.py generates the messages of Terraform's protocol only where they are missing or too old."""

import os
from pathlib import Path
from typing import Any

import pytest
from tools.hatch_build import MESSAGES, PLUGIN, PROTOC, PROTOCOL, BuildHook


def create_hook(root: Path, **written: int) -> BuildHook:
    """Return the hook of a checkout whose files, by their suffix, have these times."""
    for file in (PROTOCOL, *MESSAGES):
        path = root / "provider" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if (seconds := written.get(path.suffix[1:])) is not None:
            path.touch()
            os.utime(path, (seconds, seconds))
    unused: Any = None
    return BuildHook(str(root), {}, unused, unused, str(root), "wheel")


@pytest.mark.parametrize("seconds", [1, 2])
def test_current_messages_do_not_require_protoc(tmp_path: Path, seconds: int) -> None:
    hook = create_hook(tmp_path, proto=1, py=seconds, pyi=seconds)
    assert hook.dependencies() == []
    build_data: dict[str, Any] = {"force_include_editable": {}}
    hook.initialize("editable", build_data)
    assert build_data == {"force_include_editable": {f"provider/{PLUGIN}": PLUGIN}}


@pytest.mark.parametrize("written", [{}, {"py": 2}, {"py": 2, "pyi": 1}], ids=str)
def test_missing_or_outdated_messages_require_protoc(tmp_path: Path, written: dict[str, int]) -> None:
    assert create_hook(tmp_path, proto=2, **written).dependencies() == list(PROTOC)
