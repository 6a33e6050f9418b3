"""Fakes of the commands of both engines: small programs that serve states from a directory."""

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
import json, os, pathlib, shutil, sys

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
        exported = json.loads(state.read_text())
        print(json.dumps(exported))
        if exported.get("busy"):  # another process writes the state after each export
            state.write_text(json.dumps({{**exported, "busy": exported["busy"] + 1}}))
    case ["stack", "import", *_]:
        state.write_text(sys.stdin.read())
    case ["config", *_]:
        config = state.with_name("config.json")
        print(config.read_text() if config.exists() else "{{}}")
    case ["version"]:
        version = state.with_name("version")
        print(version.read_text() if version.exists() else "v3.259.0")
    case ["plugin", "install", "resource", "neev", version, "--reinstall", "--file", folder]:
        plugin = pathlib.Path(os.environ["PULUMI_HOME"]) / "plugins" / f"resource-neev-v{{version}}"
        shutil.rmtree(plugin, ignore_errors=True)
        shutil.copytree(folder, plugin)
    case ["cancel", *_]:
        pass
    case _:
        sys.exit("error: unknown command " + " ".join(arguments))
"""


FAKE_TERRAFORM_SOURCE = f"""#!{sys.executable}
import json, pathlib, shutil, sys

here = pathlib.Path(__file__).parent
arguments = [each for each in sys.argv[1:] if each != "-no-color"]
with (here / "terraform.log").open("a") as log:
    log.write(" ".join(arguments) + "\\n")
if (here / "terraform.error").exists():
    sys.exit((here / "terraform.error").read_text())
match arguments:
    case ["state", "pull"]:
        state = pathlib.Path("pulled.json")
        print(state.read_text() if state.exists() else "")
    case ["plan", "-refresh=false", out]:
        shutil.copy("plan.json", out.removeprefix("-out="))
    case ["show", "-json", file]:
        print(pathlib.Path(file).read_text())
    case ["import", address, id]:
        if id in (here / "unimportable").read_text().split():
            sys.exit("Error: Cannot import " + id)
    case ["version", "-json"]:
        print((here / "version.json").read_text())
    case ["providers", "schema", "-json"]:
        print((here / "providers.json").read_text())
    case _:
        sys.exit("unknown command " + " ".join(arguments))
"""


@dataclass(frozen=True)
class FakePulumiCli:
    """The fake of `pulumi` with one stack, and the commands that it received."""

    directory: Path

    @property
    def state(self) -> dict[str, Any]:
        """Return the current state."""
        read: dict[str, Any] = json.loads((self.directory / "state.json").read_text())
        return read

    def set_state(self, *operations: dict[str, Any], resources: tuple[dict[str, Any], ...] = (), **rest: Any) -> None:
        """Replace the state of the stack."""
        manifest = {"time": datetime.now(UTC).isoformat()}
        deployment = {"manifest": manifest, "resources": list(resources), "pending_operations": list(operations)}
        (self.directory / "state.json").write_text(json.dumps({"version": 3, "deployment": deployment, **rest}))

    def set_other_state(self, stack: str, *resources: dict[str, Any]) -> None:
        """Add another stack with these resources to the backend."""
        (self.directory / "others").mkdir(exist_ok=True)
        state = {"version": 3, "deployment": {"resources": list(resources)}}
        (self.directory / "others" / f"{stack}.json").write_text(json.dumps(state))

    def set_history(self, *updates: dict[str, Any]) -> None:
        """Set the history of updates, the newest first."""
        (self.directory / "history.json").write_text(json.dumps(updates))

    def set_config(self, **settings: dict[str, Any]) -> None:
        """Set the provider's settings in the stack's configuration, as `pulumi config --json` shows them."""
        message = {f"neev:{name}": value for name, value in settings.items()}
        (self.directory / "config.json").write_text(json.dumps(message))

    def set_version(self, version: str) -> None:
        """Set the version of the engine."""
        (self.directory / "version").write_text(version)

    @property
    def commands(self) -> list[str]:
        """Return the commands that were run, without options."""
        return [line.partition(" --")[0] for line in (self.directory / "log").read_text().splitlines()]


@pytest.fixture
def pulumi_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePulumiCli:
    """Create the fake and put it first on PATH."""
    program = tmp_path / "pulumi"
    program.write_text(FAKE_PULUMI_SOURCE)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return FakePulumiCli(tmp_path)


@dataclass(frozen=True)
class FakeTerraformCli:
    """The fake of `terraform` for all configurations, and the commands that it received."""

    directory: Path

    def add_configuration(self, name: str, *resources: dict[str, Any], **rest: Any) -> Path:
        """Add a configuration with a stored state of these resources, and return its directory."""
        directory = self.directory / name
        directory.mkdir(exist_ok=True)
        (directory / "main.tf").touch()
        if resources or rest:
            (directory / "pulled.json").write_text(json.dumps(make_stored_state(*resources, **rest)))
        return directory

    def set_plan(self, directory: Path, *changes: dict[str, Any]) -> None:
        """Set the changes in the plan of the configuration."""
        (directory / "plan.json").write_text(json.dumps({"resource_changes": changes}))

    def set_version(self, **selections: str) -> None:
        """Set the versions of providers that the configuration has selected."""
        message = {"terraform_version": "1.11.4", "provider_selections": selections}
        (self.directory / "version.json").write_text(json.dumps(message))

    def set_providers(self, *names: str) -> None:
        """Set the providers that the engine starts for the configuration."""
        (self.directory / "providers.json").write_text(json.dumps({"provider_schemas": dict.fromkeys(names)}))

    def refuse_import(self, id: str) -> None:
        """Let the import of the object with the id fail."""
        (self.directory / "unimportable").write_text(id)

    def fail(self, message: str) -> None:
        """Let every command fail with this message."""
        (self.directory / "terraform.error").write_text(message)

    @property
    def commands(self) -> list[str]:
        """Return the commands that were run."""
        return (self.directory / "terraform.log").read_text().splitlines()


def make_stored_state(*resources: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """Return a state as it is stored."""
    return {"version": 4, "outputs": {}, "resources": resources, **rest}


def make_stored_resource(kind: str, name: str, *instances: dict[str, Any], mode: str = "managed") -> dict[str, Any]:
    """Return a resource of a stored state."""
    return {"mode": mode, "type": kind, "name": name, "instances": instances}


@pytest.fixture
def terraform_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeTerraformCli:
    """Create the fake and put it first on PATH."""
    program = tmp_path / "terraform"
    program.write_text(FAKE_TERRAFORM_SOURCE)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "unimportable").touch()
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return FakeTerraformCli(tmp_path)
