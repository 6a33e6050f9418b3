"""References: every id and name in states."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE
from neev_provider.core.validation import is_internal

_WORD = re.compile(r"[A-Za-z0-9][-A-Za-z0-9]*")


@dataclass(frozen=True, slots=True)
class StateReferences:
    """Words and strings of states. An id may be part of a string, as in `SANDBOX/80`; a name is a whole string."""

    words: frozenset[str]
    strings: frozenset[str]

    def __contains__(self, id_and_name: tuple[str, str | None]) -> bool:
        """Return whether a state refers to the object with this id and name."""
        id, name = id_and_name
        return id in self.words or name in self.strings


def state_references(states: Iterable[Mapping[str, Any]], other_values: Iterable[Any] = ()) -> StateReferences:
    """Return the references of stacks' states, exported with secrets in plain text, and of values of other states.

    Pending operations count. The resource types do not matter: members of pools and snapshots of images count, too.
    """
    deployments = (_without_pending_deletes(state.get("deployment") or {}) for state in states)
    strings = frozenset(string for value in chain(deployments, other_values) for string in _find_strings(value))
    return StateReferences(frozenset(word for string in strings for word in _WORD.findall(string)), strings)


def _without_pending_deletes(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the deployment without resources that are already deleted and wait for their replacement.

    Such a name may be that of an interrupted replacement, which no state refers to.
    """
    resources = [item for item in deployment.get("resources") or [] if not item.get("pendingReplacement")]
    return {**deployment, "resources": resources}


def _find_strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            yield from _find_strings(json.loads(value["plaintext"]))
        else:
            for key, item in value.items():
                if not is_internal(key):
                    yield from _find_strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _find_strings(item)
