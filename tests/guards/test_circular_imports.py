"""The absence of circular imports."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest
from tests.guards.test_import_directions import FILES, get_module_name

MODULES = {get_module_name(file): file for file in FILES}


def iter_runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node below, without what only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from iter_runtime_nodes(child)


def list_imported_modules(source: str) -> Iterator[str]:
    """Return the modules of ours that the source imports, also inside functions."""
    for node in iter_runtime_nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield from (name,) if name in MODULES else (node.module,) if node.module in MODULES else ()


def find_cycle(imports: dict[str, set[str]]) -> list[str]:
    """Return the modules of a circular import, or an empty list."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_imports_are_circular() -> None:
    assert find_cycle({name: set(list_imported_modules(file.read_text())) for name, file in MODULES.items()}) == []


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("def f():\n    from neev_provider.core import wait", ["neev_provider.core.wait"]),
        ("from neev_provider.core.wait import Done", ["neev_provider.core.wait"]),
        ("import neev_provider.core.wait, os", ["neev_provider.core.wait"]),
        ("if TYPE_CHECKING:\n    from neev_provider.core import wait", []),
    ],
)
def test_a_circular_import_is_found(source: str, modules: list[str]) -> None:
    assert list(list_imported_modules(source)) == modules
    back = {"neev_provider.core.wait": {"here"}}
    assert bool(find_cycle({"here": set(list_imported_modules(source)), **back})) == bool(modules)
