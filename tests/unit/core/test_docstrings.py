"""What the source says below the members of a class, where there is a source."""

from neev_provider.core.docstrings import attribute_docstrings


class Widget:
    """A thing."""

    size: int = 1
    """Its size,

    in metres.
    """
    name = "x"
    """Its name."""
    color = "red"
    """Its color.
    """
    silent = 2
    text = 3, 4


def test_each_docstring_belongs_to_the_member_above_it() -> None:
    assert attribute_docstrings(Widget) == {
        "size": "Its size,\n\nin metres.",
        "name": "Its name.",
        "color": "Its color.",
    }


def test_a_class_without_source_says_nothing() -> None:
    assert attribute_docstrings(type("Made", (), {})) == {}
    assert attribute_docstrings(int) == {}
