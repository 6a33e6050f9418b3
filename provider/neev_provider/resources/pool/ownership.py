"""Which sandboxes a pool owns: a name that begins with the pool's proves nothing, for another pool may have it, too."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from neev_provider.client.sandboxes import Sandbox as Seen
from neev_provider.core.diff import IMPORTED_KEY
from neev_provider.resources.pool import plan
from neev_provider.resources.pool.inputs import DIGITS, SandboxPoolInputs, source

NAMES = 5
"""Sandboxes of others that are named; what comes after them is counted."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What proves that a sandbox is the pool's: its id in the state, or a generation in its name that only it makes."""

    uid: str | None
    """What tells the pool from any other of its name."""
    generation: str
    """The generation of the members that are wanted."""
    source_digest: str
    names: Mapping[str, str]
    """The names of the members that the state records, by their ids."""
    generations: frozenset[str]

    @classmethod
    def of(cls, stored: Mapping[str, Any], said: str = "", *, same_source: bool = False) -> Owner:
        """Return what the state proves, for a pool whose program says this source (its digest)."""
        uid, before = stored.get("uid"), stored.get("generation")
        own = {_generation(said, uid)} if uid else set()
        if before and before != stored.get("sourceDigest"):
            own.add(
                before
            )  # of a version that did not have a uid, the generation is the digest: anybody makes the same
        kept = before if same_source or stored.get("sourceDigest") == said else None
        generation = kept or (_generation(said, uid) if uid else said)
        return cls(uid, generation, said, _recorded(stored), frozenset(own))

    @classmethod
    def new(cls, said: str) -> Owner:
        """Return the owner of members that are yet to be made."""
        return cls.of({"uid": new_uid()}, said)

    def split(self, pool: str, seen: Iterable[Seen]) -> tuple[list[Seen], list[Seen]]:
        """Return the pool's own sandboxes, and those of others that are called alike."""
        own: list[Seen] = []
        others: list[Seen] = []
        for each in seen:
            proved = each.id in self.names or plan.generation_of(pool, each.name) in self.generations
            (own if proved else others).append(each)
        return own, others


def new_uid() -> str:
    """Return a uid that no other pool has."""
    return secrets.token_hex(8)


def imported_as(stored: Mapping[str, Any], was: SandboxPoolInputs | None, now: SandboxPoolInputs) -> bool:
    """Return whether an imported pool counts as made from what the program says: it says nothing else than was read."""
    if not stored.get(IMPORTED_KEY):
        return False
    read = source(was) if was is not None else source(now)
    return all(read.get(name) == value for name, value in source(now).items())


def others_left_alone(pool: str, others: Collection[Seen]) -> str:
    """Return the line about sandboxes that are called like members and are not the pool's."""
    named = ", ".join(f"{each.name} ({each.id})" for each in list(others)[:NAMES])
    more = f" and {len(others) - NAMES} more" if len(others) > NAMES else ""
    return (
        f"{named}{more}: called like members of the pool {pool}, but not recorded as its own, so left alone. "
        "`pulumi-neev sweep` shows what no stack holds."
    )


def _generation(said: str, uid: str) -> str:
    return hashlib.sha256(f"{uid} {said}".encode()).hexdigest()[:DIGITS]


def _recorded(stored: Mapping[str, Any]) -> dict[str, str]:
    members = plan.recorded(stored)
    return {each["id"]: str(each.get("name")) for each in members if isinstance(each.get("id"), str)}
