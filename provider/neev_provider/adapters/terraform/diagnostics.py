"""Diagnostics: errors and warnings as the engine shows them, at the line of the argument."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Sequence
from typing import Final

from neev_provider.adapters.shared.hints import ISSUES_URL, TERRAFORM, render, render_failure, render_text
from neev_provider.adapters.shared.schema_types import ArrayType, MapType, ObjectType, TypeSpec, type_of
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.attributes import TIMEOUTS, WRITE_ONLY_SUFFIX
from neev_provider.core.errors import InputError, NeevError
from neev_provider.core.model import Model
from neev_provider.core.redaction import redact
from neev_provider.core.validation import ValidationFailure, top_level_name

_PART: Final = re.compile(r'\.?(?P<name>[^.\[\]"]+)|\[(?P<index>\d+)\]|\["(?P<key>[^"]*)"\]')
_END_OF_CLAUSE: Final = re.compile(r"[.:;](?:\s|$)")
Step = pb.AttributePath.Step


def failure_diagnostic(failure: ValidationFailure, model: type[Model]) -> pb.Diagnostic:
    """Return the error of an invalid property of the model."""
    if not failure.path:  # this engine hides the value of a secret itself
        secret, _, reason = failure.reason.partition(": ")
        failure = ValidationFailure(secret, reason) if top_level_name(secret) in model.properties else failure
    path = attribute_path(failure.path, model)
    name = format_path(path) or "argument"
    reason = render_failure(failure, TERRAFORM, [model]).reason
    return _error(f"Invalid {name}", f"{name}: {reason}" if path.steps else reason, path)


def error_diagnostic(error: BaseException, action: str, models: Sequence[type[Model]], hint: str = "") -> pb.Diagnostic:
    """Return the error of an operation, such as "create neev_sandbox": what failed, and what to do next.

    The first of the models is the one that a configuration sets; the error may name properties of all.
    """
    if not isinstance(error, NeevError):
        _print_traceback(error)
        detail = f"A bug in the NeevAI provider ({type(error).__name__}). Please report it: {ISSUES_URL}"
        return _error(f"Cannot {action}", detail, pb.AttributePath())
    path = attribute_path(error.path, models[0]) if isinstance(error, InputError) else pb.AttributePath()
    detail = f"{render(error, TERRAFORM, models=models)} {render_text(hint, TERRAFORM, models)}".strip()
    return _error(f"Cannot {action}", detail, path)


def warning_diagnostic(subject: str, text: str, models: Sequence[type[Model]]) -> pb.Diagnostic:
    """Return a warning about the whole block; its summary, which may be shown alone, is the beginning of the text."""
    detail = redact(render_text(text, TERRAFORM, models))
    summary = f"{redact(subject)}: {_END_OF_CLAUSE.split(detail)[0]}"
    return pb.Diagnostic(severity=pb.Diagnostic.WARNING, summary=summary, detail=detail)


def attribute_path(path: str, model: type[Model]) -> pb.AttributePath:
    """Return the steps of the core's path (`egress.allow[0].host`) in this engine's names."""
    if path.startswith(f"{TIMEOUTS}."):  # the one block, which no model declares
        return pb.AttributePath(steps=[Step(attribute_name=name) for name in path.split(".")])
    if path.endswith(WRITE_ONLY_SUFFIX) and path.isidentifier():  # no model declares these either
        return attribute_steps(path)
    steps: list[Step] = []
    inner: TypeSpec | None = ObjectType(model)
    for part in _PART.finditer(path):
        name = part["name"] or part["key"] or ""
        match inner:
            case ObjectType(declared) if name in declared.properties:
                prop = declared.properties[name]
                steps.append(Step(attribute_name=prop.field))
                inner = type_of(prop)
            case ArrayType(item) if part["index"]:
                steps.append(Step(element_key_int=int(part["index"])))
                inner = item
            case MapType(value):
                steps.append(Step(element_key_string=name or part["index"]))
                inner = value
            case _:
                break
    return pb.AttributePath(steps=steps)


def attribute_steps(name: str) -> pb.AttributePath:
    """Return the path of an attribute of the resource itself."""
    return pb.AttributePath(steps=[Step(attribute_name=name)])


def format_path(path: pb.AttributePath) -> str:
    """Return the path as a configuration writes it."""
    text = ""
    for step in path.steps:
        if step.attribute_name:
            text += f".{step.attribute_name}" if text else step.attribute_name
        else:
            text += f'["{step.element_key_string}"]' if step.element_key_string else f"[{step.element_key_int}]"
    return text


def _error(summary: str, detail: str, path: pb.AttributePath) -> pb.Diagnostic:
    message = pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=redact(summary), detail=redact(detail))
    if path.steps:  # with an empty path the engine shows no line at all
        # it knows the lines of arguments, also in a block, and none inside of a value
        depth = 2 if path.steps[0].attribute_name == TIMEOUTS else 1
        message.attribute.CopyFrom(pb.AttributePath(steps=path.steps[:depth]))
    return message


def _print_traceback(error: BaseException) -> None:
    """Print where the error happened, for the engine's log, without its message, which may contain a secret."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    sys.stderr.write(f"[ERROR] {type(error).__name__} in the NeevAI provider:\n{frames}")
