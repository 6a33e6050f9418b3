"""Rendering of errors for the user of an engine: hints and settings in the engine's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from neev_provider.core.errors import NeevError
from neev_provider.core.hints import Hint

_SETTING: Final = re.compile(r"the setting `(\w+)`")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one engine: a text for each hint, and the form of a setting."""

    hints: Mapping[Hint, str]
    setting: str
    """The replacement of a setting's name, `\\1`."""


_RECOVER = "What an interrupted create left is brought into the state by `pulumi-neev recover`."
_DELETE_FIRST = "set its option `deleteBeforeReplace` (`delete_before_replace` in Python)."

PULUMI: Final = Vocabulary(
    {
        Hint.CHECK_ACCOUNT: (
            "The state is kept. Check neev:projectId, neev:orgId and neev:baseUrl, or NEEV_PROJECT_ID and the like."
        ),
        Hint.CHECK_ACCESS: (
            "Check that the key belongs to the organization and project in neev:orgId and neev:projectId."
        ),
        Hint.CHECK_BILLING: (
            "Nothing was done. Check the billing of the organization in neev:orgId: credit or a payment method is "
            "missing, or a bill is open. Then run the same command again."
        ),
        Hint.FORGET: (
            "The next destroy runs `delete` again: check first. `pulumi state delete` removes the resource from the "
            "state without it."
        ),
        Hint.IMAGE_NAME_TAKEN: (
            f"They may belong to another stack, so they are left alone. Choose another name. {_RECOVER} An object that "
            "is in no stack can be deleted, or imported by the image's name once its snapshot is ready. If the image "
            f"itself is replaced, {_DELETE_FIRST}"
        ),
        Hint.LOWER_PARALLELISM: (
            "Nothing was done. Try again later, or with fewer operations at a time (`--parallel`)."
        ),
        Hint.OWNER_UNKNOWN: (
            "Its owner is unknown. If the program created it under another name, set the option `aliases`. If the "
            f"resource itself is replaced, {_DELETE_FIRST} Otherwise import it, delete it, or choose other inputs."
        ),
        Hint.POOL_NAME_TAKEN: (
            f"They may belong to another stack, so they are left alone. Choose another name. {_RECOVER} Otherwise "
            f"import the pool by its name, or delete them. If the pool itself is replaced, {_DELETE_FIRST}"
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
    setting=r"neev:\1",
)


def render(error: BaseException, vocabulary: Vocabulary, subject: str = "") -> str:
    """Return the error's paragraph: what failed on which subject, what the API said, and what to do next."""
    text = str(error)
    if isinstance(error, NeevError):
        text = f"{render_text(error.summary, vocabulary)} {render_text(error.hint, vocabulary)}".strip()
    return text if subject in text else f"{subject}: {text}"


def render_text(text: str, vocabulary: Vocabulary) -> str:
    """Return the text of a hint, or the text itself, with the settings as the engine writes them."""
    return _SETTING.sub(vocabulary.setting, vocabulary.hints.get(text, text))  # type: ignore[call-overload]
