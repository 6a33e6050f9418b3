"""The docstrings of declarations, for the schema, the classes and the pages."""

from __future__ import annotations

import inspect
from functools import cache

from neev_provider.actions import ACTIONS
from neev_provider.adapters.shared.hints import Vocabulary, render_text
from neev_provider.core.model import Model
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES


def description(declaration: object) -> str:
    """Return the docstring of a class."""
    return inspect.cleandoc(declaration.__doc__ or "")


def render_description(text: str, vocabulary: Vocabulary) -> str:
    """Return a description, which may name properties of every declaration, in the words of an engine."""
    return render_text(text, vocabulary, _declared_models())


@cache
def _declared_models() -> tuple[type[Model], ...]:
    resource_models = [model for resource in RESOURCES for model in (resource.inputs, resource.outputs)]
    function_models = [model for function in FUNCTIONS for model in (function.arguments, function.result)]
    action_models = [action.arguments for action in ACTIONS]
    return (*resource_models, *function_models, *action_models)
