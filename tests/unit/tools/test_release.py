"""The steps of a release can be repeated: a second run completes the first, and nothing that is public changes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tools.dist.layout import ROOT
from tools.release import push_tag
from tools.release.github import Release


@pytest.fixture
def remote(tmp_path: Path) -> str:
    """Return the address of an empty repository."""
    subprocess.run(["git", "init", "--quiet", "--bare", tmp_path / "remote"], check=True)
    return str(tmp_path / "remote")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one file."""
    content = tmp_path / "content"
    content.mkdir()
    (content / "go.mod").write_text("module example.com/sdk\n")
    return content


def list_files(remote: str, revision: str) -> list[str]:
    """Return the paths in a revision of the repository."""
    return push_tag.run_git(Path(remote), "ls-tree", "-r", "--name-only", revision).splitlines()


def test_a_go_module_is_pushed_as_a_tag_without_a_branch(remote: str, folder: Path) -> None:
    assert push_tag.push_tag(folder, remote, "sdk/go/v1.0.0", below="sdk/go")
    assert list_files(remote, "sdk/go/v1.0.0") == ["sdk/go/go.mod"]
    assert push_tag.run_git(Path(remote), "for-each-ref", "--format=%(refname)") == "refs/tags/sdk/go/v1.0.0"


def test_each_version_of_a_branch_follows_the_earlier_one(remote: str, folder: Path) -> None:
    assert push_tag.push_tag(folder, remote, "v1.0.0", branch="main")
    (folder / "go.mod").rename(folder / "README.md")
    assert push_tag.push_tag(folder, remote, "v1.0.1", branch="main")
    assert list_files(remote, "main") == ["README.md"]
    assert push_tag.run_git(Path(remote), "rev-list", "--count", "main") == "2"


def test_a_tag_is_pushed_once_and_cannot_be_changed(remote: str, folder: Path) -> None:
    assert push_tag.push_tag(folder, remote, "v1.0.0")
    assert not push_tag.push_tag(folder, remote, "v1.0.0")
    (folder / "go.mod").write_text("module example.com/other\n")
    with pytest.raises(SystemExit, match=r"v1\.0\.0 is there, with another content"):
        push_tag.push_tag(folder, remote, "v1.0.0")


GH = """\
#!{python}
import json, pathlib, sys
state = pathlib.Path({state!r})
release = json.loads(state.read_text()) if state.exists() else None
words = [word for word in sys.argv[1:] if not word.startswith("--")]
match words[1]:
    case "list":
        print(json.dumps([release] if release else []))
    case "view":
        print(json.dumps(release))
    case "create":
        release = {{"tagName": words[2], "isDraft": "--draft" in sys.argv, "assets": []}}
    case "upload":
        release["assets"] += [{{"name": pathlib.Path(file).name}} for file in words[3:]]
    case "edit":
        release["isDraft"] = "--draft=false" not in sys.argv
    case _:
        sys.exit("unknown command")
state.write_text(json.dumps(release))
"""
"""A command in the place of `gh`, which keeps one release in a file."""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file with the release that the command `gh` has created."""
    file, command = tmp_path / "release.json", tmp_path / "bin" / "gh"
    command.parent.mkdir()
    command.write_text(GH.format(python=sys.executable, state=str(file)))
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(command.parent), prepend=os.pathsep)
    return file


def test_a_release_is_a_draft_until_it_is_published(state: Path, folder: Path) -> None:
    release = Release("owner/name", "v1.0.0")
    release.make(folder / "go.mod", [folder / "go.mod"])
    draft = json.loads(state.read_text())
    assert draft == {"tagName": "v1.0.0", "isDraft": True, "assets": [{"name": "go.mod"}]}
    release.publish()
    assert json.loads(state.read_text()) == {**draft, "isDraft": False}


def test_a_second_run_completes_a_draft_and_does_not_change_a_public_release(state: Path, folder: Path) -> None:
    release = Release("owner/name", "v1.0.0")
    release.make(folder / "go.mod", [])
    release.make(folder / "go.mod", [folder / "go.mod"])
    release.publish()
    public = json.loads(state.read_text())
    assert [asset["name"] for asset in public["assets"]] == ["go.mod"]
    release.make(folder / "go.mod", [folder / "go.mod"])
    assert json.loads(state.read_text()) == public
    with pytest.raises(SystemExit, match=r"v1\.0\.0 is public and lacks other\.zip"):
        release.make(folder / "go.mod", [Path("other.zip")])


def test_the_release_fails_if_gh_fails(state: Path) -> None:
    state.write_text("no JSON")
    with pytest.raises(SystemExit, match=r"gh release list .* failed"):
        Release("owner/name", "v1.0.0").make(Path("notes.md"), [])


@pytest.mark.skipif(shutil.which("gpg") is None, reason="GnuPG is not installed")
def test_checksums_have_a_binary_signature_that_gpg_verifies(tmp_path: Path) -> None:
    """The signature is binary and uses a key with a passphrase; a wrong passphrase fails."""
    home = tmp_path / "gnupg"
    home.mkdir(mode=0o700)
    (home / "gpg-agent.conf").write_text("s2k-count 65536\n")  # a fast key, for a passphrase of a test
    env = {**os.environ, "GNUPGHOME": str(home)}
    unlock = ["--batch", "--quiet", "--pinentry-mode=loopback", "--passphrase=secret"]
    subprocess.run(["gpg", *unlock, "--quick-generate-key", "release@example.com", "ed25519"], env=env, check=True)
    exported = subprocess.run(
        ["gpg", *unlock, "--armor", "--export-secret-keys"], env=env, check=True, capture_output=True, text=True
    )
    env |= {"GPG_PRIVATE_KEY": exported.stdout, "GPG_PASSPHRASE": "secret"}
    sums = tmp_path / "SHA256SUMS"
    sums.write_text("0" * 64 + "  file\n")
    command = [ROOT / "tools" / "release" / "sign.sh", sums]
    failed = subprocess.run(command, env={**env, "GPG_PASSPHRASE": "wrong"}, check=False, capture_output=True)
    assert failed.returncode
    subprocess.run(command, env=env, check=True, capture_output=True)
    subprocess.run(["gpg", "--batch", "--verify", f"{sums}.sig", sums], env=env, check=True, capture_output=True)
    assert not (tmp_path / "SHA256SUMS.sig").read_bytes().startswith(b"-----BEGIN")
    subprocess.run(["gpgconf", "--kill", "all"], env=env, check=True)
