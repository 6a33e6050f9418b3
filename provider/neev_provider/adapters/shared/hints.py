"""Rendering of errors for the user of an engine: hints, settings and names in the engine's words."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from neev_provider.core.errors import NeevError
from neev_provider.core.hints import Hint
from neev_provider.core.redaction import redact

if TYPE_CHECKING:
    from neev_provider.core.model import Model
    from neev_provider.core.validation import ValidationFailure

ISSUES_URL: Final = "https://github.com/neevcloud/pulumi-neev/issues"
_SETTING: Final = re.compile(r"the setting `(\w+)`")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one engine: a text for each hint, and the forms of names."""

    hints: Mapping[Hint, str]
    setting: str
    """The form of a setting's declared name `{name}`; the name of its variable follows it in every text."""
    is_snake_case: bool = False
    """Whether the engine writes names of properties and types in snake_case, and not as the declarations do."""


_RECOVER = "What an interrupted create left is brought into the state by `pulumi-neev recover`."
_DELETE_FIRST = "set its option `deleteBeforeReplace` (`delete_before_replace` in Python)"
_DESTROY_FIRST = "remove `create_before_destroy` from its `lifecycle` block"
_TIMEOUTS = "allow more time in its `timeouts` block"

PULUMI: Final = Vocabulary(
    {
        Hint.CONFIGURE: "Set it with `pulumi config set`, the key with `--secret`, or in the environment.",
        Hint.DELETE_FIRST: (
            f"That is the resource itself, which is being replaced: {_DELETE_FIRST}, and the old one is deleted first."
        ),
        Hint.FORGET: (
            "The next destroy runs `delete` again: check first. `pulumi state delete` removes the resource from the "
            "state without it."
        ),
        Hint.IMAGE_NAME_TAKEN: (
            f"They may belong to another stack, so they are left alone. Choose another name. {_RECOVER} An object that "
            "is in no stack can be deleted, or imported by the image's name once its snapshot is ready. If the image "
            f"itself is replaced, {_DELETE_FIRST}."
        ),
        Hint.LOWER_PARALLELISM: (
            "Nothing was done. Try again later, or with fewer operations at a time (`--parallel`)."
        ),
        Hint.OWNER_UNKNOWN: (
            "Its owner is unknown. If the program created it under another name, set the option `aliases`. If the "
            f"resource itself is replaced, {_DELETE_FIRST}. Otherwise import it, delete it, or choose other inputs."
        ),
        Hint.POOL_NAME_TAKEN: (
            f"They may belong to another stack, so they are left alone. Choose another name. {_RECOVER} Otherwise "
            f"import the pool by its name, or delete them. If the pool itself is replaced, {_DELETE_FIRST}."
        ),
        Hint.RAISE_TIMEOUT: (
            "It may still finish: run the same command again, or allow more time with `customTimeouts`."
        ),
        Hint.RAISE_TIMEOUT_NOT_SENT: (
            "Nothing was created: run the same command again, or allow more time with `customTimeouts`."
        ),
        Hint.RECREATE: "Run `pulumi up --refresh`.",
        Hint.REFRESH: "It may have been deleted outside of this stack: `pulumi refresh` brings the state in line.",
    },
    setting="neev:{name}",
)

TERRAFORM: Final = Vocabulary(
    {
        Hint.CHECK_SOURCE: (
            "Nothing was created. Check the ids and names in the configuration: the template, snapshot or sandbox to "
            "create it from, and the setting `projectId`."
        ),
        Hint.CONFIGURE: 'Set it in the `provider "neev"` block or in the environment.',
        Hint.CORRECT_INPUT: (
            "Correct it in the configuration. If only the state has it so, `terraform state rm ADDRESS` forgets the "
            "resource, and `terraform import ADDRESS ID` imports it again."
        ),
        Hint.DELETE_FIRST: (
            f"That is the resource itself, which is being replaced: {_DESTROY_FIRST}, and the old one is deleted first."
        ),
        Hint.FORGET: (
            "The next destroy runs `delete` again: check first. `terraform state rm ADDRESS` removes the resource from "
            "the state without it."
        ),
        Hint.IMAGE_NAME_TAKEN: (
            "They may belong to another configuration, so they are left alone. Choose another name. An object that is "
            "in no state can be deleted, or imported by the image's name (`terraform import ADDRESS NAME`) once its "
            f"snapshot is ready. If the image itself is replaced, {_DESTROY_FIRST}."
        ),
        Hint.LOWER_PARALLELISM: (
            "Nothing was done. Try again later, or with fewer operations at a time (`-parallelism=N`)."
        ),
        Hint.NAME_TAKEN: (
            "Choose another name, delete what has it, or import it, if it is in no other state: "
            "`terraform import ADDRESS ID`."
        ),
        Hint.OWNER_UNKNOWN: (
            "Its owner is unknown. If the configuration created it under another address, add a `moved` block. If the "
            f"resource itself is replaced, {_DESTROY_FIRST}. Otherwise import it (`terraform import ADDRESS ID`), "
            "delete it, or choose other arguments."
        ),
        Hint.POOL_NAME_TAKEN: (
            "They may belong to another configuration, so they are left alone. Choose another name, import the pool by "
            "its name (`terraform import ADDRESS NAME`), or delete them. If the pool itself is replaced, "
            f"{_DESTROY_FIRST}."
        ),
        Hint.RAISE_TIMEOUT: f"It may still finish. To wait longer, {_TIMEOUTS}.",
        Hint.RAISE_TIMEOUT_NOT_SENT: f"Nothing was created: run the same command again, or {_TIMEOUTS}.",
        Hint.RECREATE: "Run `terraform apply`, which refreshes the state and creates it again.",
        Hint.REFRESH: (
            "It may have been deleted outside of Terraform: `terraform apply -refresh-only` brings the state in line."
        ),
        Hint.UNFINISHED_CREATE: (
            "It exists and is tainted, so the next apply replaces it. To keep it, run `terraform untaint ADDRESS`: "
            "then the next apply continues with it."
        ),
    },
    setting="`{name}`",
    is_snake_case=True,
)


TERRAFORM_COMMAND: Final = replace(
    TERRAFORM,
    hints={
        **TERRAFORM.hints,
        Hint.CONFIGURE: (
            "Set NEEV_API_KEY, NEEV_ORG_ID and NEEV_PROJECT_ID: this command does not read the `provider` block."
        ),
    },
)
"""The words of a command that reads a state of Terraform by itself."""


def render(
    error: BaseException, vocabulary: Vocabulary, subject: str = "", models: Collection[type[Model]] = ()
) -> str:
    """Return the error's paragraph: what failed on which subject, what the API said, and what to do next.

    `models` are those whose properties the error may name.
    """
    if isinstance(error, NeevError):
        text = " ".join(render_text(part, vocabulary, models) for part in (error.summary, error.hint) if part)
    else:
        text = str(error)
    return text if subject in text else f"{subject}: {text}"


def render_failure(
    failure: ValidationFailure, vocabulary: Vocabulary, models: Collection[type[Model]]
) -> ValidationFailure:
    """Return the failure with path and reason as `render_text` renders them."""
    return replace(
        failure,
        path=render_text(failure.path, vocabulary, models),
        reason=render_text(failure.reason, vocabulary, models),
    )


def render_text(text: str, vocabulary: Vocabulary, models: Collection[type[Model]] = ()) -> str:
    """Return the text of a hint, or the text itself, with the names of settings, properties and types.

    An engine with snake_case has the snake_case names of the models' properties. `models` are those whose properties
    the text, such as a description, may name.
    """
    known: Mapping[str, str] = vocabulary.hints  # type: ignore[assignment]
    rendered = _SETTING.sub(lambda match: _format_setting(match[1], vocabulary), known.get(text, text))
    if not vocabulary.is_snake_case:
        return rendered
    from neev_provider.adapters.shared import snake_case  # noqa: PLC0415  pydantic is slow to import

    # a secret is not recognized any more after a name in it was replaced
    return snake_case.replace_names(redact(rendered), models)


def _format_setting(name: str, vocabulary: Vocabulary) -> str:
    return f"{vocabulary.setting.format(name=name)} (or NEEV_{re.sub('(?=[A-Z])', '_', name).upper()})"
