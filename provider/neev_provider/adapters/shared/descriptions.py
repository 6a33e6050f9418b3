"""The docstrings of declarations, as schema, classes and pages show them."""

from __future__ import annotations

import inspect


def description(declaration: object) -> str:
    """Return the docstring of a class."""
    return inspect.cleandoc(declaration.__doc__ or "")
