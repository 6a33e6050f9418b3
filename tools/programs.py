"""One program of resources for every adapter: what each engine reads, from the same declaration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from neev_provider.adapters.shared.snake_case import snake_case_names, type_name
from neev_provider.adapters.terraform.attributes import is_ephemeral
from neev_provider.adapters.terraform.names import function_of, resource_of
from neev_provider.core.lifecycle import AnyResource

Program = Mapping[str, Mapping[str, Any]]
"""Resources by name, as in a Pulumi program in YAML, and calls of functions: `{"function": …, "arguments": …}`.

Each refers only to outputs of resources before it.
"""
REFERENCE = re.compile(r"\$\{([\w-]+)\.(\w+)\}")
PYTHON_READER = r"""
import json, pathlib, re, pulumi, pulumi_neev as neev

made = {}

def snake(name):
    return re.sub("([A-Z])", r"_\1", name).lower()

def value(said):
    refers = re.fullmatch(r"[$][{](.+)[.](.+)[}]", said) if isinstance(said, str) else None
    return getattr(made[refers[1]], snake(refers[2])) if refers else said

def values(given):
    return {snake(key): value(said) for key, said in given.items()}

for name, each in json.loads(pathlib.Path("program.json").read_text()).items():
    if "function" in each:
        getattr(neev, snake(each["function"]) + "_output")(**values(each["arguments"]))
        continue
    timeouts = each.get("options", {}).get("customTimeouts")
    options = pulumi.ResourceOptions(custom_timeouts=timeouts and pulumi.CustomTimeouts(**timeouts))
    made[name] = getattr(neev, each["type"].rpartition(":")[2])(name, opts=options, **values(each["properties"]))
"""
"""A Python program of dynamic resources that reads the declaration from `program.json`."""


def address_of(program: Program, name: str) -> str:
    """Return the address of the resource with this name in the program."""
    return f"{_type_of(program[name])}.{name}"


def to_yaml(program: Program) -> dict[str, Any]:
    """Return the resources and variables of the program, as a project of Pulumi's YAML has them."""
    calls = {name: declared for name, declared in program.items() if "function" in declared}
    variables = {
        name: {"fn::invoke": {"function": f"neev:index:{call['function']}", "arguments": call["arguments"]}}
        for name, call in calls.items()
    }
    resources = {name: declared for name, declared in program.items() if name not in calls}
    return {"resources": resources, **({"variables": variables} if variables else {})}


def to_configuration(program: Program) -> dict[str, Any]:
    """Return the configuration of the program, as JSON of Terraform's language."""
    blocks: dict[str, dict[str, dict[str, Any]]] = {}
    for name, declared in program.items():
        kind, type_, arguments = _call_block(declared) if "function" in declared else _resource_block(declared)
        blocks.setdefault(kind, {}).setdefault(type_, {})[name] = _convert_references(arguments, program)
    providers = {"required_providers": {"neev": {"source": "neevcloud/neev"}}}
    return {"terraform": providers, **blocks}


def rename(value: Any, names: Mapping[str, str]) -> Any:
    """Return the value with these names of properties at any depth."""
    if isinstance(value, Mapping):
        return {names.get(key, key): rename(item, names) for key, item in value.items()}
    return [rename(item, names) for item in value] if isinstance(value, list) else value


def resource_names(resource: AnyResource) -> Mapping[str, str]:
    """Return the snake_case names of the resource's properties by the declared ones."""
    return snake_case_names(resource.inputs, resource.outputs)


def _resource_block(declared: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    arguments = rename(declared.get("properties", {}), resource_names(_resource_of(declared)))
    timeouts = declared.get("options", {}).get("customTimeouts")
    return "resource", _type_of(declared), arguments | ({"timeouts": timeouts} if timeouts else {})


def _call_block(declared: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    type_ = type_name(declared["function"])
    function = function_of(type_)
    kind = "ephemeral" if is_ephemeral(function) else "data"
    return kind, type_, rename(declared["arguments"], snake_case_names(function.arguments))


def _convert_references(value: Any, program: Program) -> Any:
    def convert(found: re.Match[str]) -> str:
        name, output = found.groups()
        names = resource_names(_resource_of(program[name]))
        return f"${{{address_of(program, name)}.{names.get(output, output)}}}"

    if isinstance(value, str):
        return REFERENCE.sub(convert, value)
    if isinstance(value, Mapping):
        return {key: _convert_references(item, program) for key, item in value.items()}
    return [_convert_references(item, program) for item in value] if isinstance(value, list) else value


def _type_of(declared: Mapping[str, Any]) -> str:
    return type_name(declared["type"].rpartition(":")[2])


def _resource_of(declared: Mapping[str, Any]) -> AnyResource:
    return resource_of(_type_of(declared))
