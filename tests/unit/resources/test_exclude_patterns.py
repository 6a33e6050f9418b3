"""What is left out of a tree, as far as single patterns go; the trees are in `test_tree.py`."""

from __future__ import annotations

import pytest

from neev_provider.core.assets import Archive, Asset
from neev_provider.resources.file.directory import DirectoryResource

TREE = Archive(assets={"a/b": Asset(text=""), "c": Asset(text="")})


@pytest.mark.parametrize("pattern", ["", " ", "# a comment", "/", "[", "\\"])
def test_a_pattern_that_can_match_nothing_is_refused(pattern: str) -> None:
    inputs = {"sandboxId": "box", "path": "x", "source": TREE, "exclude": ["c", pattern]}
    (failure,) = DirectoryResource().check({}, inputs, str)[1]
    assert failure.path == "exclude[1]"


def test_a_pattern_that_matches_nothing_is_a_warning() -> None:
    warnings: list[str] = []
    inputs = {"sandboxId": "box", "path": "x", "source": TREE, "exclude": ["/b", "a", "a/b"]}
    assert DirectoryResource().check({}, inputs, str, warnings.append)[1] == []
    # what is below a folder that is left out is not looked at
    assert warnings == ["exclude: /b matches nothing", "exclude: a/b matches nothing"]
