"""Paths inside a sandbox."""

from __future__ import annotations

import pytest

from neev_provider.resources.file.directory import DirectoryResource
from neev_provider.resources.file.file import FileResource
from neev_provider.resources.workspace_paths import canonicalize_path, normalize_path


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("conf/app.ini", "conf/app.ini"),
        ("./conf//app.ini", "conf/app.ini"),
        ("/workspace/conf/app.ini", "conf/app.ini"),
        ("//workspace/./conf/x/../app.ini/", "conf/app.ini"),
        (".", "."),
        ("/workspace/", "."),
        ("..a/...", "..a/..."),
    ],
)
def test_equivalent_paths_are_normalized_to_one_form(path: str, meant: str) -> None:
    assert normalize_path(path) == canonicalize_path(path) == meant


@pytest.mark.parametrize("path", ["..", "a/../..", "/", "/etc", "/workspaces/x", "/workspace/../etc", "é" * 128, "\0"])
def test_an_invalid_path_is_rejected_and_its_canonical_form_is_unchanged(path: str) -> None:
    with pytest.raises(ValueError, match=r"is outside|too long|NUL"):
        normalize_path(path)
    assert canonicalize_path(path) == path


@pytest.mark.parametrize("kind", [FileResource(), DirectoryResource()])
def test_an_equivalent_path_is_not_a_change(kind: FileResource | DirectoryResource) -> None:
    old = {"sandboxId": "box", "path": "./conf"}
    assert not kind.diff(old, old, {"sandboxId": "box", "path": "/workspace/conf/"}).changes
    assert kind.diff(old, old, {"sandboxId": "box", "path": "conf/x"}).requires_replacement
