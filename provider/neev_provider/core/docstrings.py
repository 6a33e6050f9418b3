"""The docstrings of a class's members, read from the source.

Reading source takes longer than the rest of an import, so the docstrings are read on demand.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise


@cache
def attribute_docstrings(cls: type) -> dict[str, str]:
    """Return the docstrings below the class's own members, by name; an empty mapping without the source."""
    try:
        source = inspect.getsource(cls)
    except (OSError, TypeError):
        return {}
    return dict(_iter_docstrings(ast.parse(textwrap.dedent(source)).body[0]))


def _iter_docstrings(definition: ast.stmt) -> Iterator[tuple[str, str]]:
    statements = definition.body if isinstance(definition, ast.ClassDef) else []
    for before, after in pairwise(statements):
        match before, after:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                # a single line with the quotes below it keeps the indentation of the quotes
                yield name, inspect.cleandoc(text).rstrip()
