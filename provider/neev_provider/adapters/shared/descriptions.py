"""The docstrings of declarations, for the schema, the classes and the pages."""

from __future__ import annotations

import inspect


def description(declaration: object) -> str:
    """Return the docstring of a class."""
    return inspect.cleandoc(declaration.__doc__ or "")
