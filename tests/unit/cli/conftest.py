"""An engine that is only its states: `pulumi` as a small program in a directory of its own."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

FAKE_PULUMI_SOURCE = f"""#!{sys.executable}
import json, os, pathlib, sys

state = pathlib.Path(__file__).with_name("state.json")
arguments = [each for each in sys.argv[1:] if each not in ("--non-interactive", "--color=never")]
with pathlib.Path(__file__).with_name("log").open("a") as log:
    log.write(" ".join(arguments) + "\\n")
match arguments:
    case ["stack", "--show-name"]:
        print("dev")
    case ["stack", "ls", *_]:
        others = sorted(each.stem for each in state.with_name("others").glob("*.json"))
        print(json.dumps([{{"name": each}} for each in ["organization/story/dev", *others]]))
    case ["stack", "history", *_]:
        history = state.with_name("history.json")
        print(history.read_text() if history.exists() else "[]")
    case ["stack", "export", "--stack", other, *_] if (there := state.parent / "others" / f"{{other}}.json").exists():
        print(there.read_text())
    case ["stack", "export", *_]:
        told = json.loads(state.read_text())
        print(json.dumps(told))
        if told.get("busy"):  # somebody else writes a state each time
            state.write_text(json.dumps({{**told, "busy": told["busy"] + 1}}))
    case ["stack", "import", *_]:
        state.write_text(sys.stdin.read())
    case ["config", *_]:
        config = state.with_name("config.json")
        print(config.read_text() if config.exists() else "{{}}")
    case ["version"]:
        print("v3.259.0")
    case ["cancel", *_]:
        pass
    case _:
        sys.exit("error: unknown command " + " ".join(arguments))
"""


@dataclass(frozen=True)
class FakePulumiCli:
    """The one stack of it, and what it was asked."""

    directory: Path

    @property
    def state(self) -> dict[str, Any]:
        """The state as it is by now."""
        read: dict[str, Any] = json.loads((self.directory / "state.json").read_text())
        return read

    def set_state(self, *operations: dict[str, Any], resources: tuple[dict[str, Any], ...] = (), **rest: Any) -> None:
        """The stack is this."""
        manifest = {"time": datetime.now(UTC).isoformat()}
        deployment = {"manifest": manifest, "resources": list(resources), "pending_operations": list(operations)}
        (self.directory / "state.json").write_text(json.dumps({"version": 3, "deployment": deployment, **rest}))

    def set_other_state(self, stack: str, *resources: dict[str, Any]) -> None:
        """Another stack of the same backend has these."""
        (self.directory / "others").mkdir(exist_ok=True)
        state = {"version": 3, "deployment": {"resources": list(resources)}}
        (self.directory / "others" / f"{stack}.json").write_text(json.dumps(state))

    def set_history(self, *updates: dict[str, Any]) -> None:
        """These updates have ended, the newest first."""
        (self.directory / "history.json").write_text(json.dumps(updates))

    def set_config(self, **settings: dict[str, Any]) -> None:
        """The stack's configuration has these settings of the provider, as `pulumi config --json` shows them."""
        message = {f"neev:{name}": value for name, value in settings.items()}
        (self.directory / "config.json").write_text(json.dumps(message))

    @property
    def commands(self) -> list[str]:
        """Its commands, without options."""
        return [line.partition(" --")[0] for line in (self.directory / "log").read_text().splitlines()]


@pytest.fixture
def pulumi_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumiCli:
    """It is the first `pulumi` on PATH."""
    program = tmp_path / "pulumi"
    program.write_text(FAKE_PULUMI_SOURCE)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return FakePulumiCli(tmp_path)
