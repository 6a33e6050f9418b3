"""The vendor's contract: paths and models of the `neevai` package, or of an OpenAPI description."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.contract.contract import Contract, Schema, from_openapi, normalize_path, parse_fields

PACKAGE = "neevai"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MODULES_WITH_MODELS = (f"{PACKAGE}.generated.aiagent", f"{PACKAGE}.runtime.schemas")
PRINT_SCHEMAS = """
import importlib, json, sys
from pydantic import BaseModel
modules = [importlib.import_module(name) for name in sys.argv[1:]]
models = [item for module in modules for item in vars(module).values()
          if isinstance(item, type) and issubclass(item, BaseModel) and item.__module__ == module.__name__]
print(json.dumps({item.__name__: item.model_json_schema() for item in models if "[" not in item.__name__}))
"""
"""Runs in a process of its own, so that the package that is compared is not the one that the tests have installed."""


def read_openapi(path: Path) -> Contract:
    """Return the contract of an OpenAPI description, as JSON or YAML."""
    return from_openapi(yaml.safe_load(path.read_text(encoding="utf-8")))


def install_newest(directory: Path) -> str:
    """Install the newest version of the package into the directory, and return the version."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    options = ["--quiet", "--no-deps", "--no-compile", "--upgrade", "--target", str(directory)]
    subprocess.run([*pip, "install", *options, PACKAGE], check=True)
    return next(directory.glob(f"{PACKAGE}-*.dist-info")).name.removesuffix(".dist-info").partition("-")[2]


def read_package(directory: Path) -> Contract:
    """Return the contract of the package that is installed in the directory."""
    env = {**os.environ, "PYTHONPATH": str(directory)}
    done = subprocess.run(
        [sys.executable, "-c", PRINT_SCHEMAS, *MODULES_WITH_MODELS], env=env, check=True, stdout=subprocess.PIPE
    )
    schemas: dict[str, dict[str, Any]] = json.loads(done.stdout)
    fields: dict[str, dict[str, Schema]] = {}
    for name, schema in schemas.items():
        own = parse_fields(schema, schema.get("$defs", {}))
        # the generator numbers the branches of a union
        fields[name.rstrip("0123456789")] = fields.get(name.rstrip("0123456789"), {}) | own
    sources = sorted((directory / PACKAGE).rglob("*.py"))
    return Contract(frozenset(path for source in sources for path in find_paths(source)), fields)


def find_paths(source: Path) -> Iterator[str]:
    """Yield `METHOD path` of every request that the module sends."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    # a function of one return is a name for a path
    helpers = {item.name: item.body[-1].value for item in functions if isinstance(item.body[-1], ast.Return)}
    for function in functions:
        assigned = {
            target.id: node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in ast.walk(function):
            if not isinstance(call, ast.Call):
                continue
            arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
            texts = [_text_of(argument, {**helpers, **assigned}) for argument in arguments]
            method = next((text for text in texts if text in METHODS), None)
            path = next((text for text in texts if text and re.match("/(api|v1)/", text)), None)
            if method and path:
                yield normalize_path(method, path)


def _text_of(node: ast.expr | None, named: dict[str, ast.expr | None]) -> str | None:
    """Return the text of an expression, with `{}` for each value that only a call knows; None if it is no text."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text_of(part, named) or "{}" for part in parts)
        case ast.FormattedValue(value=ast.Call() as call):
            return _text_of(call, named)
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name) if name in named:
            return _text_of(named[name], {key: value for key, value in named.items() if key != name})
    return None
