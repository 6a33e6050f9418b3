"""The source of ``pulumi_neev.sdk``: every argument and output of the declarations, for editors and type checkers.

``python -m neev_provider.adapters.pulumi.dynamic.codegen`` prints it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import groupby
from typing import Any, Final, TypeAlias

from pydantic.alias_generators import to_snake

from neev_provider.adapters.pulumi.dynamic.code_layout import WIDTH, block, docstring, indented
from neev_provider.adapters.pulumi.schema import description, shared
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.adapters.shared.schema_types import (
    Anything,
    Choice,
    Handed,
    ListOf,
    MapOf,
    Nested,
    Scalar,
    Shape,
    always_there,
    nested,
    shape_of,
)
from neev_provider.core.assets import Archive, Asset, AssetOrArchive
from neev_provider.core.function import Function
from neev_provider.core.model import Model, Outputs, Property
from neev_provider.core.resource import Resource
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

_BLOBS: Final[dict[type[AssetOrArchive], str]] = {
    Asset: "pulumi.Asset",
    Archive: "pulumi.Archive",
    AssetOrArchive: "pulumi.Asset | pulumi.Archive",
}

Wrap: TypeAlias = Callable[[str], str]
"""What a type is wrapped in: ``pulumi.Input`` where the value may come later."""

_HEAD: Final = '''\
"""The resources and data functions as a Python program sees them.

Made from the declarations by ``make schema``: change those, not this.
"""

# ruff: noqa: PLR0913  every input is an argument

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict

import pulumi
'''

_BASES: Final = (
    ("neev_provider.adapters.pulumi.dynamic.invoke", ("invoke", "invoke_output")),
    ("neev_provider.adapters.pulumi.dynamic.resources", ("DynamicResource", "OutputObject")),
)


def text() -> str:
    """The module's source."""
    definitions = [
        *(_dictionary(model) for model in _input_models()),
        *(_object(model) for model in _met() if issubclass(model, Model)),
        *(_resource(resource) for resource in RESOURCES),
        *(_function(function, wrap) for function in FUNCTIONS for wrap in (_plain, _eventual)),
    ]
    head = "\n".join([_HEAD, *_imports(), "", block("__all__ = [", (f'"{name}"' for name in public()), "]")])
    return "\n\n\n".join([head, *definitions]) + "\n"


def public() -> list[str]:
    """The names that programs use, sorted."""
    functions = [to_snake(function.name) for function in FUNCTIONS]
    return sorted(
        [
            *(resource.name for resource in RESOURCES),
            *(each.__name__ for each in _met()),
            *(f"{model.__name__}Args" for model in _input_models()),
            *functions,
            *(f"{name}_output" for name in functions),
        ]
    )


def _met() -> list[type[Model | StrEnum]]:
    """The nested models, enums and answers of the declarations, which programs meet as they are."""
    return sorted({*shared(), *(function.result for function in FUNCTIONS)}, key=lambda each: each.__name__)


def _input_models() -> list[type[Model]]:
    asked = [*(resource.inputs for resource in RESOURCES), *(function.arguments for function in FUNCTIONS)]
    parts = {part for model in asked for each in model.properties.values() for part in nested(shape_of(model, each))}
    return sorted((part for part in parts if issubclass(part, Model)), key=lambda each: each.__name__)


def _imports() -> Iterator[str]:
    enums = sorted((each for each in _met() if issubclass(each, StrEnum)), key=lambda each: each.__module__)
    by_module = groupby(enums, lambda each: each.__module__)
    for module, names in sorted(
        [*_BASES, *((module, tuple(each.__name__ for each in found)) for module, found in by_module)]
    ):
        line = f"from {module} import {', '.join(sorted(names))}"
        yield line if len(line) <= WIDTH else block(f"from {module} import (", sorted(names), ")")


def _dictionary(model: type[Model]) -> str:
    lines = [f"class {model.__name__}Args(TypedDict, total=False):", _docstring(description(model), 1), ""]
    for declared in _ordered(model.properties.values()):
        kind = _argument(model, declared, _eventual)
        required = f"Required[{kind}]" if declared.required else f"{kind} | None"
        lines += [f"    {declared.field}: {required}", _docstring(declared.description, 1)]
    return "\n".join(lines)


def _object(model: type[Model]) -> str:
    lines = ["@pulumi.output_type", f"class {model.__name__}(OutputObject):", _docstring(description(model), 1), ""]
    for declared in _ordered(model.properties.values()):
        # what a program leaves out of an input is not filled in
        there = always_there(declared) if issubclass(model, Outputs) else declared.required
        kind = _answered(shape_of(model, declared)) + ("" if there else " | None")
        lines += [
            f'    {declared.field}: {kind} = pulumi.property("{declared.name}", default=None)',
            _docstring(declared.description, 1),
        ]
    return "\n".join(lines)


def _resource(resource: Resource[Any, Any]) -> str:
    inputs = _ordered(resource.inputs.properties.values())
    named = f'"{resource.name}"'
    stated = [(model, each) for model in (resource.inputs, resource.outputs) for each in model.properties.values()]
    outputs = [_output(model, each) for model, each in sorted(stated, key=lambda pair: pair[1].field)]
    parameters = ["self", "resource_name: str", "*", *(_parameter(resource.inputs, each, _eventual) for each in inputs)]
    explained = {
        "resource_name": "What the program calls it; unique in its stack among the resources of its kind.",
        **{each.field: each.description for each in inputs},
        "opts": "Pulumi's own options.",
    }
    call = block("super().__init__(", [named, "resource_name", _arguments(inputs), "opts"], ")")
    return "\n".join(
        [
            f'class {resource.name}(DynamicResource, module="{PACKAGE}", name={named}):',
            _docstring(description(type(resource)), 1),
            "",
            indented(block("def __init__(", [*parameters, "opts: pulumi.ResourceOptions | None = None"], ") -> None:")),
            _docstring("Make the resource part of the stack.", 2, explained),
            indented(call, 2),
            *outputs,
        ]
    )


def _output(model: type[Model], declared: Property) -> str:
    kind = _answered(shape_of(model, declared)) + ("" if always_there(declared) else " | None")
    lines = [
        "",
        "    @property",
        f'    @pulumi.getter(name="{declared.name}")',
        f"    def {declared.field}(self) -> pulumi.Output[{kind}]:",
        _docstring(declared.description, 2),
        f'        return self._output("{declared.name}")',
    ]
    return "\n".join(lines)


def _function(function: Function[Any, Any], wrap: Wrap) -> str:
    asked, result = _ordered(function.arguments.properties.values()), function.result.__name__
    suffix, kind, options = ("", result, "pulumi.InvokeOptions")
    if wrap is _eventual:
        suffix, kind = "_output", f"pulumi.Output[{result}]"
        options = "pulumi.InvokeOptions | pulumi.InvokeOutputOptions"
    parameters = [*(_parameter(function.arguments, each, wrap) for each in asked), f"opts: {options} | None = None"]
    explained = {**{each.field: each.description for each in asked}, "opts": "Pulumi's own options."}
    call = block(f"invoke{suffix}(", [f'"{function.name}"', _arguments(asked), result, "opts"], ")")
    return "\n".join(
        [
            block(f"def {to_snake(function.name)}{suffix}(", ["*", *parameters], f") -> {kind}:"),
            _docstring(description(type(function)), 1, explained),
            indented(f"return {call}"),
        ]
    )


def _parameter(model: type[Model], declared: Property, wrap: Wrap) -> str:
    kind = _argument(model, declared, wrap)
    if declared.required:
        return f"{declared.field}: {kind}"
    if declared.default is None:
        return f"{declared.field}: {kind} | None = None"
    return f"{declared.field}: {kind} = {declared.default!r}"


def _arguments(declared: Iterable[Property]) -> str:
    return block("{", (f'"{each.name}": {each.field}' for each in declared), "}")


def _argument(model: type[Model], declared: Property, wrap: Wrap) -> str:
    return wrap(_asked(shape_of(model, declared), wrap))


def _plain(kind: str) -> str:
    return kind


def _eventual(kind: str) -> str:
    return f"pulumi.Input[{kind}]"


def _asked(shape: Shape, wrap: Wrap) -> str:  # noqa: PLR0911  one for each shape
    match shape:
        case Scalar(type=type):
            return type.__name__
        case Anything():
            return "Any"
        case Choice(enum):
            values = ", ".join(f'"{each.value}"' for each in enum)
            return f"{enum.__name__} | Literal[{values}]"
        case Nested(model):
            return f"{model.__name__}Args | {model.__name__}"
        case ListOf(item):
            return f"Sequence[{wrap(_asked(item, wrap))}]"
        case MapOf(value):
            return f"Mapping[str, {wrap(_asked(value, wrap))}]"
        case Handed(kind):
            return _BLOBS[kind]


def _answered(shape: Shape) -> str:  # noqa: PLR0911  one for each shape
    match shape:
        case Scalar(type=type):
            return type.__name__
        case Anything():
            return "Any"
        case Choice():
            return "str"
        case Nested(model):
            return model.__name__
        case ListOf(item):
            return f"list[{_answered(item)}]"
        case MapOf(value):
            return f"dict[str, {_answered(value)}]"
        case Handed():
            return "dict[str, Any]"


def _ordered(declared: Iterable[Property]) -> list[Property]:
    return sorted(declared, key=lambda each: (not each.required, each.field))


def _docstring(said: str, levels: int, explained: dict[str, str] | None = None) -> str:
    words = {name: _snake_cased(text) for name, text in (explained or {}).items()}
    return docstring(_snake_cased(said), levels, words)


def _snake_cased(said: str) -> str:
    """The text with properties called as Python calls them."""
    return re.sub(r"`(\w+)`", lambda found: f"`{_FIELDS.get(found[1], found[1])}`", said)


_FIELDS: Final = {
    declared.name: declared.field
    for model in (
        *(part for resource in RESOURCES for part in (resource.inputs, resource.outputs)),
        *(part for function in FUNCTIONS for part in (function.arguments, function.result)),
        *_input_models(),
    )
    for declared in model.properties.values()
}


if __name__ == "__main__":
    sys.stdout.write(text())
