"""Suggestions for a name that is not found."""

import pytest

from neev_provider.core.suggestions import find_similar, format_suggestion

KNOWN = ("memoryGb", "diskGb", "rootfsDiskGb", "name")


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("memory_gb", ["memoryGb"]),
        ("memorygb", ["memoryGb"]),
        ("memory", ["memoryGb"]),
        ("rootDiskGb", ["rootfsDiskGb", "diskGb"]),
        ("colour", []),
        ("", []),
    ],
)
def test_the_most_similar_names_are_found_first_in_any_spelling(expected: str, found: list[str]) -> None:
    """Upper and lower case, hyphens and underscores make no difference."""
    assert find_similar(expected, KNOWN) == found


def test_a_suggestion_lists_similar_names_or_is_empty() -> None:
    """It is appended to a sentence."""
    assert format_suggestion("memory", KNOWN) == "; did you mean `memoryGb`?"
    assert format_suggestion("rootDiskGb", KNOWN) == "; did you mean `rootfsDiskGb` or `diskGb`?"
    assert format_suggestion("boxes", ["box-1", "box-2", "box-3"]) == "; did you mean `box-3`, `box-2` or `box-1`?"
    assert format_suggestion("memory", KNOWN, "neev:") == "; did you mean `neev:memoryGb`?"
    assert format_suggestion("colour", KNOWN) == ""
