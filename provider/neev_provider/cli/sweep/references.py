"""What the states of stacks hold: every id and every name that is written anywhere in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE
from neev_provider.core.validation import is_internal

_WORD = re.compile(r"[A-Za-z0-9][-A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class StateReferences:
    """Words and whole texts of states: an id may be part of a text, as in `SANDBOX/80`, a name is all of one."""

    words: frozenset[str]
    strings: frozenset[str]

    def __contains__(self, id_and_name: tuple[str, str | None]) -> bool:
        """Whether a state holds the thing with this id and name."""
        id, name = id_and_name
        return id in self.words or name in self.strings


def state_references(states: Iterable[Mapping[str, Any]]) -> StateReferences:
    """What the states, exported with their secrets in clear, hold: also what their interrupted operations name.

    Nothing has to be known of the kinds of resources: a pool's members and an image's snapshots are held too.
    """
    texts = frozenset(
        text for state in states for text in _find_strings(_without_pending_deletes(state.get("deployment") or {}))
    )
    return StateReferences(frozenset(word for text in texts for word in _WORD.findall(text)), texts)


def _without_pending_deletes(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """The deployment without what is deleted already and waits for its replacement.

    Its name may be that of a replacement whose making nobody saw the end of, and which no state holds.
    """
    standing = [each for each in deployment.get("resources") or [] if not each.get("pendingReplacement")]
    return {**deployment, "resources": standing}


def _find_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            yield from _find_strings(json.loads(value["plaintext"]))
        else:
            for key, each in value.items():
                if not is_internal(key):
                    yield from _find_strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _find_strings(each)
