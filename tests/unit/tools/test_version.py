"""tools/version.py finds and writes the version wherever a tracked file names what is published."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tools import version

MENTIONS = {
    "pyproject.toml": '[project]\nname = "pulumi-neev"\nversion = "{0}"\na = "3.2.0"\nb = ["neev-emulator=={0}"]',
    "uv.lock": 'name = "neev-emulator"\nversion = "{0}"\n\nname = "grpcio"\nversion = "1.76.0"\n',
    "requirements.txt": "pulumi-neev[emulator]>={0}\npulumi-neev-sdk~={0}\npulumi==3.272.0\n",
    "templates/sdks/neev.yaml": "name: neev\nversion: {0}\n",
    "package.json": '{{"@neevcloud/pulumi-neev": "^{0}", "@pulumi/pulumi": "^3.142.0"}}',
    "go.mod": "github.com/neevcloud/pulumi-neev/sdk/go v{0}\ngithub.com/pulumi/pulumi/sdk/v3 v3.259.0\n",
    "command_line.py": 'A: Final = 1\nVERSION: Final = "{0}"\nAPI_VERSION: Final = "1.0.0"\n',
    "docs/installation.md": (
        "pulumi plugin install resource neev {0}, pulumi-resource-neev-v{0}-linux-amd64.tar.gz, npm install "
        "@neevcloud/pulumi-neev@{0}, terraform-provider-neev_{0}_linux_amd64.zip, terraform-provider-neev_v{0}, "
        "neevcloud/neev/{0}/linux_amd64, The plugin {0} is in resource-neev-v{0}, pulumi-neev {0}, Python 3.11.7, "
        "http://127.0.0.1:40123\n"
    ),
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a repository whose files are tracked, beside one that is not."""
    for name, text in MENTIONS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text.format("0.1.0"))
    (tmp_path / "CHANGELOG.md").write_text("pulumi-neev 0.1.0\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    (tmp_path / "untracked.txt").write_text("pulumi-neev==0.0.1\n")
    return tmp_path


def test_the_version_is_read_from_the_project_file(checkout: Path) -> None:
    assert version.read_version(checkout) == "0.1.0"


def test_exactly_the_mentions_of_the_version_are_found(checkout: Path) -> None:
    found = list(version.find_mentions(checkout))
    assert {name: sum(name == other for other, _ in found) for name in MENTIONS} == {
        name: text.count("{0}") for name, text in MENTIONS.items()
    }
    assert {number for _, number in found} == {"0.1.0"}
    assert {name for name, _ in found} == set(MENTIONS)


def test_a_new_version_replaces_every_mention(checkout: Path) -> None:
    assert sorted(version.write_version(checkout, "0.2.0")) == sorted(MENTIONS)
    assert {name: (checkout / name).read_text() for name in MENTIONS} == {
        name: text.format("0.2.0") for name, text in MENTIONS.items()
    }
    assert (checkout / "CHANGELOG.md").read_text() == "pulumi-neev 0.1.0\n"
    assert version.write_version(checkout, "0.2.0") == []


def test_an_unknown_mention_of_the_version_is_found(checkout: Path) -> None:
    """Longer numbers, versions of other packages in lock files and examples in tools are ignored."""
    assert list(version.find_unknown_mentions(checkout)) == []
    (checkout / "docs" / "installation.md").write_text(
        "pulumi-neev 0.1.0\nNow there is 0.1.0.\n10.1.0, 0.1.01, 1.0.1.0\n"
    )
    (checkout / "uv.lock").write_text('name = "other"\nversion = "0.1.0"\n')
    (checkout / "tools").mkdir()
    (checkout / "tools" / "version.py").write_text("give three numbers, such as 0.1.0\n")
    subprocess.run(["git", "add", "tools"], cwd=checkout, check=True)
    assert list(version.find_unknown_mentions(checkout)) == ["docs/installation.md:2"]


@pytest.mark.parametrize("text", ["v0.2.0", "0.2", "next", "0.2.0rc1"])
def test_an_invalid_version_is_rejected(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["version", text])
    with pytest.raises(SystemExit, match=f"{text} is no version"):
        version.main()


def test_without_an_argument_the_version_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["version"])
    version.main()
    assert capsys.readouterr().out == f"{version.read_version()}\n"
