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

from neev_provider.adapters.pulumi.dynamic.code_layout import MAX_LINE_LENGTH, format_block, format_docstring, indent
from neev_provider.adapters.pulumi.schema import shared_types
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.adapters.shared.descriptions import description
from neev_provider.adapters.shared.schema_types import (
    AnyType,
    ArrayType,
    AssetType,
    EnumType,
    MapType,
    ObjectType,
    PrimitiveType,
    TypeSpec,
    is_always_present,
    referenced_types,
    type_of,
)
from neev_provider.core.assets import Archive, Asset, AssetOrArchive
from neev_provider.core.function import Function
from neev_provider.core.model import Model, Outputs, Property
from neev_provider.core.resource import Resource
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

_ASSET_TYPES: Final[dict[type[AssetOrArchive], str]] = {
    Asset: "pulumi.Asset",
    Archive: "pulumi.Archive",
    AssetOrArchive: "pulumi.Asset | pulumi.Archive",
}

TypeWrapper: TypeAlias = Callable[[str], str]
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

_BASE_IMPORTS: Final = (
    ("neev_provider.adapters.pulumi.dynamic.invoke", ("invoke", "invoke_output")),
    ("neev_provider.adapters.pulumi.dynamic.resources", ("DynamicResource", "OutputObject")),
    ("pulumi_neev", ("dynamic_providers",)),
)


def render() -> str:
    """The module's source."""
    definitions = [
        *(_typed_dict(model) for model in _input_models()),
        *(_output_class(model) for model in _exposed_types() if issubclass(model, Model)),
        *(_resource(resource) for resource in RESOURCES),
        *(_function(function, wrap) for function in FUNCTIONS for wrap in (_wrap_in_nothing, _wrap_in_input)),
    ]
    head = "\n".join(
        [_HEAD, *_imports(), "", format_block("__all__ = [", (f'"{name}"' for name in public_names()), "]")]
    )
    return "\n\n\n".join([head, *definitions]) + "\n"


def public_names() -> list[str]:
    """The names that programs use, sorted."""
    functions = [to_snake(function.name) for function in FUNCTIONS]
    return sorted(
        [
            *(resource.name for resource in RESOURCES),
            *(each.__name__ for each in _exposed_types()),
            *(f"{model.__name__}Args" for model in _input_models()),
            *functions,
            *(f"{name}_output" for name in functions),
        ]
    )


def _exposed_types() -> list[type[Model | StrEnum]]:
    """The nested models, enums and answers of the declarations, which programs meet as they are."""
    return sorted({*shared_types(), *(function.result for function in FUNCTIONS)}, key=lambda each: each.__name__)


def _input_models() -> list[type[Model]]:
    asked = [*(resource.inputs for resource in RESOURCES), *(function.arguments for function in FUNCTIONS)]
    parts = {
        part for model in asked for each in model.properties.values() for part in referenced_types(type_of(model, each))
    }
    return sorted((part for part in parts if issubclass(part, Model)), key=lambda each: each.__name__)


def _imports() -> Iterator[str]:
    enums = sorted((each for each in _exposed_types() if issubclass(each, StrEnum)), key=lambda each: each.__module__)
    by_module = groupby(enums, lambda each: each.__module__)
    for module, names in sorted(
        [*_BASE_IMPORTS, *((module, tuple(each.__name__ for each in found)) for module, found in by_module)]
    ):
        line = f"from {module} import {', '.join(sorted(names))}"
        yield line if len(line) <= MAX_LINE_LENGTH else format_block(f"from {module} import (", sorted(names), ")")


def _typed_dict(model: type[Model]) -> str:
    lines = [f"class {model.__name__}Args(TypedDict, total=False):", _indent_docstring(description(model), 1), ""]
    for declared in _sort_properties(model.properties.values()):
        kind = _argument_type(model, declared, _wrap_in_input)
        required = f"Required[{kind}]" if declared.required else f"{kind} | None"
        lines += [f"    {declared.field}: {required}", _indent_docstring(declared.description, 1)]
    return "\n".join(lines)


def _output_class(model: type[Model]) -> str:
    lines = [
        "@pulumi.output_type",
        f"class {model.__name__}(OutputObject):",
        _indent_docstring(description(model), 1),
        "",
    ]
    for declared in _sort_properties(model.properties.values()):
        # what a program leaves out of an input is not filled in
        there = is_always_present(declared) if issubclass(model, Outputs) else declared.required
        kind = _result_type(type_of(model, declared)) + ("" if there else " | None")
        lines += [
            f'    {declared.field}: {kind} = pulumi.property("{declared.name}", default=None)',
            _indent_docstring(declared.description, 1),
        ]
    return "\n".join(lines)


def _resource(resource: Resource[Any, Any, Any]) -> str:
    inputs = _sort_properties(resource.inputs.properties.values())
    stated = [(model, each) for model in (resource.inputs, resource.outputs) for each in model.properties.values()]
    outputs = [_output_getter(model, each) for model, each in sorted(stated, key=lambda pair: pair[1].field)]
    parameters = [
        "self",
        "resource_name: str",
        "*",
        *(_parameter(resource.inputs, each, _wrap_in_input) for each in inputs),
    ]
    explained = {
        "resource_name": "What the program calls it; unique in its stack among the resources of its kind.",
        **{each.field: each.description for each in inputs},
        "opts": "Pulumi's own options.",
    }
    call = format_block(
        "super().__init__(",
        [f"dynamic_providers.{resource.name}Provider()", "resource_name", _arguments_dict(inputs), "opts"],
        ")",
    )
    return "\n".join(
        [
            f'class {resource.name}(DynamicResource, module="{PACKAGE}", name="{resource.name}"):',
            _indent_docstring(description(type(resource)), 1),
            "",
            indent(
                format_block("def __init__(", [*parameters, "opts: pulumi.ResourceOptions | None = None"], ") -> None:")
            ),
            _indent_docstring("Make the resource part of the stack.", 2, explained),
            indent(call, 2),
            *outputs,
        ]
    )


def _output_getter(model: type[Model], prop: Property) -> str:
    kind = _result_type(type_of(model, prop)) + ("" if is_always_present(prop) else " | None")
    lines = [
        "",
        "    @property",
        f'    @pulumi.getter(name="{prop.name}")',
        f"    def {prop.field}(self) -> pulumi.Output[{kind}]:",
        _indent_docstring(prop.description, 2),
        f'        return self._output("{prop.name}")',
    ]
    return "\n".join(lines)


def _function(function: Function[Any, Any], wrap: TypeWrapper) -> str:
    asked, result = _sort_properties(function.arguments.properties.values()), function.result.__name__
    suffix, kind, options = ("", result, "pulumi.InvokeOptions")
    if wrap is _wrap_in_input:
        suffix, kind = "_output", f"pulumi.Output[{result}]"
        options = "pulumi.InvokeOptions | pulumi.InvokeOutputOptions"
    parameters = [*(_parameter(function.arguments, each, wrap) for each in asked), f"opts: {options} | None = None"]
    explained = {**{each.field: each.description for each in asked}, "opts": "Pulumi's own options."}
    call = format_block(f"invoke{suffix}(", [f'"{function.name}"', _arguments_dict(asked), result, "opts"], ")")
    return "\n".join(
        [
            format_block(f"def {to_snake(function.name)}{suffix}(", ["*", *parameters], f") -> {kind}:"),
            _indent_docstring(description(type(function)), 1, explained),
            indent(f"return {call}"),
        ]
    )


def _parameter(model: type[Model], prop: Property, wrap: TypeWrapper) -> str:
    kind = _argument_type(model, prop, wrap)
    if prop.required:
        return f"{prop.field}: {kind}"
    if prop.default is None:
        return f"{prop.field}: {kind} | None = None"
    return f"{prop.field}: {kind} = {prop.default!r}"


def _arguments_dict(props: Iterable[Property]) -> str:
    return format_block("{", (f'"{each.name}": {each.field}' for each in props), "}")


def _argument_type(model: type[Model], prop: Property, wrap: TypeWrapper) -> str:
    return wrap(_input_type(type_of(model, prop), wrap))


def _wrap_in_nothing(kind: str) -> str:
    return kind


def _wrap_in_input(kind: str) -> str:
    return f"pulumi.Input[{kind}]"


def _input_type(type_spec: TypeSpec, wrap: TypeWrapper) -> str:  # noqa: PLR0911  one for each shape
    match type_spec:
        case PrimitiveType(type=type):
            return type.__name__
        case AnyType():
            return "Any"
        case EnumType(enum):
            values = ", ".join(f'"{each.value}"' for each in enum)
            return f"{enum.__name__} | Literal[{values}]"
        case ObjectType(model):
            return f"{model.__name__}Args | {model.__name__}"
        case ArrayType(item):
            return f"Sequence[{wrap(_input_type(item, wrap))}]"
        case MapType(value):
            return f"Mapping[str, {wrap(_input_type(value, wrap))}]"
        case AssetType(kind):
            return _ASSET_TYPES[kind]


def _result_type(type_spec: TypeSpec) -> str:  # noqa: PLR0911  one for each shape
    match type_spec:
        case PrimitiveType(type=type):
            return type.__name__
        case AnyType():
            return "Any"
        case EnumType():
            return "str"
        case ObjectType(model):
            return model.__name__
        case ArrayType(item):
            return f"list[{_result_type(item)}]"
        case MapType(value):
            return f"dict[str, {_result_type(value)}]"
        case AssetType():
            return "dict[str, Any]"


def _sort_properties(props: Iterable[Property]) -> list[Property]:
    return sorted(props, key=lambda each: (not each.required, each.field))


def _indent_docstring(content: str, levels: int, argument_docs: dict[str, str] | None = None) -> str:
    words = {name: _use_snake_case(text) for name, text in (argument_docs or {}).items()}
    return format_docstring(_use_snake_case(content), levels, words)


def _use_snake_case(content: str) -> str:
    """The text with properties called as Python calls them."""
    return re.sub(r"`(\w+)`", lambda found: f"`{_FIELD_NAMES.get(found[1], found[1])}`", content)


_FIELD_NAMES: Final = {
    declared.name: declared.field
    for model in (
        *(part for resource in RESOURCES for part in (resource.inputs, resource.outputs)),
        *(part for function in FUNCTIONS for part in (function.arguments, function.result)),
        *_input_models(),
    )
    for declared in model.properties.values()
}


if __name__ == "__main__":
    sys.stdout.write(render())
