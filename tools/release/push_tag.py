"""Push a folder as a tag: `push_tag --remote URL --tag TAG [--below PATH] [--branch NAME] FOLDER`.

A second run with the same content changes nothing, and with another content fails: nobody may see two contents of one
tag, and the Go module proxy and the registries keep the first for good.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

AUTHOR: Final = (
    *("-c", "user.name=github-actions[bot]"),
    *("-c", "user.email=41898282+github-actions[bot]@users.noreply.github.com"),
)
"""The account of a workflow, for git."""


def main() -> None:
    """Push what the arguments name, or print why not and exit with 1."""
    parser = argparse.ArgumentParser(prog="python -m tools.release.push_tag", description=__doc__)
    parser.add_argument("--remote", required=True)
    parser.add_argument("--tag", required=True)
    parser.add_argument("--below", default=".", help="where the content is in the commit")
    parser.add_argument("--branch", help="a branch that gets the commit, too; without one the commit has no parent")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    if push_tag(given.folder, given.remote, given.tag, below=given.below, branch=given.branch):
        print(f"{given.tag} is pushed")
    else:
        print(f"{given.tag} is there, with this content")


def push_tag(folder: Path, remote: str, tag: str, *, below: str = ".", branch: str | None = None) -> bool:
    """Push a commit of the folder's content as the tag, and as the branch's head; return whether it was new."""
    with tempfile.TemporaryDirectory() as directory:
        checkout = Path(directory)
        run_git(checkout, "init", "--quiet")
        shutil.copytree(folder, checkout / below, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
        run_git(checkout, "add", "--all", "--force")
        tree = run_git(checkout, "write-tree")
        if run_git(checkout, "ls-remote", remote, f"refs/tags/{tag}"):
            run_git(checkout, "fetch", "--quiet", "--depth=1", remote, f"refs/tags/{tag}")
            if run_git(checkout, "rev-parse", "FETCH_HEAD^{tree}") != tree:
                sys.exit(f"{tag} is there, with another content: a tag never changes, so release a new version")
            return False
        parent = []
        if branch and run_git(checkout, "ls-remote", remote, f"refs/heads/{branch}"):
            run_git(checkout, "fetch", "--quiet", "--depth=1", remote, f"refs/heads/{branch}")
            parent = ["-p", run_git(checkout, "rev-parse", "FETCH_HEAD")]
        commit = run_git(checkout, "commit-tree", tree, *parent, "-m", f"Release {tag}")
        heads = [f"{commit}:refs/heads/{branch}"] if branch else []
        run_git(checkout, "push", "--quiet", "--atomic", remote, f"{commit}:refs/tags/{tag}", *heads)
        return True


def run_git(folder: Path, *arguments: str) -> str:
    """Run git as the author of releases, and return its output; end this script if it fails."""
    done = subprocess.run(["git", *AUTHOR, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"git {' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout.strip()


if __name__ == "__main__":
    main()
