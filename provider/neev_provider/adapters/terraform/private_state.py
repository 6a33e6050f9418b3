"""What the provider stores beside the state of a resource. It holds no value of an input, so no secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from neev_provider.core.lifecycle import StoredResource
from neev_provider.core.validation import is_internal


@dataclass(frozen=True, slots=True)
class PrivateState:
    """What is known of a resource that no attribute says."""

    input_names: frozenset[str] | None = None
    """The inputs (camelCase) that the configuration set; ``None`` if that is unknown, as in an import."""
    hidden: Mapping[str, Any] = field(default_factory=dict)
    """The core's own values, such as the account."""
    is_unfinished: bool = False
    """Whether the resource was created but did not become ready: the next apply continues."""

    @classmethod
    def load(cls, data: bytes) -> PrivateState:
        """Return what was stored; nothing is known without data."""
        if not data:
            return cls()
        stored = json.loads(data)
        return cls(frozenset(stored["inputs"]), stored["hidden"], stored.get("unfinished", False))

    @classmethod
    def of(
        cls, stored: StoredResource, *, left_out: frozenset[str] = frozenset(), is_unfinished: bool = False
    ) -> PrivateState:
        """Return what to store of the resource, without the inputs that are stored nowhere."""
        hidden = {name: value for name, value in stored.state.items() if is_internal(name)}
        return cls(frozenset(stored.inputs) - left_out, hidden, is_unfinished)

    def dump(self) -> bytes:
        """Return the bytes to store."""
        values = {"inputs": sorted(self.input_names or ()), "hidden": dict(self.hidden)}
        return json.dumps(values | ({"unfinished": True} if self.is_unfinished else {})).encode()
