"""The docstrings of attributes, from the source of a class."""

from neev_provider.core.docstrings import attribute_docstrings


class Widget:
    """A widget."""

    size: int = 1
    """Its size,

    in metres.
    """
    name = "x"
    """Its name."""
    color = "red"
    """Its color.
    """
    undocumented = 2
    text = 3, 4


def test_each_docstring_belongs_to_the_attribute_above_it() -> None:
    assert attribute_docstrings(Widget) == {
        "size": "Its size,\n\nin metres.",
        "name": "Its name.",
        "color": "Its color.",
    }


def test_a_class_without_source_has_no_attribute_docstrings() -> None:
    assert attribute_docstrings(type("Dynamic", (), {})) == {}
    assert attribute_docstrings(int) == {}
