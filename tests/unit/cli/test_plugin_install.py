"""The command `pulumi-neev plugin install`, and the check of the plugin that Pulumi starts."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from tests.unit.cli.conftest import FakePulumiCli
from typer.testing import CliRunner, Result

from neev_provider.adapters.shared.launchers import Installation
from neev_provider.cli.app import app
from neev_provider.cli.doctor.environment import check_plugin
from neev_provider.cli.doctor.findings import Level
from neev_provider.cli.plugin.install import run
from neev_provider.cli.plugin.location import build_plugin

VERSION = metadata.version("pulumi-neev")
NAME = "pulumi-resource-neev"
INSTALLATION = Installation.find()
OTHER = Installation("linux", Path("/opt/other's place/bin"))


@pytest.fixture
def home(tmp_path: Path, pulumi_cli: FakePulumiCli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of Pulumi. No plugin is on PATH."""
    monkeypatch.setenv("PATH", f"{pulumi_cli.directory}:/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def get_plugin_path(home: Path, version: str = VERSION) -> Path:
    return home / "plugins" / f"resource-neev-v{version}" / NAME


def write_plugin(plugin: Path, content: bytes) -> None:
    plugin.parent.mkdir(parents=True, exist_ok=True)
    plugin.write_bytes(content)


def install(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plugin", "install", *arguments])


def check(**environ: str) -> tuple[Level, str, str]:
    finding = check_plugin({}, {**os.environ, **environ}, INSTALLATION)
    return finding.level, finding.what, finding.remedy


class TestInstall:
    def test_install_writes_the_plugin_to_the_plugin_directory_of_pulumi(self, home: Path) -> None:
        result = install()
        assert result.exit_code == 0, result.output
        assert result.output.splitlines() == [
            f"The plugin {VERSION} is in {get_plugin_path(home).parent}.",
            f"It starts {NAME} in {INSTALLATION.scripts}: keep that environment.",
        ]
        started = subprocess.run([get_plugin_path(home), "--version"], capture_output=True, text=True, check=True)
        assert started.stdout == f"{VERSION}\n"
        assert check() == (Level.OK, f"plugin {get_plugin_path(home)}", "")

    def test_install_replaces_the_plugin_of_another_environment(self, home: Path, tmp_path: Path) -> None:
        other = tmp_path / "other"
        other.mkdir()
        (other / NAME).touch(0o755)
        write_plugin(get_plugin_path(home), build_plugin(Installation("linux", other)))
        assert check()[:2] == (
            Level.WARN,
            f"plugin {get_plugin_path(home)} belongs to another installation than this command ({sys.prefix})",
        )
        assert [install().exit_code, install().exit_code] == [0, 0]
        assert check()[0] == Level.OK

    def test_a_plugin_of_another_origin_is_replaced_only_with_force(self, home: Path) -> None:
        write_plugin(get_plugin_path(home), b"\x7fELF")
        refused = install()
        assert refused.exit_code == 1
        assert f"pulumi-neev: {get_plugin_path(home)} was not written by this command. It may come" in refused.output
        assert check() == (Level.OK, f"plugin {get_plugin_path(home)}", "")
        assert install("--force").exit_code == 0
        assert get_plugin_path(home).read_bytes() == build_plugin(INSTALLATION)

    def test_install_warns_of_a_plugin_on_path(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(INSTALLATION.scripts), prepend=":")
        assert f"{NAME} is on PATH, too, at {INSTALLATION.scripts / NAME}. Pulumi prefers that one" in install().output
        monkeypatch.setenv("PULUMI_IGNORE_AMBIENT_PLUGINS", "True")
        assert "on PATH" not in install().output

    def test_install_fails_without_pulumi_and_names_the_download_page(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        refused = install()
        assert refused.exit_code == 1
        assert "`pulumi` is not on PATH. Install it: https://" in refused.output
        assert not home.exists()

    def test_install_fails_if_the_engine_is_too_old(self, home: Path, pulumi_cli: FakePulumiCli) -> None:
        pulumi_cli.set_version("v3.200.0")
        refused = install()
        assert refused.exit_code == 1
        assert "engine v3.200.0 is older than 3.259.0, the oldest tested version. Install a newer" in refused.output
        assert not home.exists()

    def test_install_copies_the_console_script_on_windows(self, home: Path, tmp_path: Path) -> None:
        (tmp_path / f"{NAME}.exe").write_bytes(b"MZ")
        run(force=False, installation=Installation("windows", tmp_path))
        assert get_plugin_path(home).with_suffix(".exe").read_bytes() == b"MZ"

    def test_a_plugin_without_its_environment_exits_with_an_error_message(self, home: Path) -> None:
        """The engine shows stderr. For a script without its interpreter it would report a missing plugin."""
        write_plugin(get_plugin_path(home), build_plugin(OTHER))
        ended = subprocess.run(["/bin/sh", get_plugin_path(home)], capture_output=True, text=True, check=False)
        assert ended.returncode == 1
        assert ended.stderr.startswith("/opt/other's place/bin/pulumi-resource-neev is gone: install pulumi-neev again")


class TestDoctor:
    def test_a_missing_plugin_is_a_warning(self, home: Path) -> None:
        level, what, remedy = check()
        assert level == Level.WARN
        assert what == f"{NAME} is neither installed nor on PATH: only dynamic resources of Python programs work"
        assert remedy.startswith("Run `pulumi-neev plugin install`")

    def test_a_plugin_of_another_version_is_a_warning(self, home: Path) -> None:
        for version in ("0.0.2", "0.0.1"):
            write_plugin(get_plugin_path(home, version), b"")
        (home / "plugins" / "resource-neev-v0.0.1.lock").touch()
        level, what, _ = check()
        assert (level, "of version 0.0.1, 0.0.2" in what) == (Level.WARN, True)

    def test_a_plugin_without_its_environment_is_an_error(self, home: Path) -> None:
        write_plugin(get_plugin_path(home), build_plugin(OTHER))
        what = f"/opt/other's place/bin/{NAME} is gone, so Pulumi cannot start the plugin"
        assert check() == (Level.ERROR, what, "Run `pulumi-neev plugin install`.")

    def test_a_plugin_path_in_the_project_file_is_used(self, home: Path) -> None:
        named = {"plugins": {"providers": [{"name": "aws"}, {"name": "neev", "path": "bin"}]}}
        assert check_plugin(named, {}, INSTALLATION).what == "plugin at bin, as Pulumi.yaml says"

    def test_a_plugin_on_path_of_another_installation_is_a_warning(self, home: Path, tmp_path: Path) -> None:
        other = tmp_path / NAME
        other.touch(0o755)
        level, what, _ = check(PATH=str(tmp_path))
        assert (level, what.startswith(f"plugin {other} belongs to another installation")) == (Level.WARN, True)

    def test_the_plugin_on_path_is_used_unless_ambient_plugins_are_ignored(self, home: Path) -> None:
        install()
        assert check(PATH=str(INSTALLATION.scripts))[:2] == (Level.OK, f"plugin {INSTALLATION.scripts / NAME}")
        ignoring = {"PATH": str(INSTALLATION.scripts), "PULUMI_IGNORE_AMBIENT_PLUGINS": "1"}
        assert check(**ignoring)[:2] == (Level.OK, f"plugin {get_plugin_path(home)}")
