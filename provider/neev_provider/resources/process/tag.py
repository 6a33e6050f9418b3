"""Tags of processes: the runtime has no names for them, so a variable in the arguments says which resource started one.

A process runs as ``env NEEV_PROCESS=TAG PROGRAM ARGUMENTS``: `env` sets the variable and becomes the program. The tag
names the sandbox, too, so that a copy of a process in a fork is not mistaken for one that was started there.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from neev_provider.client.processes import ProcessInfo
from neev_provider.core.labels import Owner

TAG_VARIABLE: Final = "NEEV_PROCESS"
DIGEST_LENGTH: Final = 12
_TAG_ARGUMENT = re.compile(rf"{TAG_VARIABLE}=(?P<resource_id>[^/]+/[^/]+)/(?P<start>[^/]+)")


def generate_resource_id(sandbox_id: str, owner: Owner | None) -> str:
    """Return a new id of a resource of the owner in the sandbox."""
    digest = secrets.token_hex(DIGEST_LENGTH // 2) if owner is None else digest_owner(owner)
    return f"{sandbox_id}/{digest}-{secrets.token_hex(4)}"


def digest_owner(owner: Owner) -> str:
    """Return what the tags of one resource's processes have in common, also after it was created again."""
    text = f"{owner.project}/{owner.stack}/{owner.address}"
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]


@dataclass(frozen=True, slots=True)
class ProcessTag:
    """The resource that started a process, and which of its starts that was."""

    resource_id: str
    """`SANDBOX_ID/OWNER_DIGEST-TOKEN`."""
    start: str

    @property
    def sandbox_id(self) -> str:
        """Return the sandbox in which the process was started."""
        return self.resource_id.partition("/")[0]

    @classmethod
    def generate(cls, resource_id: str) -> ProcessTag:
        """Return the tag of a new start."""
        return cls(resource_id, secrets.token_hex(4))

    @property
    def owner_digest(self) -> str:
        """Return the digest of the resource's owner."""
        return self.resource_id.partition("/")[2].partition("-")[0]

    def to_argv(self, argv: Sequence[str]) -> list[str]:
        """Return the program and arguments that run the program with the tag."""
        return ["env", f"{TAG_VARIABLE}={self.resource_id}/{self.start}", *argv]


@dataclass(frozen=True, slots=True)
class TaggedProcess:
    """A process with a tag."""

    info: ProcessInfo
    tag: ProcessTag
    argv: tuple[str, ...]
    """The program and its arguments, without the tag."""

    @property
    def is_running(self) -> bool:
        """Return whether the process runs."""
        return self.info.is_running


def parse_process(info: ProcessInfo) -> TaggedProcess | None:
    """Return the process with its tag, or ``None`` if it has none."""
    match info.argv:
        case ("env", argument, *argv) if tag := _TAG_ARGUMENT.fullmatch(argument):
            return TaggedProcess(info, ProcessTag(tag["resource_id"], tag["start"]), tuple(argv))
    return None
