"""Ownership of sandboxes by a pool. A common name prefix is no proof, because another pool may use it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.diff import IMPORTED_KEY
from neev_provider.resources.pool import plan
from neev_provider.resources.pool.inputs import TEMPLATE_HASH_LENGTH, SandboxPoolInputs, template_inputs

MAX_NAMED_SANDBOXES = 5
"""Maximum number of foreign sandboxes named in a message. The message only counts the others."""


@dataclass(frozen=True, slots=True)
class PoolOwnership:
    """Proof that a sandbox belongs to the pool: its id in the state, or a template hash derived from the uid."""

    uid: str | None
    """Id that distinguishes the pool from others with the same name."""
    template_hash: str
    """Template hash of the desired members."""
    template_digest: str
    member_names: Mapping[str, str]
    """Names of the members in the state, by id."""
    template_hashes: frozenset[str]

    @classmethod
    def from_state(
        cls, state: Mapping[str, Any], template_digest: str = "", *, same_template: bool = False
    ) -> PoolOwnership:
        """Return the ownership that the state records, for a program with this template digest."""
        uid, old_hash = state.get("uid"), state.get("templateHash")
        hashes = {_template_hash(template_digest, uid)} if uid else set()
        if old_hash and old_hash != state.get("templateDigest"):
            hashes.add(old_hash)  # without a uid, the hash is the digest, which another pool may share
        kept_hash = old_hash if same_template or state.get("templateDigest") == template_digest else None
        template_hash = kept_hash or (_template_hash(template_digest, uid) if uid else template_digest)
        return cls(uid, template_hash, template_digest, _member_names(state), frozenset(hashes))

    @classmethod
    def new(cls, template_digest: str) -> PoolOwnership:
        """Return the ownership of a new pool, with a new uid."""
        return cls.from_state({"uid": generate_uid()}, template_digest)

    def split(self, pool: str, sandboxes: Iterable[Sandbox]) -> tuple[list[Sandbox], list[Sandbox]]:
        """Return the pool's own sandboxes, and other sandboxes with similar names."""
        own: list[Sandbox] = []
        others: list[Sandbox] = []
        for sandbox in sandboxes:
            is_own = (
                sandbox.id in self.member_names or plan.parse_template_hash(pool, sandbox.name) in self.template_hashes
            )
            (own if is_own else others).append(sandbox)
        return own, others


def generate_uid() -> str:
    """Return a uid that no other pool has."""
    return secrets.token_hex(8)


def is_imported_from(
    state: Mapping[str, Any], old_inputs: SandboxPoolInputs | None, new_inputs: SandboxPoolInputs
) -> bool:
    """Return whether the pool was imported and the program's template inputs match those of the import."""
    if not state.get(IMPORTED_KEY):
        return False
    read_inputs = template_inputs(old_inputs) if old_inputs is not None else template_inputs(new_inputs)
    return all(read_inputs.get(name) == value for name, value in template_inputs(new_inputs).items())


def foreign_sandboxes_message(pool: str, others: Collection[Sandbox]) -> str:
    """Return the log message about sandboxes named like members that the pool does not own."""
    names = ", ".join(f"{sandbox.name} ({sandbox.id})" for sandbox in list(others)[:MAX_NAMED_SANDBOXES])
    more = f" and {len(others) - MAX_NAMED_SANDBOXES} more" if len(others) > MAX_NAMED_SANDBOXES else ""
    return (
        f"{names}{more}: called like members of the pool {pool}, but not recorded as its own, so left alone. "
        "The provider's `sweep` command lists what no state refers to."
    )


def _template_hash(template_digest: str, uid: str) -> str:
    return hashlib.sha256(f"{uid} {template_digest}".encode()).hexdigest()[:TEMPLATE_HASH_LENGTH]


def _member_names(state: Mapping[str, Any]) -> dict[str, str]:
    members = plan.members_from_state(state)
    return {member["id"]: str(member.get("name")) for member in members if isinstance(member.get("id"), str)}
