"""Validation of exclude patterns; `test_source_tree.py` tests which files they exclude."""

from __future__ import annotations

import pytest

from neev_provider.core.assets import Archive, Asset
from neev_provider.resources.file.directory import DirectoryResource

TREE = Archive(assets={"a/b": Asset(text=""), "c": Asset(text="")})


@pytest.mark.parametrize("pattern", ["", " ", "# a comment", "/", "[", "\\"])
def test_a_pattern_that_can_match_no_path_is_rejected(pattern: str) -> None:
    inputs = {"sandboxId": "box", "path": "x", "source": TREE, "exclude": ["c", pattern]}
    (failure,) = DirectoryResource().check({}, inputs, str)[1]
    assert failure.path == "exclude[1]"


def test_a_pattern_that_matches_no_file_is_a_warning() -> None:
    warnings: list[str] = []
    inputs = {"sandboxId": "box", "path": "x", "source": TREE, "exclude": ["/b", "a", "a/b"]}
    assert DirectoryResource().check({}, inputs, str, warnings.append)[1] == []
    # the files of an excluded folder are not compared with other patterns
    assert warnings == ["exclude: /b matches nothing", "exclude: a/b matches nothing"]
