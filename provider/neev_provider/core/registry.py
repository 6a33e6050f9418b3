"""The declarations of a package, found by the names of its modules."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from threading import RLock
from typing import Any, Generic, Protocol, TypeVar

from pydantic.alias_generators import to_snake


class Declaration(Protocol):
    """A resource or a function."""

    @property
    def name(self) -> str:
        """Return the name in programs."""


DeclarationT = TypeVar("DeclarationT", bound=Declaration)


class Registry(Generic[DeclarationT]):
    """The declarations in the modules of a package, sorted by name; each class has one instance.

    A module is imported when it is first needed. To import no other, give a module the name of its declaration:
    ``sandbox_pool.py`` has `SandboxPool`.
    """

    def __init__(self, package: str, base: type[Any]) -> None:
        self._package = package
        self._base = base
        self._lock = RLock()
        self._by_module: dict[str, dict[str, DeclarationT]] = {}

    def find(self, name: str) -> DeclarationT | None:
        """Return the declaration of this name, or ``None``."""
        likely = f".{to_snake(name)}"
        modules = sorted(self._modules, key=lambda module: not module.endswith(likely))
        return next((found for module in modules if (found := self._declarations(module).get(name))), None)

    def __iter__(self) -> Iterator[DeclarationT]:
        declarations = {name: value for module in self._modules for name, value in self._declarations(module).items()}
        return iter([declarations[name] for name in sorted(declarations)])

    @cached_property
    def _modules(self) -> list[str]:
        path = import_module(self._package).__path__
        return [module.name for module in pkgutil.walk_packages(path, f"{self._package}.") if not module.ispkg]

    def _declarations(self, module: str) -> dict[str, DeclarationT]:
        with self._lock:
            if module not in self._by_module:
                declared = [
                    value() for value in vars(import_module(module)).values() if self._is_declared(value, module)
                ]
                self._by_module[module] = {declaration.name: declaration for declaration in declared}
            return self._by_module[module]

    def _is_declared(self, value: Any, module: str) -> bool:
        is_ours = inspect.isclass(value) and value.__module__ == module and issubclass(value, self._base)
        return is_ours and not inspect.isabstract(value)
