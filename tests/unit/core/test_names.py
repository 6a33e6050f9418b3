"""Names that the API accepts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neev_provider.core.names import generate_name, sanitize_name, validate_name


@pytest.mark.parametrize("name", ["a", "dev-1", "a" * 63])
def test_a_dns_label_is_accepted(name: str) -> None:
    """Letters, digits and hyphens, at most 63."""
    assert validate_name(name) == name


@pytest.mark.parametrize("name", ["", "1a", "-a", "a-", "A", "a_b", "a.b", "a" * 64, "a\n"])
def test_an_invalid_name_is_rejected(name: str) -> None:
    """The reason contains what is allowed."""
    with pytest.raises(ValueError, match="lowercase letters, digits and hyphens"):
        validate_name(name)


def test_a_name_in_the_format_of_an_id_is_rejected() -> None:
    """It would be read as an id."""
    with pytest.raises(ValueError, match="UUID"):
        validate_name("abcdef01-2345-6789-abcd-ef0123456789")


@pytest.mark.parametrize(
    ("text", "name"),
    [("My Sandbox", "my-sandbox"), ("42", "s-42"), ("ünï", "n"), ("---", "s"), ("a" * 80, "a" * 63)],
)
def test_a_text_is_sanitized_to_a_name(text: str, name: str) -> None:
    """Upper case, other characters, leading digits and length are corrected."""
    assert sanitize_name(text) == name


@given(st.text(), st.text("0123456789abcdef", min_size=7))
def test_every_generated_name_is_valid(resource: str, suffix: str) -> None:
    """For any name of the resource."""
    name = generate_name(resource, suffix)
    assert validate_name(name).endswith(f"-{suffix[:7]}")
    assert validate_name(sanitize_name(resource))


def test_a_generated_name_is_truncated_to_the_maximum_length() -> None:
    """The suffix is not truncated."""
    assert generate_name("a" * 60, "1234567", max_length=51) == f"{'a' * 43}-1234567"


def test_a_generated_name_never_has_the_format_of_an_id() -> None:
    """Otherwise 25 hexadecimal digits and the suffix would have it."""
    assert generate_name("abcde" * 5, "1234567") == f"s{'abcde' * 5}-1234567"
    assert generate_name("abcde" * 5, "1234567", max_length=33) == f"s{'abcde' * 5}-123456"


def test_a_resource_name_in_the_format_of_an_id_is_sanitized() -> None:
    """The result does not have the format of an id."""
    assert validate_name(sanitize_name("abcdef01-2345-6789-abcd-ef0123456789"))


@pytest.mark.parametrize(
    ("text", "limit", "name"),
    [
        ("X-xX-box-XX", 63, "x-xx-box-xx"),
        ("a1", 63, "a1"),
        ("1a", 63, "s-1a"),
        ("--", 63, "s"),
        ("abc-def", 4, "abc"),
        ("abxx", 3, "abx"),
        ("aXX", 2, "ax"),
        ("12345678-1234-1234-1234-123456789012", 63, "s-12345678-1234-1234-1234-123456789012"),
        ("a2345678-1234-1234-1234-123456789012", 63, "sa2345678-1234-1234-1234-123456789012"),
    ],
)
def test_any_text_is_sanitized_to_a_valid_name(text: str, limit: int, name: str) -> None:
    assert sanitize_name(text, max_length=limit) == name


def test_a_truncated_generated_name_keeps_its_whole_suffix() -> None:
    assert generate_name("a" * 100, "0123456789") == "a" * 55 + "-0123456"
    assert generate_name("a" * 100, "0123456789", max_length=20) == "a" * 12 + "-0123456"
    assert generate_name("12345678-1234-1234-12345", "0" * 7, max_length=32) == "s-12345678-1234-1234-123-0000000"


def test_an_invalid_name_has_an_exact_error_message() -> None:
    label = "at most 63 lowercase letters, digits and hyphens, beginning with a letter and not ending with a hyphen"
    with pytest.raises(ValueError, match=f"^must be {label}$"):
        validate_name("Box")
    with pytest.raises(
        ValueError, match=r"^must not have the form of a UUID, because a name and an id address a sandbox alike$"
    ):
        validate_name("a2345678-1234-1234-1234-123456789012")
